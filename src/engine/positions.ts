/**
 * The venues' positions between reconciliations: polled while a hedge stands, compared with the ledger, and when they
 * differ, confirmed before anything acts on it. One wrong answer must never cost a leg.
 */
import { standingDelta } from '../execution/doubt.ts';
import type { PositionDoubt } from '../execution/next.ts';
import { imbalance } from '../execution/shape.ts';
import { abs, type Base, eq, sub, text, toNumber, ZERO_BASE } from '../kernel/decimal.ts';
import { type InstrumentKey, instrumentKey } from '../kernel/ids.ts';
import { type Instant, MINUTE_MS, SECOND_MS } from '../kernel/instant.ts';
import type { Fact } from '../ledger/facts.ts';
import { coveredOf, marginConfirms, positionDiscrepancies, positionGaps } from '../ledger/position-gaps.ts';
import { accountKey, type HedgeRecord, type LegRecord, legsOf } from '../ledger/state.ts';
import type { VenueBalance, VenuePosition } from '../market/order.ts';
import type { AccountWatch } from './account-watch.ts';
import { backoff, hasUnresolved, startReconcile } from './accounts.ts';
import { CONFIRM_MS, endAgreed } from './agreed.ts';
import { alarm, type Core, onVenueBack, wakeAt } from './core.ts';
import type { EngineEvent } from './events.ts';
import { marginTerms } from './margin-terms.ts';

/** How long a closed hedge's accounts are still looked at, and once more after that. */
const LATE_MS = 10 * MINUTE_MS;
/** Between polls for as long after an entry was called absent. */
const ABSENT_POLL_MS = 15 * SECOND_MS;
/** Polls in a row without an answer before people are told. */
const FAILURES_TOLD = 3;

/** A complete list, and when it was asked for and came, monotonic. */
export interface PositionRead {
  readonly at: Instant;
  readonly askedMs: number;
  readonly heardMs: number;
  readonly positions: ReadonlyMap<InstrumentKey, VenuePosition>;
  /** Of those that have one: looked at with every event, so doubles are made of them once. */
  readonly liquidationPrices: ReadonlyMap<InstrumentKey, number>;
}

/** What is known of one account's positions at its venue. */
export interface PositionWatch {
  /** The name of the next poll among the wakes. */
  readonly wake: string;
  polling: boolean;
  /** Polls in a row that failed. */
  failures: number;
  /** The last poll or reconciliation brought no list: what stands there is not known. */
  unread: boolean;
  /** Monotonic: when a hedge was last seen to stand there, by this process. */
  stoodMs: number;
  /** Monotonic: when an entry was last called absent there. */
  absentMs: number;
  /** The newest one. */
  read?: PositionRead;
  /** As last listed: a list that lacks a position does not tell at which leverage it would stand. */
  readonly leverages: Map<InstrumentKey, number>;
  /** Differences seen once: ledger - venue, and when (monotonic) it was first seen. */
  readonly suspects: Map<InstrumentKey, { readonly missing: Base; readonly sinceMs: number }>;
  /** Differences that may be acted on: ledger - venue. It stays the same while own orders change both. */
  readonly confirmed: Map<InstrumentKey, Base>;
  /** By id of the difference: since when (monotonic) its position is not listed any more. */
  vanished: ReadonlyMap<string, number>;
  /** By id of the difference: since when (monotonic) polls have shown what the ledger says. */
  agreed: ReadonlyMap<string, number>;
}

export const newPositionWatch = (account: string): PositionWatch => ({
  wake: `positions:${account}`,
  polling: false,
  failures: 0,
  unread: false,
  stoodMs: Number.NEGATIVE_INFINITY,
  absentMs: Number.NEGATIVE_INFINITY,
  leverages: new Map(),
  suspects: new Map(),
  confirmed: new Map(),
  vanished: new Map(),
  agreed: new Map(),
});

/** Keeps the polls of a standing hedge's accounts going. */
export function watchPositions(core: Core, hedge: HedgeRecord): void {
  for (const { account } of legsOf(hedge)) {
    const own = core.positions.get(account);
    if (own && hedge.endedAt === undefined) own.stoodMs = core.clock.monotonicMs();
    if (own?.polling !== false || core.wakes.has(own.wake)) continue;
    wakeAt(core, own.wake, core.clock.now() + core.settings.positionsEveryMs);
  }
}

/** After each reading of an account: the next one, while anything may stand there. */
export function pollAgain(core: Core, watch: AccountWatch): void {
  const absentMs = core.positions.get(watch.key)?.absentMs ?? Number.NEGATIVE_INFINITY;
  const everyMs = core.clock.monotonicMs() - absentMs <= LATE_MS ? ABSENT_POLL_MS : Number.POSITIVE_INFINITY;
  if (stands(core, watch))
    wakeAt(core, `positions:${watch.key}`, core.clock.now() + Math.min(everyMs, core.settings.positionsEveryMs));
}

