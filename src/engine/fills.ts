/** Fills as they are told or listed: booked, each for its owner, and what may still be an order's of ours asked about. */
import { absentOrders, bookFills, endedByFills } from '../execution/booking.ts';
import { instrumentKey } from '../kernel/ids.ts';
import type { Fact } from '../ledger/facts.ts';
import { fillIdentity } from '../ledger/fold.ts';
import type { AttemptRecord } from '../ledger/state.ts';
import type { Fill } from '../market/order.ts';
import { type Core, record } from './core.ts';
import { forgetOrder, lookup } from './orders.ts';
import { forgetDoubts } from './positions.ts';

/**
 * Books what can be told, in passes: whose one fill is may depend on another. A fill without a name, where an order of
 * ours was called absent, is not a stranger's until that order was asked for again.
 * An unknown order whose fills are all that it asked for has its end by them.
 * Returns how many facts that gave; undefined when the ledger cannot be written.
 */
export function recordFills(core: Core, fills: readonly Fill[]): number | undefined {
  const inOrder = [...fills].sort((a, b) => a.at - b.at);
  const isAbsent = isAbsentIn(core);
  let booked = 0;
  for (;;) {
    const facts = bookFills(core.ledger, inOrder, core.clock.now(), isAbsent);
    if (facts.length === 0) break;
    const ended = endedByFills(core.ledger, facts, core.clock.now());
    if (!record(core, [...facts, ...ended])) {
      noteFills(core, inOrder, facts);
      return undefined;
    }
    for (const { clientOrderId } of ended) forgetOrder(core, clientOrderId);
    forgetDoubts(core, facts);
    booked += facts.length;
  }
  noteUnclear(core, inOrder, []);
  for (const fill of inOrder) {
    if (core.ledger.fills.has(fillIdentity(fill))) continue;
    for (const attempt of absentOrders(core.ledger, fill)) if (!isAbsent(attempt, fill)) lookup(core, attempt);
  }
  return booked;
}

/**
 * While the ledger cannot be written: what was told counts for emergency orders. `facts`: of those that were tried. Whose
 * the others are cannot wait for them: each is looked at as if it came alone.
 */
export function noteFills(core: Core, fills: readonly Fill[], facts: readonly Fact[] = []): void {
  const tried = new Set(facts.flatMap((fact) => (fact.kind === 'fill' ? [fillIdentity(fact.fill)] : [])));
  const alone = fills
    .filter((fill) => !tried.has(fillIdentity(fill)))
    .flatMap((fill) => bookFills(core.ledger, [fill], core.clock.now(), isAbsentIn(core)));
  core.emergency.dropped.push(...alone.filter((fact) => fact.kind === 'fill'));
  noteUnclear(core, fills, [...facts, ...alone]);
}

const isAbsentIn =
  ({ absentAgain }: Core) =>
  ({ intent }: AttemptRecord, fill: Fill): boolean =>
    (absentAgain.get(intent.clientOrderId) ?? Number.NEGATIVE_INFINITY) >= fill.at;

/** While the ledger cannot be written: what was told and is neither booked nor among `facts` may be anybody's. */
function noteUnclear({ emergency, ledger, storeFailure }: Core, fills: readonly Fill[], facts: readonly Fact[]): void {
  if (storeFailure === undefined) return;
  const owned = new Set(facts.flatMap((fact) => (fact.kind === 'fill' ? [fillIdentity(fact.fill)] : [])));
  for (const fill of fills) {
    const identity = fillIdentity(fill);
    if (ledger.fills.has(identity) || owned.has(identity) || emergency.unbooked.has(identity)) continue;
    emergency.unclear.add(`${fill.route}|${instrumentKey(fill.venue, fill.symbol)}`);
  }
}
