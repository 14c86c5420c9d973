/**
 * Every entry rule that does not depend on the size, one function each. `RULES` is the list; all of them run, so that a
 * refusal names everything that is wrong. A figure that is not a number fails its rule.
 */
import { type Instant, iso } from '../kernel/instant.ts';
import { LAST_OPENING_MS } from '../market/instrument.ts';
import { ageMs, type InstrumentView, type MarketView } from '../market/view.ts';
import type { Opportunity, OpportunityLeg } from '../signal/opportunity.ts';
import { breakerBreaches } from './breakers.ts';
import type { RiskLimits, RiskSettings, RiskState, RuleBreach } from './limits.ts';

/** What a rule may look at. */
export interface RuleInput {
  readonly opportunity: Opportunity;
  readonly view: MarketView;
  readonly limits: RiskLimits;
  readonly state: RiskState;
  readonly settings: RiskSettings;
  readonly now: Instant;
}

export type Rule = (input: RuleInput) => readonly RuleBreach[];

/** Nearly every rule of nearly every candidate. */
const NONE: readonly RuleBreach[] = [];
/** Orders take some seconds from the decision to their fills. */
const SETTLEMENT_LEAD_MS = 10_000;
/** Clauses of one rule read like the sentence they enforce. */
const atLeast = (rule: string, actual: number, limit: number, detail: string): readonly RuleBreach[] =>
  actual >= limit ? NONE : [{ rule, limit, actual, shortfall: limit - actual, detail }];
const atMost = (rule: string, actual: number, limit: number, detail: string): readonly RuleBreach[] =>
  actual <= limit ? NONE : [{ rule, limit, actual, shortfall: actual - limit, detail }];
const not = (rule: string, broken: boolean, limit: string, actual: string, detail: string): readonly RuleBreach[] =>
  broken ? [{ rule, limit, actual, detail }] : NONE;

type LegCheck = (leg: OpportunityLeg, view: InstrumentView | undefined) => readonly RuleBreach[];

function perLeg({ opportunity: { long, short }, view }: RuleInput, check: LegCheck): readonly RuleBreach[] {
  const ofLong = check(long, view.get(long.key));
  const ofShort = check(short, view.get(short.key));
  return ofLong.length === 0 ? ofShort : [...ofLong, ...ofShort];
}

const paused: Rule = ({ state }) => not('paused', state.paused, 'running', 'paused', 'openings are paused');

const killed: Rule = ({ state }) =>
  not('killed', state.killed, 'armed', 'killed', 'the kill switch is latched until an operator resets it');

const breakers: Rule = ({ opportunity, state }) => breakerBreaches(state.tripped, opportunity);

const netApr: Rule = ({ opportunity, limits }) =>
  atLeast('net_apr', opportunity.netApr, limits.entry.minNetApr, 'net APR after all costs, fraction');

const spread: Rule = ({ opportunity, limits }) =>
  atLeast('spread', opportunity.spreadHourlyRate * 8, limits.entry.minSpreadPer8h, 'short minus long rate per 8 h');

const confidence: Rule = ({ opportunity, limits }) =>
  atLeast('confidence', opportunity.confidence, limits.entry.minConfidence, 'how settled the spread is, 0..1');

const breakEven: Rule = ({ opportunity, limits }) =>
  atMost('break_even', opportunity.breakEvenHours, limits.entry.maxBreakEvenHours, 'hours until costs are paid');

const opportunityAge: Rule = ({ opportunity, limits, now }) =>
  fresh('opportunity_stale', now - opportunity.at, limits.data.maxBookAgeMs, 'age of the opportunity, ms');

const listed: Rule = (input) =>
  perLeg(input, (leg, view) => not('not_listed', !view, 'listed', 'not listed', `${leg.key} is not listed`));

const trading: Rule = (input) =>
  perLeg(input, (leg, view) =>
    not('not_trading', view?.instrument.trading === false, 'trading', 'halted', `${leg.key} is not trading`),
  );

const marketEnds: Rule = (input) =>
  perLeg(input, (leg, view) => {
    const endsAt = view?.instrument.endsAt;
    if (endsAt === undefined || endsAt - input.now >= LAST_OPENING_MS) return NONE;
    return atLeast('market_ends', endsAt - input.now, LAST_OPENING_MS, `ms until ${leg.venue} ends ${leg.key}`);
  });

/** Since it was made, which is since its arrival and its way here; a way that alone is too long is `book_late`. */
const bookAge: Rule = (input) =>
  perLeg(input, (leg, view) => {
    const { maxBookAgeMs } = input.limits.data;
    const book = view?.book;
    const wayMs = book ? book.receivedAt - book.venueAt : 0;
    const heldMs = ageMs(book, input.now);
    const isCounted = heldMs !== undefined && heldMs >= 0 && wayMs > 0 && wayMs <= maxBookAgeMs;
    return fresh('book_stale', isCounted ? heldMs + wayMs : heldMs, maxBookAgeMs, `age of ${leg.key}'s book, ms`);
  });

/** What has just arrived may be old: a feed that lags, or a clock that differs from the venue's by as much. */
const bookLate: Rule = (input) =>
  perLeg(input, (leg, view) => {
    if (!view?.book) return NONE;
    const lateMs = view.book.receivedAt - view.book.venueAt;
    const detail = `from the venue's stamp to the arrival of ${leg.key}'s book, ms: late data, or clocks that differ`;
    return atMost('book_late', Math.abs(lateMs), input.limits.data.maxBookAgeMs, detail);
  });

