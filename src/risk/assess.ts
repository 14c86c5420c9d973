/**
 * May this opportunity be opened now, and how much of it? Applies every rule (`rules.ts`), sizes (`sizing.ts`) and
 * approves, or refuses with all failing rules. Nothing here ever applies to reducing.
 */
import type { Instant } from '../kernel/instant.ts';
import type { MarketView } from '../market/view.ts';
import type { Opportunity } from '../signal/opportunity.ts';
import { type Approved, approve } from './approved.ts';
import type { RiskLimits, RiskSettings, RiskState, RuleBreach } from './limits.ts';
import { isRoomy } from './roomy.ts';
import { RULES } from './rules.ts';
import { sizeHedge } from './sizing.ts';

export type Verdict =
  | { readonly kind: 'approved'; readonly approved: Approved }
  | { readonly kind: 'refused'; readonly breaches: readonly RuleBreach[] };

export function assess(
  opportunity: Opportunity,
  view: MarketView,
  limits: RiskLimits,
  state: RiskState,
  settings: RiskSettings,
  now: Instant,
): Verdict {
  const input = { opportunity, view, limits, state, settings, now };
  const breaches: RuleBreach[] = [];
  for (const rule of RULES) breaches.push(...rule(input));
  const long = view.get(opportunity.long.key);
  const short = view.get(opportunity.short.key);
  // Without both instruments there is nothing to size; `not_listed` says so.
  if (!long || !short) return { kind: 'refused', breaches };
  const request = { asset: opportunity.asset, long, short, pricedUsd: opportunity.notionalUsd };
  if (breaches.length > 0 && isRoomy(request, limits, state, settings)) return { kind: 'refused', breaches };
  const sizing = sizeHedge(request, limits, state, settings);
  if (sizing.kind === 'refused') return { kind: 'refused', breaches: [...breaches, ...sizing.breaches] };
  if (breaches.length > 0) return { kind: 'refused', breaches };
  const approved = approve({
    opportunity,
    long: { instrument: long.instrument, entryLimit: sizing.longLimit, mid: sizing.longMid },
    short: { instrument: short.instrument, entryLimit: sizing.shortLimit, mid: sizing.shortMid },
    quantity: sizing.quantity,
    commonLot: sizing.commonLot,
    least: sizing.least,
    leverage: settings.leverage,
    at: now,
  });
  return { kind: 'approved', approved };
}
