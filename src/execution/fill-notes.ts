/** What a ledger notes about fills that are not simply its own. */
import { text } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { DiscrepancyNoted } from '../ledger/facts.ts';
import { fillDigest } from '../ledger/fold.ts';
import type { TradeShare } from '../ledger/position-gaps.ts';
import type { Fill } from '../market/order.ts';

export const STRANGE = 'was not ordered by this bot (liquidation, deleveraging or a manual trade)';
export const OWN = "is this bot's own emergency reduction, sent by a process that could not record it and has ended";

/** A trade id that comes back with other data. */
export function conflict(fill: Fill, known: string, now: Instant): DiscrepancyNoted {
  return {
    kind: 'discrepancy',
    id: `${fill.route}|${fill.venue}|fill_conflict|${fill.symbol}|${fill.tradeId}`,
    venue: fill.venue,
    route: fill.route,
    what: 'fill_conflict',
    status: 'open',
    ledger: known,
    venueSays: fillDigest(fill),
    detail: `trade ${fill.tradeId} on ${fill.symbol} came back with other data; the first version stands`,
    at: now,
  };
}

/** A trade that no recorded order of ours made. */
export function foreign(fill: Fill, shares: readonly TradeShare[], cause: string, now: Instant): DiscrepancyNoted {
  const share = shares.find(({ owner }) => owner !== undefined);
  return {
    kind: 'discrepancy',
    id: `${fill.route}|${fill.venue}|foreign_fill|${fill.symbol}|${fill.tradeId}`,
    venue: fill.venue,
    route: fill.route,
    what: 'foreign_fill',
    status: 'open',
    ledger: share?.owner
      ? `${text(share.quantity)} of it belongs to ${share.owner.hedge.id}`
      : 'no order of this ledger',
    venueSays: `${fill.side} ${text(fill.quantity)} at ${text(fill.price)}`,
    detail: `trade ${fill.tradeId} on ${fill.symbol} ${cause}`,
    at: now,
  };
}