/** An entry was called absent: should every sign of that have been wrong, its position must not stand alone for long. */
export function pollOften(core: Core, account: string): void {
  const own = core.positions.get(account);
  if (own) own.absentMs = core.clock.monotonicMs();
  wakeAt(core, `positions:${account}`, core.clock.now() + ABSENT_POLL_MS);
}

export function pollPositions(core: Core, watch: AccountWatch): void {
  const own = core.positions.get(watch.key);
  // A reconciliation reads them too, and the polls go on from there.
  if (!own || own.polling || watch.reconciling || watch.status === 'booting') return;
  if (!own.unread && !stands(core, watch)) return;
  own.polling = true;
  core.send({ kind: 'positions', account: watch.key, changes: watch.changes });
}

/** A hedge stands there, or did until a while ago: an order that was called absent may still be accepted. */
function stands(core: Core, watch: AccountWatch): boolean {
  const lateMs = LATE_MS + core.settings.positionsEveryMs;
  const stoodMs = core.positions.get(watch.key)?.stoodMs ?? Number.NEGATIVE_INFINITY;
  if (core.clock.monotonicMs() - stoodMs <= lateMs) return true;
  // Of an earlier process there is the wall clock's word only.
  const since = core.clock.now() - lateMs;
  for (const hedge of core.ledger.recent.values()) {
    if (hedge.plan.route !== watch.route || (hedge.endedAt ?? Number.POSITIVE_INFINITY) < since) continue;
    if (legsOf(hedge).some((leg) => leg.account === watch.key)) return true;
  }
  return false;
}

/** A poll's answer. What is news is read completely, with fills and balance, before it counts. */
export function onPositionsRead(
  core: Core,
  watch: AccountWatch,
  { changes, askedMs, read }: Extract<EngineEvent, { kind: 'positions_read' }>,
): void {
  const own = core.positions.get(watch.key);
  if (!own) return;
  own.polling = false;
  pollAgain(core, watch);
  if (!read.ok) {
    own.unread = true;
    own.failures += 1;
    wakeAt(core, `positions:${watch.key}`, core.clock.now() + backoff(own.failures));
    core.log.debug({ account: watch.key, code: read.code, detail: read.detail }, 'positions could not be read');
    if (own.failures >= FAILURES_TOLD)
      alarm(core, 'warning', 'venue_down', watch.key, `positions cannot be read: ${read.code}: ${read.detail}`);
    return;
  }
  if (notePositions(core, watch, read, askedMs)) return;
  if (changes !== watch.changes || hasUnresolved(core, watch)) return;
  endAgreed(core, watch, read.value);
  if (!differsFromKnown(core, watch, read.value)) return;
  watch.status = 'unreconciled';
  watch.reason = 'lists other positions than the ledger';
  startReconcile(core, watch);
}

/** A list, for whatever it was asked. True when the venue is back: what happened while it did not answer was not told. */
export function notePositions(
  core: Core,
  watch: AccountWatch,
  { value, at }: { readonly value: readonly VenuePosition[]; readonly at: Instant },
  askedMs: number,
): boolean {
  const own = core.positions.get(watch.key);
  if (!own) return false;
  const isBack = own.failures >= FAILURES_TOLD;
  own.failures = 0;
  own.unread = false;
  const heardMs = core.clock.monotonicMs();
  for (const { key, leverage = 0 } of value) if (leverage > 0) own.leverages.set(key, leverage);
  // One that was asked for earlier and came later is no news.
  if (askedMs >= (own.read?.askedMs ?? Number.NEGATIVE_INFINITY)) own.read = { at, askedMs, heardMs, ...byKey(value) };
  if (isBack) onVenueBack(core, watch.key);
  return isBack;
}

function byKey(list: readonly VenuePosition[]): Pick<PositionRead, 'positions' | 'liquidationPrices'> {
  const positions = new Map<InstrumentKey, VenuePosition>();
  const liquidationPrices = new Map<InstrumentKey, number>();
  for (const position of list) {
    positions.set(position.key, position);
    if (position.liquidationPrice) liquidationPrices.set(position.key, toNumber(position.liquidationPrice));
    else liquidationPrices.delete(position.key);
  }
  return { positions, liquidationPrices };
}

/** Whether the list says something else than the ledger and its open discrepancies do. */
function differsFromKnown(core: Core, watch: AccountWatch, positions: readonly VenuePosition[]): boolean {
  const gaps = positionGaps(core.ledger.accounts.get(watch.key), positions);
  const known = [...core.ledger.discrepancies.values()].filter(
    ({ route, venue, what }) => route === watch.route && venue === watch.venue && what === 'position',
  );
  if (gaps.length !== known.length) return true;
  return gaps.some(
    (gap) =>
      !known.some(
        ({ ledger, venueSays, id }) =>
          id.endsWith(`|${gap.key}`) && ledger === text(gap.ledger) && venueSays === text(gap.venue),
      ),
  );
}

