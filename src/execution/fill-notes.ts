/** What a ledger notes about fills that are not simply its own. */
import { text } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { DiscrepancyNoted } from '../ledger/facts.ts';
import { fillDigest } from '../ledger/fold.ts';
import type { TradeShare } from '../ledger/position-gaps.ts';
import type { Fill } from '../market/order.ts';

export const STRANGE = 'was not ordered by this bot (liquidation, deleveraging or a manual trade)';
export const LOST = 'was ordered by this ledger, which knows nothing of it any more (as after restoring a backup)';
export const OWN = "is this bot's own emergency reduction, sent by a process that could not record it and has ended";

/** A trade id that comes back with other data. */
export const conflict = (fill: Fill, known: string, now: Instant): DiscrepancyNoted => ({
  ...noted(fill, 'fill_conflict', now),
  ledger: known,
  venueSays: fillDigest(fill),
  detail: `trade ${fill.tradeId} on ${fill.symbol} came back with other data; the first version stands`,
});

/** A trade that no recorded order of ours made. */
export function foreign(fill: Fill, shares: readonly TradeShare[], cause: string, now: Instant): DiscrepancyNoted {
  const share = shares.find(({ owner }) => owner !== undefined);
  return {
    ...noted(fill, 'foreign_fill', now),
    ledger: share?.owner
      ? `${text(share.quantity)} of it belongs to ${share.owner.hedge.id}`
      : 'no order of this ledger',
    venueSays: `${fill.side} ${text(fill.quantity)} at ${text(fill.price)}`,
    detail: `trade ${fill.tradeId} on ${fill.symbol} ${cause}`,
  };
}

const noted = ({ route, venue, symbol, tradeId }: Fill, what: DiscrepancyNoted['what'], at: Instant) =>
  ({
    kind: 'discrepancy',
    id: `${route}|${venue}|${what}|${symbol}|${tradeId}`,
    venue,
    route,
    what,
    status: 'open',
    at,
  }) as const;
