/** What a hedge is expected to earn, as it is stored with its plan: at the size that was approved, not the one priced. */
import { notional, px, toNumber } from '../kernel/decimal.ts';
import type { Approved } from '../risk/approved.ts';
import type { Opportunity, OpportunityLeg } from '../signal/opportunity.ts';

/**
 * The opportunity's numbers at the approved quantity. Funding and fees are proportional to the size; slippage was walked
 * at the priced size, which is never smaller, so that its share is an upper bound. Rates do not change.
 */
export function expectationOf(approved: Approved): Opportunity {
  const { opportunity, quantity } = approved;
  const legUsd = (leg: 'long' | 'short'): number => toNumber(notional(quantity, px(approved[leg].mid)));
  const notionalUsd = (legUsd('long') + legUsd('short')) / 2;
  const share = notionalUsd / opportunity.notionalUsd;
  const legOf = (leg: OpportunityLeg): OpportunityLeg => ({
    ...leg,
    fundingUsd: leg.fundingUsd * share,
    feesUsd: leg.feesUsd * share,
    slippageUsd: leg.slippageUsd * share,
  });
  return {
    ...opportunity,
    long: legOf(opportunity.long),
    short: legOf(opportunity.short),
    notionalUsd,
    grossUsd: opportunity.grossUsd * share,
    costUsd: opportunity.costUsd * share,
    netUsd: opportunity.netUsd * share,
  };
}
