/**
 * What must hold between the facts of a ledger, whoever wrote them. Pure. `foldFact` checks what cannot follow what;
 * these check that the numbers agree with one another. Entry point: `checkFacts`.
 */

import { InvariantError } from '../kernel/assert.ts';
import { abs, add, type Base, eq, gt, gte, isZero, lt, sub, text, ZERO_BASE } from '../kernel/decimal.ts';
import { instrumentKey } from '../kernel/ids.ts';
import { emptyLedger } from '../ledger/empty.ts';
import type { AttemptIntended, AttemptOutcome, Fact, FillBooked, HedgeState } from '../ledger/facts.ts';
import { foldFact } from '../ledger/fold.ts';
import { type HedgeRecord, isFinal, type LedgerState, legsOf } from '../ledger/state.ts';

export interface Finding {
  /** `problem`: no run of this program writes that. `note`: legitimate, and worth a look. */
  readonly level: 'problem' | 'note';
  /** Stable code. */
  readonly check: string;
  readonly detail: string;
}

export interface CheckedFacts {
  readonly ledger: LedgerState;
  readonly facts: number;
  readonly findings: readonly Finding[];
}

/** Moves that the hedge state machine and the operator's commands make. */
export const MOVES: Readonly<Record<HedgeState, readonly HedgeState[]>> = {
  // In the same commit.
  planned: ['entering'],
  // Unwound: what a spread-out entry reached is too small to keep.
  entering: ['aborted', 'balancing', 'held', 'exiting', 'unwinding', 'quarantined'],
  // Entered further: a slice was completed and more follow.
  balancing: ['held', 'entering', 'unwinding', 'closed', 'exiting', 'quarantined'],
  held: ['balancing', 'unwinding', 'exiting', 'closed', 'quarantined'],
  // An operator's kill or flatten takes over an exit that had another reason.
  exiting: ['exiting', 'closed', 'quarantined'],
  unwinding: ['exiting', 'closed', 'quarantined'],
  // For another reason: what could not be reduced turned out to be dust.
  quarantined: ['exiting', 'unwinding', 'balancing', 'closed', 'quarantined'],
  // A late fill reopens what was over.
  closed: ['unwinding'],
  aborted: ['unwinding'],
};

/** Stops folding at the first fact that cannot follow those before it; what was folded until then is checked. */
export function checkFacts(facts: Iterable<Fact>): CheckedFacts {
  const ledger = emptyLedger();
  const findings: Finding[] = [];
  const seen = { fills: [] as FillBooked[], outcomes: new Map<string, AttemptOutcome>(), foreign: new Set<string>() };
  let count = 0;
  for (const fact of facts) {
    try {
      foldFact(ledger, fact);
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      findings.push(
        problem('fold', `fact ${count + 1} (${fact.kind}) cannot follow those before it: ${error.message}`),
      );
      break;
    }
    count += 1;
    if (fact.kind === 'fill') seen.fills.push(fact);
    if (fact.kind === 'outcome') seen.outcomes.set(fact.clientOrderId, fact);
    if (fact.kind === 'discrepancy' && fact.what === 'foreign_fill') seen.foreign.add(fact.id);
    if (fact.kind === 'hedge_moved' && !MOVES[fact.from].includes(fact.to))
      findings.push(problem('transition', `${fact.hedge} moved from ${fact.from} to ${fact.to}, which is not a move`));
  }
  for (const fill of seen.fills) findings.push(...checkFill(ledger, fill, seen.foreign));
  for (const outcome of seen.outcomes.values()) findings.push(...checkOutcome(ledger, outcome));
  for (const { intent, filled } of ledger.attempts.values()) {
    if (gt(filled, intent.quantity))
      findings.push(
        problem('overfilled', `${intent.clientOrderId} filled ${text(filled)} of ${text(intent.quantity)} ordered`),
      );
  }
  for (const hedge of ledger.hedges.values()) findings.push(...checkHedge(hedge));
  findings.push(...checkHoldings(ledger));
  for (const { id, detail } of ledger.discrepancies.values())
    findings.push(note('discrepancy', `open: ${id}: ${detail}`));
  return { ledger, facts: count, findings };
}

