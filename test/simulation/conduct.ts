/**
 * The part of the judge that a trader would write: what was ordered is done, what no longer pays is left, prices stay
 * within their caps, nothing opens where it must not. Reads the exchanges, the frames and what is durable, like the rest.
 */
import { type Px, text, toNumber } from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { AttemptIntended, Fact, HedgePlanned, HedgeState } from '../../src/ledger/facts.ts';
import { breakerId } from '../../src/ledger/state.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import { ACCOUNT } from './bot.ts';
import type { OracleWorld } from './oracle.ts';

/** A hedge that pays this much an hour, or is due for as long, is left within the time. */
const PAYS_HOURLY = 0.00005;
const LEAVE_MS = 3 * HOUR_MS;
const LEAVE_FRAMES = 3;
/** Mid and mark differ, and a tick is rounded. */
const PRICE_TOLERANCE = 0.0002;
/** The touch of a book is a little beside its mark, and books move while orders are made. */
const EXIT_TOLERANCE = 0.005;
const SIZE_TOLERANCE = 1.02;
/** An alarm comes within this time. */
const TELL_MS = 5_000;
const LEAVING: ReadonlySet<HedgeState> = new Set(['exiting', 'unwinding', 'closed', 'aborted']);
const ORDERS: ReadonlySet<string> = new Set(['kill', 'flatten', 'close']);

/** Code, and subject where it has one, of the alarm that a fact calls for. */
function alarmOf(fact: Fact): string | undefined {
  if (fact.kind === 'control' && fact.action === 'kill') return 'killed';
  if (fact.kind === 'breaker' && fact.state === 'tripped') return `breaker_tripped ${breakerId(fact)}`;
  return fact.kind === 'hedge_moved' && fact.to === 'quarantined' ? `quarantined ${fact.hedge}` : undefined;
}

interface Hedge {
  readonly plan: HedgePlanned;
  state: HedgeState;
  /** Since when, in this life of the process, frames have said that it should be left. */
  due?: { readonly since: number; frames: number; lastAt: number; knownMs: number };
}

export class Conduct {
  readonly #world: OracleWorld;
  readonly #fail: (rule: string, detail: string) => void;
  readonly #hedges = new Map<string, Hedge>();
  /** By instrument: fraction per hour as framed last, and when. */
  readonly #rates = new Map<string, { readonly hourly: number; readonly at: number }>();
  /** By instrument: both touches, as framed last and before that. */
  readonly #touches = new Map<string, { readonly now: readonly Px[]; readonly before: readonly Px[] }>();
  /** When what was last told, by code and subject. */
  readonly #toldAt = new Map<string, number>();
  /** What people must be told of, and since when. */
  #owed: { readonly what: string; since: number }[] = [];
  /** By id: the venue, and the place of the fact that says so. */
  readonly #differences = new Map<string, { readonly venue: string; readonly factAt: number }>();
  /** Reduce-only orders of a leg so far, by hedge and leg. */
  readonly #reductions = new Map<string, number>();

  constructor(world: OracleWorld, fail: (rule: string, detail: string) => void) {
    this.#world = world;
    this.#fail = fail;
  }

  /** What it had to tell died with it. */
  died(): void {
    this.#owed = [];
  }

  /** Facts may be lost with the power: what is left is read anew. */
  started(): void {
    const { facts } = this.#world.disk;
    this.#hedges.clear();
    this.#differences.clear();
    this.#reductions.clear();
    const tripped = new Set<string>();
    for (const [at, fact] of facts.entries()) {
      this.#note(fact, at);
      if (fact.kind !== 'breaker') continue;
      if (fact.state === 'tripped') tripped.add(breakerId(fact));
      else tripped.delete(breakerId(fact));
    }
    // Whoever tripped them may have died before anybody was told.
    this.#owed = [...tripped].map((id) => ({ what: `breaker_tripped ${id}`, since: this.#world.scheduler.now }));
  }

