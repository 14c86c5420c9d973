/** What read commands need of a ledger, beside a running bot or without one. Entry points: `withLedger`, `foldLedger`. */
import { resolve } from 'node:path';
import type { Whereabouts } from '../config/whereabouts.ts';
import { InvariantError } from '../kernel/assert.ts';
import type { Instant } from '../kernel/instant.ts';
import { emptyLedger } from '../ledger/empty.ts';
import type { Fact } from '../ledger/facts.ts';
import { foldFact } from '../ledger/fold.ts';
import type { LedgerState } from '../ledger/state.ts';
import { isLedgerThere } from '../platform/sqlite/connection.ts';
import { LedgerOpenError } from '../platform/sqlite/errors.ts';
import { type LedgerReader, openLedgerReader } from '../platform/sqlite/reader.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { LedgerStamp } from '../ports/ledger-store.ts';
import { statusOfBot } from './bot-address.ts';
import { tandemFor } from './command-line.ts';
import type { Context } from './context.ts';
import { sameWhom, whomText } from './control-protocol.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** Throws CommandFailure when there is no ledger yet, saying what makes one, or it is another bot's; LedgerOpenError when it is not sound. */
export function withLedger<T>(context: Context, config: Whereabouts, use: (reader: LedgerReader) => T): T {
  requireLedgerFile(context, config);
  const reader = openLedgerReader(config.ledger.path);
  try {
    requireWhom(reader.path, reader.stamp, config);
    return use(reader);
  } finally {
    reader.close();
  }
}

/** Throws CommandFailure when the ledger is another bot's. */
export function requireWhom(path: string, stamp: LedgerStamp, config: Whereabouts): void {
  if (sameWhom(stamp, config)) return;
  throw new CommandFailure(
    EXIT.ledger,
    `ledger ${path} belongs to ${whomText(stamp)}, not ${whomText(config)}. Is this the configuration that you mean (--config)?`,
  );
}

export function requireLedgerFile(context: Context, config: Whereabouts): void {
  if (isLedgerThere(config.ledger.path)) return;
  throw new CommandFailure(
    EXIT.failed,
    `there is no ledger at ${resolve(config.ledger.path)} yet; the first run makes it: ${tandemFor(context.configFile)} run`,
  );
}

export interface Folded {
  readonly ledger: LedgerState;
  /** The newest fact's instant; 0 for an empty ledger. */
  readonly lastAt: Instant;
}

/** Throws LedgerOpenError when a fact cannot follow those before it. */
export function foldAll(facts: Iterable<Fact>): Folded {
  return ifSound(() => {
    const ledger = emptyLedger();
    let lastAt = 0;
    for (const fact of facts) {
      foldFact(ledger, fact);
      lastAt = Math.max(lastAt, factAt(fact));
    }
    return { ledger, lastAt };
  });
}

/** Folding asserts what the ledger's rules promise: facts that break them were edited, or are damaged. */
export function ifSound<T>(fold: () => T): T {
  try {
    return fold();
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    const detail = `a fact of the ledger cannot follow those before it (${error.message}); see: npx tandem ledger verify, with the same --config`;
    throw new LedgerOpenError('corrupt', detail, error);
  }
}

/** When the ledger learned of it. */
export const factAt = (fact: Fact): Instant =>
  fact.kind === 'fill' || fact.kind === 'payment' ? fact.bookedAt : fact.at;

/** Everything but decisions, folded; `lastAt` is the newest instant of all, decisions included. */
export function foldLedger(reader: LedgerReader): Folded {
  const { ledger, lastAt } = foldAll(reader.facts());
  const decidedAt = reader.latestDecisions().map(({ at }) => at);
  return { ledger, lastAt: decidedAt.reduce((a, b) => Math.max(a, b), lastAt) };
}

/**
 * Now, for what is still open. Simulated time runs only in a running bot, which is asked; without one it stands where
 * the ledger ends.
 */
export async function nowFor(config: Whereabouts, lastAt: Instant): Promise<Instant> {
  const running = config.mode === 'sim' ? await statusOfBot(config) : undefined;
  return running?.at ?? ledgerNow(config, lastAt);
}

/** The bot's time: a simulated ledger has its own, which stands still while nobody runs it. */
export const ledgerNow = (config: Whereabouts, lastAt: Instant): Instant =>
  config.mode === 'sim' ? lastAt : systemClock().now();

/** Plain JSON data: exact decimals become text without exponents. */
export function plainData(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plainData);
  if ('toFixed' in value && typeof value.toFixed === 'function') return String(value.toFixed());
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plainData(item)]));
}