const fundingAge: Rule = (input) =>
  perLeg(input, (leg, view) =>
    fresh(
      'funding_stale',
      ageMs(view?.funding, input.now),
      input.limits.data.maxFundingAgeMs,
      `age of ${leg.key}'s funding quote, ms`,
    ),
  );

/** The receipts count a settlement that is over by now, or will be before the legs stand. */
const settlementAhead: Rule = (input) =>
  perLeg(input, (leg) => {
    // Writing an instant out costs more than every other rule together.
    if (leg.nextSettlementAt - input.now > SETTLEMENT_LEAD_MS) return NONE;
    const detail = `${leg.key} was priced for the settlement of ${iso(leg.nextSettlementAt)}`;
    const actual = leg.nextSettlementAt > input.now ? 'too near' : 'passed';
    return not('settlement_passed', true, 'ahead', actual, detail);
  });

/** Only a feed that is `up` opens; no word from it is not good news. */
const feedUp: Rule = (input) =>
  perLeg(input, (leg) => {
    const health = input.view.health(leg.venue);
    const detail = `market data of ${leg.venue}: ${health?.reason ?? 'nothing heard yet'}`;
    return not('feed_down', health?.status !== 'up', 'up', health?.status ?? 'unknown', detail);
  });

const venueBlocked: Rule = (input) =>
  perLeg(input, (leg) => {
    const { blockedVenues } = input.state;
    const where = blockedVenues.has(leg.venue) ? leg.venue : leg.key;
    const reason = blockedVenues.get(where);
    return not('venue_blocked', reason !== undefined, 'open', 'blocked', `${where}: ${reason}`);
  });

const assetDenied: Rule = ({ opportunity: { asset }, limits }) =>
  not('asset_denied', limits.deny.assets.includes(asset), 'not denied', asset, `${asset} is on the deny list`);

const assetAllowed: Rule = ({ opportunity: { asset }, limits }) =>
  not('asset_not_allowed', !allows(limits.allow.assets, asset), 'allowed', asset, `${asset} is not on the allow list`);

const venueDenied: Rule = (input) =>
  perLeg(input, ({ venue }) =>
    not('venue_denied', input.limits.deny.venues.includes(venue), 'not denied', venue, `${venue} is on the deny list`),
  );

const venueAllowed: Rule = (input) =>
  perLeg(input, ({ venue }) =>
    not(
      'venue_not_allowed',
      !allows(input.limits.allow.venues, venue),
      'allowed',
      venue,
      `${venue} is not on the allow list`,
    ),
  );

const busyAsset: Rule = ({ opportunity: { asset }, state }) =>
  not('busy_asset', state.busyAssets.has(asset), 'no hedge', 'hedged', `${asset} already has a hedge`);

const openHedges: Rule = ({ limits, state }) =>
  atMost('max_open_hedges', state.openHedges + 1, limits.exposure.maxOpenHedges, 'open hedges with this one');

const cooldown: Rule = ({ opportunity: { asset }, state, now }) => {
  const pause = state.cooldowns.get(asset);
  if (!pause || pause.until <= now) return NONE;
  const detail = `${asset} rests until ${iso(pause.until)}: ${pause.reason}`;
  return [{ rule: 'cooldown', limit: pause.until, actual: now, shortfall: pause.until - now, detail }];
};

const leverage: Rule = ({ limits, settings }) => [
  ...atMost('leverage', settings.leverage, limits.exposure.maxLeverage, 'leverage of new hedges'),
  ...(settings.leverage < 1 ? atLeast('leverage', settings.leverage, 1, 'leverage of new hedges') : []),
];

/** As it stands now; the breaker of this name remembers that the limit was reached. */
const dailyLoss: Rule = ({ limits, state: { dayPnlUsd } }) => {
  const limit = limits.loss.maxDailyLossUsd;
  if (dayPnlUsd === undefined) {
    const detail = 'an open position cannot be valued yet, so the loss of the UTC day is not known';
    return [{ rule: 'daily_loss', limit, actual: 'unknown', detail }];
  }
  if (-dayPnlUsd < limit) return NONE;
  const detail = 'USD lost since the UTC day began';
  return [{ rule: 'daily_loss', limit, actual: -dayPnlUsd, shortfall: -dayPnlUsd - limit, detail }];
};

/** In the order an operator wants to read them: switches, data, worth, permissions, exposure. */
export const RULES: readonly Rule[] = [
  killed,
  paused,
  breakers,
  dailyLoss,
  listed,
  trading,
  marketEnds,
  feedUp,
  venueBlocked,
  bookAge,
  bookLate,
  fundingAge,
  settlementAhead,
  opportunityAge,
  netApr,
  spread,
  breakEven,
  confidence,
  assetDenied,
  assetAllowed,
  venueDenied,
  venueAllowed,
  busyAsset,
  cooldown,
  openHedges,
  leverage,
];

/** An empty list allows every name. */
export const allows = (list: readonly string[], name: string): boolean => list.length === 0 || list.includes(name);

/** An age below zero means that the clock went back: the frame's real age is unknown. */
function fresh(rule: string, age: number | undefined, limit: number, detail: string): readonly RuleBreach[] {
  if (age === undefined) return [{ rule, limit, actual: 'none', detail }];
  if (age >= 0 && age <= limit) return NONE;
  return [{ rule, limit, actual: age, ...(age > limit && { shortfall: age - limit }), detail }];
}