  framed(key: string, madeAt: number): void {
    const { venue, symbol } = splitKey(key);
    const funding = this.#world.rigs.get(venue)?.exchange.market(symbol)?.funding;
    if (!funding) return;
    this.#touches.set(key, { now: this.#touchesOf(key), before: this.#touches.get(key)?.now ?? [] });
    this.#rates.set(key, { hourly: Number(funding.predictedRate) / funding.intervalHours, at: madeAt });
    for (const [id, hedge] of this.#hedges) {
      if (hedge.plan.longKey === key || hedge.plan.shortKey === key) this.#judgeHolding(id, hedge);
    }
  }

  committed(facts: readonly Fact[], first: number): void {
    for (const [at, fact] of facts.entries()) {
      this.#note(fact, first + at);
      if (fact.kind === 'hedge_planned') this.#judgePlan(fact);
      const what = alarmOf(fact);
      if (what !== undefined) this.#owed.push({ what, since: this.#world.scheduler.now });
    }
    for (const fact of facts) {
      if (fact.kind !== 'control' || !ORDERS.has(fact.action)) continue;
      for (const [id, { state }] of this.#hedges) {
        const isMeant = fact.action !== 'close' || fact.subject === id;
        if (isMeant && !LEAVING.has(state)) this.#fail('obeys', `${id} is ${state} after ${fact.action}`);
      }
    }
  }

  alarmed({ code, subject }: Alarm): void {
    this.#toldAt.set(`${code} ${subject}`, this.#world.scheduler.now);
    this.#toldAt.set(code, this.#world.scheduler.now);
  }

