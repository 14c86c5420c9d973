/** Entries and exits: ranks what changed, closes what no longer pays, opens the best that risk approves. */
import { entryPlan, pricedFor } from '../execution/entry-plan.ts';
import { moveTo } from '../execution/next.ts';
import { planEntry } from '../execution/plan.ts';
import { routeOf } from '../execution/route.ts';
import { matched } from '../execution/shape.ts';
import type { Quote } from '../kernel/decimal.ts';
import type { HedgeId, Route } from '../kernel/ids.ts';
import { SECOND_MS } from '../kernel/instant.ts';
import type { DecisionMade } from '../ledger/facts.ts';
import type { HedgeRecord } from '../ledger/state.ts';
import { assess } from '../risk/assess.ts';
import { assessExit } from '../risk/exits.ts';
import type { RiskSettings, RiskState, RuleBreach } from '../risk/limits.ts';
import { rankAsset } from '../signal/carry.ts';
import type { Opportunity } from '../signal/opportunity.ts';
import { watchMoney } from './breakers.ts';
import { type Core, record, recordIntent, recordLater } from './core.ts';
import { watchExposure } from './exposure-watch.ts';
import { sendAttempts } from './submit.ts';
import { riskStateOf } from './valuation.ts';

/** One pass over every asset whose market changed since the last one. */
export function decide(core: Core): void {
  const assets = [...core.dirtyAssets].sort();
  core.dirtyAssets.clear();
  const now = core.clock.now();
  const signal = pricedFor(core.settings.signal, core.settings.execution);
  for (const asset of assets) core.rankings.set(asset, rankAsset(core.market, asset, signal, now));
  const equities = watchMoney(core);
  decideExits(core, new Set(assets));
  watchExposure(core);
  decideEntries(core, assets, equities);
  flushDecisions(core);
}

function decideExits(core: Core, assets: ReadonlySet<string>): void {
  for (const hedge of core.ledger.recent.values()) {
    if (hedge.state !== 'held' || !assets.has(hedge.plan.asset)) continue;
    const verdict = assessExit(
      {
        longKey: hedge.plan.longKey,
        shortKey: hedge.plan.shortKey,
        quantity: matched(hedge),
        openedAt: hedge.openedAt ?? hedge.plan.at,
      },
      core.market,
      core.settings.risk,
      core.settings.signal,
      core.clock.now(),
      core.exitMemory.get(hedge.id) ?? {},
    );
    core.exitMemory.set(hedge.id, verdict.memory);
    if (verdict.forwardApr !== undefined) core.forwardApr.set(hedge.id, verdict.forwardApr);
    else core.forwardApr.delete(hedge.id);
    if (verdict.kind === 'close') closeHedge(core, hedge, verdict.reasons);
  }
}

function closeHedge(core: Core, hedge: HedgeRecord, reasons: readonly RuleBreach[]): void {
  const detail = reasons.map((reason) => reason.detail).join('; ');
  const move = moveTo(hedge, 'exiting', reasons[0]?.rule ?? 'carry_gone', detail, { now: core.clock.now() });
  if (!record(core, [decision(core, hedge.id, hedge.plan.asset, 'exit', reasons), ...move.facts])) return;
  core.exitMemory.delete(hedge.id);
  core.forwardApr.delete(hedge.id);
}

function decideEntries(core: Core, assets: readonly string[], equities: ReadonlyMap<Route, Quote>): void {
  const states = new Map<Route, RiskState>();
  const settings: RiskSettings = {
    leverage: core.settings.execution.leverage,
    maxSlippageRate: core.settings.execution.entryPriceCapRate,
    marginReserveRate: core.settings.execution.marginReserveRate,
  };
  const candidates = assets.flatMap((asset) => core.rankings.get(asset)?.opportunities ?? []);
  candidates.sort((a, b) => b.netApr * b.confidence - a.netApr * a.confidence);
  for (const opportunity of candidates) {
    const route =
      core.settings.mode === 'paper'
        ? 'paper'
        : routeOf(opportunity.long.key, opportunity.short.key, core.settings.liveShare);
    let state = states.get(route);
    if (!state) {
      state = riskStateOf(core, route, equities.get(route));
      states.set(route, state);
    }
    const verdict = assess(opportunity, core.market, core.settings.risk, state, settings, core.clock.now());
    const breaches = verdict.kind === 'refused' ? verdict.breaches : [];
    noteVerdict(core, opportunity, route, verdict.kind, breaches);
    if (verdict.kind === 'refused') continue;
    const hedge: HedgeId = `h${core.ledger.nextHedge}`;
    const entry = entryPlan(verdict.approved, core.settings.execution);
    const plan = planEntry(verdict.approved, { ids: core.ids, hedge, route, entry, now: core.clock.now() });
    if (!recordIntent(core, plan.facts)) return;
    // The plan itself tells what was decided and why; its line in the decisions need not delay the orders.
    recordLater(core, [decision(core, opportunity.pair, opportunity.asset, 'approved', [])]);
    sendAttempts(core, plan.attempts);
    states.delete(route);
  }
}

/** Remembers the newest verdict; stores it when the verdict or the set of failing rules is news. */
function noteVerdict(
  core: Core,
  opportunity: Opportunity,
  route: Route,
  verdict: 'approved' | 'refused',
  breaches: readonly RuleBreach[],
): void {
  const known = core.verdicts.get(opportunity.pair);
  const now = core.clock.now();
  // A pair carries in one direction at a time; what was said of the other is old.
  core.verdicts.delete(`${opportunity.short.key}~${opportunity.long.key}`);
  core.verdicts.set(opportunity.pair, { opportunity, route, verdict, breaches, at: now });
  if (verdict === 'approved') return;
  const news = !known || known.verdict !== verdict || !isSameRules(known.breaches, breaches);
  if (!news) return;
  recordLater(core, [decision(core, opportunity.pair, opportunity.asset, 'refused', breaches)]);
}

/** Mostly the same rules in the same order. */
const isSameRules = (a: readonly RuleBreach[], b: readonly RuleBreach[]): boolean =>
  (a.length === b.length && a.every(({ rule }, i) => rule === b[i]?.rule)) || ruleSet(a) === ruleSet(b);

const ruleSet = (breaches: readonly RuleBreach[]): string =>
  [...new Set(breaches.map((breach) => breach.rule))].sort().join();

function decision(
  core: Core,
  subject: string,
  asset: string,
  verdict: DecisionMade['verdict'],
  reasons: readonly RuleBreach[],
): DecisionMade {
  const rules = [...new Set(reasons.map((reason) => reason.rule))].sort();
  return { kind: 'decision', subject, asset, verdict, rules, reasons: JSON.stringify(reasons), at: core.clock.now() };
}

/** Refusals wait for the next commit, at most a second: they must not cost a disk flush each. */
function flushDecisions(core: Core): void {
  // A ledger that cannot be written is tried again at its own pace, not at every frame.
  if (core.pending.length === 0 || core.storeFailure !== undefined) return;
  if (core.clock.now() - core.pendingSince >= SECOND_MS) record(core, []);
}
