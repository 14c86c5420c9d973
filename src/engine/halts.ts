/**
 * Markets that do not trade while a hedge stands on them: halted, or delisted and not settled yet. Nobody can reduce
 * there, so both legs stay; people are told and the market is looked up once a minute. What takes longer than maintenance does is left as soon as it
 * trades again, both legs together (`flatten.ts` waits for that). A position that the venue settles is seen by the polls.
 */
import { haltedLeg } from '../execution/flatten.ts';
import { moveTo } from '../execution/next.ts';
import { MINUTE_MS } from '../kernel/instant.ts';
import { type HedgeRecord, isFinal } from '../ledger/state.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';

/** Venues announce maintenance of up to half an hour. */
const EXIT_AFTER_MS = 30 * MINUTE_MS;

export interface HaltWatch {
  /** Monotonic, as far as this process has seen it. */
  readonly sinceMs: number;
  readonly account: string;
  toldMs: number;
}

/** True when it moved the hedge. */
export function watchHalt(core: Core, hedge: HedgeRecord): boolean {
  const leg = isFinal(hedge.state) ? undefined : haltedLeg(hedge, { market: (key) => core.market.get(key) });
  if (!leg) {
    core.halts.delete(hedge.id);
    return false;
  }
  const nowMs = core.clock.monotonicMs();
  const { account } = leg;
  const watch = core.halts.get(hedge.id) ?? { sinceMs: nowMs, account, toldMs: Number.NEGATIVE_INFINITY };
  core.halts.set(hedge.id, watch);
  const minutes = Math.floor((nowMs - watch.sinceMs) / MINUTE_MS);
  const detail = `${leg.key} has not traded for ${minutes} min`;
  if (nowMs - watch.toldMs >= MINUTE_MS) {
    // A feed lists its markets once an hour. One reading tells all of an account.
    const isRead = [...core.halts.values()].some((each) => each.account === account && nowMs - each.toldMs < MINUTE_MS);
    if (!isRead) core.send({ kind: 'list', account });
    watch.toldMs = nowMs;
    alarm(core, 'warning', 'market_halted', hedge.id, `${detail}: the hedge cannot be closed there`);
    wakeAt(core, `halt:${hedge.id}`, core.clock.now() + MINUTE_MS);
  }
  if (hedge.state !== 'held' || nowMs - watch.sinceMs < EXIT_AFTER_MS) return false;
  const plan = `${detail}; both legs are closed when it does`;
  return record(core, moveTo(hedge, 'exiting', 'market_halted', plan, { now: core.clock.now() }).facts);
}