  /** Called at every event. */
  tick(): void {
    if (this.#owed.length === 0) return;
    const { now } = this.#world.scheduler;
    this.#owed = this.#owed.filter((owed) => {
      const { what, since } = owed;
      if (!this.#world.isAwake()) owed.since = now;
      if ((this.#toldAt.get(what) ?? Number.NEGATIVE_INFINITY) >= since - TELL_MS) return false;
      if (now - since > TELL_MS) this.#fail('tells', `nobody was told: ${what}`);
      return true;
    });
  }

  /** Of every order that leaves with an intent. `marks`: as framed last, and before that. */
  left(order: OrderRequest, intent: AttemptIntended, marks: readonly number[]): void {
    const settings = this.#world.settings();
    const { execution } = settings;
    if (order.reduceOnly) {
      const tries = Math.max(0, (this.#reductions.get(`${intent.hedge} ${intent.leg}`) ?? 0) - 1);
      const cap = Math.min(execution.exitPriceCapRate * 2 ** tries, execution.exitPriceCapMaxRate) + EXIT_TOLERANCE;
      const framed = this.#touches.get(order.key);
      const touches = [...this.#touchesOf(order.key), ...(framed?.now ?? []), ...(framed?.before ?? [])];
      this.#judgePrice('exit_price', order, cap, [...marks, ...touches.map(toNumber)]);
    } else if (intent.number === 1 && intent.purpose === 'enter') {
      this.#judgePrice('entry_price', order, execution.entryPriceCapRate + PRICE_TOLERANCE, marks);
    }
  }

  /** Of orders that open and make nothing more equal. */
  opening({ clientOrderId, key }: OrderRequest, { number }: AttemptIntended, factAt: number): void {
    const settings = this.#world.settings();
    const { venue, symbol } = splitKey(key);
    const no = (rule: string, detail: string): void => this.#fail(rule, `${clientOrderId}: ${detail}`);
    if (number === 1 && settings.liveShare === 0) no('opens_not_live', 'nothing is routed to the accounts');
    const leverage = this.#world.rigs.get(venue)?.exchange.leverage(ACCOUNT, symbol) ?? 0;
    if (leverage > settings.execution.leverage) no('leverage', `${key} is at ${leverage}`);
    for (const [id, difference] of this.#differences) {
      if (difference.venue === venue && difference.factAt < factAt) no('opens_differing', `${id} is open`);
    }
  }

  #note(fact: Fact, at: number): void {
    if (fact.kind === 'attempt' && fact.reduceOnly) {
      const leg = `${fact.hedge} ${fact.leg}`;
      this.#reductions.set(leg, (this.#reductions.get(leg) ?? 0) + 1);
    }
    if (fact.kind === 'hedge_planned') this.#hedges.set(fact.hedge, { plan: fact, state: 'planned' });
    if (fact.kind === 'hedge_moved') {
      const hedge = this.#hedges.get(fact.hedge);
      if (hedge) hedge.state = fact.to;
    }
    if (fact.kind === 'discrepancy' && fact.status === 'open')
      this.#differences.set(fact.id, { venue: fact.venue, factAt: at });
    else if (fact.kind === 'discrepancy' || fact.kind === 'acceptance') this.#differences.delete(fact.id);
  }

  #judgePlan({ hedge, longKey, shortKey, quantity }: HedgePlanned): void {
    const settings = this.#world.settings();
    const hourly = (key: string): number => this.#rates.get(key)?.hourly ?? Number.NaN;
    if (hourly(longKey) >= hourly(shortKey)) this.#fail('direction', `${hedge} is long where the rate is higher`);
    const most = Math.max(settings.risk.size.hedgeNotionalUsd, settings.signal.notionalUsd) * SIZE_TOLERANCE;
    for (const key of [longKey, shortKey]) {
      const { venue, symbol } = splitKey(key);
      const mark = this.#world.rigs.get(venue)?.exchange.market(symbol)?.mark;
      const usd = mark ? toNumber(quantity) * toNumber(mark) : 0;
      if (usd > most) this.#fail('size', `${hedge} is planned with ${usd.toFixed(0)} USD on ${key}`);
    }
  }

  #judgeHolding(id: string, hedge: Hedge): void {
    const { now } = this.#world.scheduler;
    const long = this.#rates.get(hedge.plan.longKey);
    const short = this.#rates.get(hedge.plan.shortKey);
    const isLeft = hedge.state !== 'held' || !long || !short;
    if (!isLeft && long.at !== short.at) return;
    if (isLeft || !this.#isDue(hedge, short.hourly - long.hourly)) {
      delete hedge.due;
      return;
    }
    const { data, exit } = this.#world.settings().risk;
    hedge.due ??= { since: now, frames: 0, lastAt: now, knownMs: 0 };
    const { due } = hedge;
    due.frames += 1;
    // Beyond this age funding may count as unknown, and unknown time confirms nothing.
    due.knownMs += Math.min(now - due.lastAt, data.maxFundingAgeMs);
    due.lastAt = now;
    const isKnown = due.knownMs > exit.confirmMinutes * MINUTE_MS;
    if (isKnown && due.frames > LEAVE_FRAMES && now - due.since > LEAVE_MS)
      this.#fail('carry_gone', `${id} should have been left for ${Math.round((now - due.since) / 60_000)} min`);
  }

  #isDue({ plan }: Hedge, hourlySpread: number): boolean {
    const { maxHoldHours } = this.#world.settings().risk.exit;
    // By the bot's own clock, which may be an hour off.
    const heldMs = this.#world.scheduler.now - plan.at;
    return hourlySpread < -PAYS_HOURLY || (maxHoldHours > 0 && heldMs > (maxHoldHours + 1) * HOUR_MS);
  }

  /** Both sides of its book as it is now. */
  #touchesOf(key: string): Px[] {
    const { venue, symbol } = splitKey(key);
    const market = this.#world.rigs.get(venue)?.exchange.market(symbol);
    return [market?.bids[0], market?.asks[0]].flatMap((level) => (level ? [level.price] : []));
  }

  #judgePrice(
    rule: string,
    { clientOrderId, side, limitPrice }: OrderRequest,
    cap: number,
    near: readonly number[],
  ): void {
    const limit = toNumber(limitPrice);
    const isBeyond = side === 'buy' ? limit > Math.max(...near) * (1 + cap) : limit < Math.min(...near) * (1 - cap);
    if (near.length > 0 && isBeyond)
      this.#fail(rule, `${clientOrderId} ${side} at ${text(limitPrice)} beside ${near.join(', ')}`);
  }
}
