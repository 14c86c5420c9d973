/**
 * A command that no running bot can take is written into the ledger under its lock, so that the next start honours it.
 * Entry points: `recordControl`, `recordBreakerReset`.
 */
import type { Whereabouts } from '../config/whereabouts.ts';
import { moveTo } from '../execution/next.ts';
import type { HedgeId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Fact } from '../ledger/facts.ts';
import { isFinal, type LedgerState } from '../ledger/state.ts';
import { isLedgerThere } from '../platform/sqlite/connection.ts';
import { LedgerLockedError } from '../platform/sqlite/errors.ts';
import { openLedgerStore } from '../platform/sqlite/store.ts';
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { foldAll, ledgerNow } from './ledger-reading.ts';

export interface Recorded {
  /** False: the ledger said so already. */
  readonly changed: boolean;
  /** Not closed or aborted. They stay as they are until a bot runs. */
  readonly openHedges: readonly HedgeId[];
}

/** Throws CommandFailure when there is no ledger, or when a bot holds it but does not answer; ledger errors as they are. */
export function recordControl(config: Whereabouts, action: 'pause' | 'kill'): Recorded {
  return withStore(config, (store, ledger, now) => {
    const open = [...ledger.hedges.values()].filter(({ state }) => !isFinal(state));
    const openHedges = open.map(({ id }) => id);
    if (action === 'pause' ? ledger.paused : ledger.killed) return { changed: false, openHedges };
    const control: Fact = { kind: 'control', action, subject: '', by: 'cli', detail: OFFLINE, at: now };
    // As a running bot would: what is on its way out already goes on as it is.
    const closing = action === 'kill' ? open.filter(({ state }) => state !== 'unwinding') : [];
    store.commit([control, ...closing.flatMap((hedge) => moveTo(hedge, 'exiting', 'kill', 'operator', { now }).facts)]);
    return { changed: true, openHedges };
  });
}

/** Ids of the breakers that were tripped and are reset now. Throws as `recordControl`. */
export function recordBreakerReset(config: Whereabouts, wanted: string): readonly string[] {
  return withStore(config, (store, ledger, now) => {
    const meant = [...ledger.breakers].filter(
      ([id, { state }]) => state === 'tripped' && (id === wanted || id.startsWith(`${wanted}/`)),
    );
    store.commit(
      meant.map(
        ([, { actual: _, ...trip }]): Fact => ({ ...trip, state: 'reset', detail: OFFLINE, by: 'cli', at: now }),
      ),
    );
    return meant.map(([id]) => id);
  });
}

const OFFLINE = 'no bot was running';

function withStore<T>(config: Whereabouts, act: (store: LedgerStore, ledger: LedgerState, now: Instant) => T): T {
  const { path } = config.ledger;
  if (!isLedgerThere(path)) {
    throw new CommandFailure(
      EXIT.notRunning,
      `no bot is running, and there is no ledger at ${path} to record it in: nothing was done. Is this the bot that you mean (--config)?`,
    );
  }
  const store = openStore(config);
  try {
    const { ledger, lastAt } = foldAll(store.load());
    return act(store, ledger, ledgerNow(config, lastAt));
  } finally {
    store.close();
  }
}

function openStore({ ledger: { path }, mode, account }: Whereabouts): LedgerStore {
  try {
    return openLedgerStore({ path, mode, account, clock: systemClock(), random: systemRandom() });
  } catch (error) {
    if (!(error instanceof LedgerLockedError)) throw error;
    if (error.sidecar !== undefined) throw new CommandFailure(EXIT.failed, `${error.message}; nothing was recorded`);
    const who = error.pid === undefined ? 'a process' : `process ${error.pid}`;
    throw new CommandFailure(
      EXIT.failed,
      `${who} runs on ledger ${path} but does not answer on its control socket; nothing was recorded. Try again, or stop that process`,
    );
  }
}
