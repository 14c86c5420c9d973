/**
 * Candidates that were weighed and what each was told: from the running bot, or else the newest recorded decisions.
 * Entry point: `candidatesOf`.
 */
import type { Whereabouts } from '../config/whereabouts.ts';
import type { OpportunityStatus } from '../engine/status.ts';
import type { Instant } from '../kernel/instant.ts';
import type { DecisionMade } from '../ledger/facts.ts';
import type { RuleBreach } from '../risk/limits.ts';
import type { Unpriced } from '../signal/opportunity.ts';
import { asking, findBot } from './bot-address.ts';
import type { Context } from './context.ts';
import { withLedger } from './ledger-reading.ts';

export interface Candidate {
  /** `<long key>~<short key>`, or a hedge id for a decision to close. */
  readonly subject: string;
  readonly asset: string;
  readonly verdict: DecisionMade['verdict'];
  readonly breaches: readonly RuleBreach[];
  readonly at: Instant;
  /** As priced now; only a running bot knows it. */
  readonly opportunity?: OpportunityStatus;
}

export interface Candidates {
  readonly source: 'bot' | 'ledger';
  /** Best or newest first. */
  readonly candidates: readonly Candidate[];
  /** Pairs that cannot be priced now, and why; only a running bot knows them. */
  readonly unpriced: readonly Unpriced[];
  /** Venues that a running bot has no market data of, and why: none of their markets can be in a pair. */
  readonly unheard: readonly { readonly venue: string; readonly reason: string }[];
}

/** Throws CommandFailure when there is neither a running bot nor a ledger. */
export async function candidatesOf(context: Context, config: Whereabouts, asset?: string): Promise<Candidates> {
  const bot = await findBot(config);
  if (!bot) {
    return withLedger(context, config, (reader) => ({
      source: 'ledger',
      candidates: reader.latestDecisions(asset).map(fromDecision),
      unpriced: [],
      unheard: [],
    }));
  }
  const { opportunities, unpriced, venues } = await asking(bot, (client) => client.status());
  const isWanted = (each: { readonly asset: string }): boolean => asset === undefined || each.asset === asset;
  return {
    source: 'bot',
    candidates: opportunities.filter(isWanted).map(fromOpportunity),
    unpriced: unpriced.filter(isWanted),
    unheard: venues
      .filter(({ feed }) => feed === 'connecting' || feed === 'down')
      .map(({ venue, feed, feedReason }) => ({ venue, reason: feedReason || feed })),
  };
}

function fromOpportunity(opportunity: OpportunityStatus): Candidate {
  const { pair, asset, verdict, breaches, at } = opportunity;
  return { subject: pair, asset, verdict, breaches, at, opportunity };
}

function fromDecision({ subject, asset, verdict, rules, reasons, at }: DecisionMade): Candidate {
  return { subject, asset, verdict, breaches: breachesOf(reasons, rules), at };
}

/** The stored reasons; of a row that somebody edited, at least the rules' names. */
function breachesOf(reasons: string, rules: readonly string[]): readonly RuleBreach[] {
  try {
    const value: unknown = JSON.parse(reasons);
    if (Array.isArray(value) && value.every(isBreach)) return value;
  } catch {
    // Not JSON: told below by name.
  }
  return rules.map((rule) => ({ rule, limit: '', actual: '', detail: 'the recorded reasons cannot be read' }));
}

const isBreach = (value: unknown): value is RuleBreach =>
  typeof value === 'object' && value !== null && 'rule' in value && typeof value.rule === 'string';