/**
 * After a complete comparison: which differences are confirmed by now. True when another reading is needed soon.
 */
export function judgePositions(
  core: Core,
  watch: AccountWatch,
  reads: { readonly positions: readonly VenuePosition[]; readonly balance: VenueBalance },
): boolean {
  const own = core.positions.get(watch.key);
  if (!own) return false;
  const { positions, balance } = reads;
  const account = core.ledger.accounts.get(watch.key);
  const gaps = positionGaps(account, positions);
  const isConfirmedByMargin = marginConfirms({
    account,
    positions,
    balance,
    ...marginTerms(core, watch.route, positions),
  });
  const believed = gaps.filter((gap) => gap.listed || isConfirmedByMargin);
  forgetOthers(own, new Set(believed.map(({ key }) => key)));
  const nowMs = core.clock.monotonicMs();
  let isAgain = false;
  for (const { key, ledger, venue } of believed) {
    const missing = sub(ledger, venue);
    const suspect = own.suspects.get(key);
    if (!suspect || !eq(suspect.missing, missing)) {
      own.suspects.set(key, { missing, sinceMs: nowMs });
      own.confirmed.delete(key);
      isAgain = true;
    } else if (nowMs - suspect.sinceMs < CONFIRM_MS) isAgain = true;
    else if (!own.confirmed.has(key)) {
      own.confirmed.set(key, missing);
      const detail = `${text(abs(missing))} of ${key} ${missing.s > 0 === ledger.s > 0 ? 'missing at' : 'too much at'} the venue, read twice, and no fill says why`;
      alarm(core, 'critical', 'position_confirmed', `${watch.route}|${key}`, detail);
    }
  }
  return isAgain;
}

function forgetOthers(own: PositionWatch, keys: ReadonlySet<InstrumentKey>): void {
  for (const key of own.suspects.keys()) if (!keys.has(key)) own.suspects.delete(key);
  for (const key of own.confirmed.keys()) if (!keys.has(key)) own.confirmed.delete(key);
}

/** A trade that nobody here ordered explains what was missing, or changes it: the comparison begins anew. */
export function forgetDoubts(core: Core, facts: readonly Fact[]): void {
  for (const fact of facts) {
    if (fact.kind !== 'fill' || (fact.fill.clientOrderId && core.ledger.attempts.has(fact.fill.clientOrderId)))
      continue;
    const { route, venue, symbol } = fact.fill;
    const own = core.positions.get(accountKey(route, venue));
    own?.suspects.delete(instrumentKey(venue, symbol));
    own?.confirmed.delete(instrumentKey(venue, symbol));
  }
}

/** After an operator's word. */
export function forgetAllDoubts(core: Core, account: string): void {
  core.positions.get(account)?.suspects.clear();
  core.positions.get(account)?.confirmed.clear();
}

export function doubtOf(core: Core, hedge: HedgeRecord): PositionDoubt {
  const details = positionDiscrepancies(core.ledger, hedge);
  if (details.length === 0) return { kind: 'none' };
  const isConfirmed = legsOf(hedge).some((leg) => missingOf(core, leg) !== undefined);
  return { kind: isConfirmed ? 'confirmed' : 'open', detail: details.join('; ') };
}

/** What the venue is known to hold of a leg: |quantity| unless less is confirmed. Positive. */
export function standingOnVenue(core: Core, hedge: HedgeRecord, leg: LegRecord): Base {
  return missingOf(core, leg) === undefined ? abs(leg.holding.quantity) : reducibleOnVenue(core, hedge, leg);
}

/** Net base delta of what stands; the ledger's own while nothing is confirmed missing. Positive when long. */
export const deltaOnVenues = (core: Core, hedge: HedgeRecord): Base =>
  legsOf(hedge).every((leg) => missingOf(core, leg) === undefined)
    ? imbalance(hedge)
    : standingDelta(hedge, { standing: (leg) => standingOnVenue(core, hedge, leg) });

/** How much of a leg the venue's one position of the instrument covers, by the ledger less what is confirmed missing. */
export function reducibleOnVenue(core: Core, hedge: HedgeRecord, leg: LegRecord): Base {
  const missing = missingOf(core, leg) ?? ZERO_BASE;
  const account = core.ledger.accounts.get(leg.account);
  const ledger = account?.holdings.get(leg.key)?.quantity ?? ZERO_BASE;
  return coveredOf(core.ledger, hedge.plan.route, leg, sub(ledger, missing));
}

const missingOf = (core: Core, leg: LegRecord): Base | undefined =>
  core.positions.get(leg.account)?.confirmed.get(leg.key);