function checkFill(ledger: LedgerState, { fill, hedge, leg }: FillBooked, foreign: ReadonlySet<string>): Finding[] {
  const name = `trade ${fill.tradeId} on ${fill.venue} ${fill.symbol}`;
  const attempt = fill.clientOrderId === undefined ? undefined : ledger.attempts.get(fill.clientOrderId)?.intent;
  if (!attempt) {
    const id = `${fill.route}|${fill.venue}|foreign_fill|${fill.symbol}|${fill.tradeId}`;
    if (!foreign.has(id)) return [problem('unowned_fill', `${name} has no order of this ledger and was never flagged`)];
    return [note('foreign_fill', `${name} has no order of this ledger (flagged when it was booked)`)];
  }
  const mismatches = [
    hedge !== attempt.hedge || leg !== attempt.leg ? `it is booked on ${hedge ?? 'no hedge'} ${leg ?? ''}` : '',
    fill.side !== attempt.side ? `it is a ${fill.side}` : '',
    fill.route !== attempt.route || instrumentKey(fill.venue, fill.symbol) !== attempt.key ? 'it is elsewhere' : '',
    beyondLimit(fill, attempt) ? `its price ${text(fill.price)} is beyond the limit ${text(attempt.limitPrice)}` : '',
    !gt(fill.quantity, ZERO_BASE) ? `its quantity is ${text(fill.quantity)}` : '',
  ].filter((text) => text !== '');
  if (mismatches.length === 0) return [];
  return [problem('fill_mismatch', `${name} does not fit order ${attempt.clientOrderId}: ${mismatches.join(', ')}`)];
}

/** A limit order never trades worse than its limit. */
const beyondLimit = ({ side, price }: FillBooked['fill'], { limitPrice }: AttemptIntended): boolean =>
  side === 'buy' ? gt(price, limitPrice) : lt(price, limitPrice);

/** A found order is recorded together with all its fills; more may come late, less never. */
function checkOutcome(ledger: LedgerState, { clientOrderId, filled, status }: AttemptOutcome): Finding[] {
  const booked = ledger.attempts.get(clientOrderId)?.filled ?? ZERO_BASE;
  if (filled === undefined || eq(booked, filled)) return [];
  const detail = `${clientOrderId} (${status}): the venue said ${text(filled)} filled, its booked fills sum to ${text(booked)}`;
  return gt(booked, filled) && gte(filled, ZERO_BASE) ? [note('late_fill', detail)] : [problem('filled', detail)];
}

function checkHedge(hedge: HedgeRecord): Finding[] {
  const legs = legsOf(hedge).map((leg) => leg.holding.quantity);
  const held = `${hedge.id} is ${hedge.state} but holds long ${text(hedge.long.holding.quantity)}, short ${text(hedge.short.holding.quantity)}`;
  if (isFinal(hedge.state)) return legs.every(isZero) ? [] : [problem('not_flat', held)];
  const net = abs(add(hedge.long.holding.quantity, hedge.short.holding.quantity));
  if (hedge.state === 'held' && !lt(net, hedge.plan.commonLot)) return [note('imbalance', held)];
  return hedge.state === 'quarantined' ? [note('quarantined', `${held}: ${hedge.reason}`)] : [];
}

/** What an account holds is what its hedges hold, and what nobody ordered. */
function checkHoldings(ledger: LedgerState): Finding[] {
  const owned = new Map<string, Base>();
  for (const hedge of ledger.hedges.values()) {
    for (const { key, holding } of legsOf(hedge)) {
      const id = `${hedge.plan.route} ${key}`;
      owned.set(id, add(owned.get(id) ?? ZERO_BASE, holding.quantity));
    }
  }
  return [...ledger.accounts.values()].flatMap(({ route, holdings }) =>
    [...holdings].flatMap(([key, { quantity }]) => {
      const rest = sub(quantity, owned.get(`${route} ${key}`) ?? ZERO_BASE);
      return isZero(rest) ? [] : [note('unassigned', `${route} ${key}: ${text(rest)} belongs to no hedge`)];
    }),
  );
}

export const problem = (check: string, detail: string): Finding => ({ level: 'problem', check, detail });
export const note = (check: string, detail: string): Finding => ({ level: 'note', check, detail });
