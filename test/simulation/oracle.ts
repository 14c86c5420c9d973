/**
 * The judge. It reads the exchanges' books, what crosses the wire and what is durable; it knows no decision code. Every
 * rule is checked when what it is about happens, bounds of time at every event. Entry point: `Oracle`.
 *
 * Naked means: an asset's positions over all venues, without what a human holds, net to a common lot or more. Bounds, in virtual time, counted from the later of the beginning and the end of what impaired a venue,
 * market or the process involved: 10 s from the beginning, 30 s after an impairment; while the private stream is silent,
 * one interval of the polls of positions more. An alarm within 5 s of the moment from which the bot can know.
 */

import type { EngineSettings } from '../../src/engine/settings.ts';
import {
  abs,
  add,
  type Base,
  contractsToBase,
  gt,
  gte,
  isZero,
  lt,
  max,
  min,
  neg,
  type Px,
  px,
  sub,
  text,
  toNumber,
  ZERO_BASE,
} from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import type {
  AttemptIntended,
  AttemptOutcome,
  AttemptStatus,
  BreakerSwitched,
  DifferenceAccepted,
  DiscrepancyNoted,
  Fact,
  HedgeState,
} from '../../src/ledger/facts.ts';
import { breakerId } from '../../src/ledger/state.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import type { SubmitOutcome, Venue } from '../../src/ports/venue.ts';
import type { ExchangeEvent, ExchangeTrade } from '../../src/simulator/exchange/api.ts';
import { ACCOUNT } from './bot.ts';
import { Conduct } from './conduct.ts';
import { type Fault, faultClass } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { Rig } from './sim-venue.ts';
import type { Disk } from './store.ts';

export interface Violation {
  readonly rule: string;
  readonly detail: string;
  readonly atMs: number;
}

const NAKED_MS = 10_000;
const AFTER_IMPAIRMENT_MS = 30_000;
const ALARM_MS = 5_000;
/** From a fill at the venue to its news at the bot and one more answer. */
const NEWS_MS = 1_500;
/** Mark and book differ, and both have moved since the limit was held against them. */
const EXPOSURE_TOLERANCE = 0.02;
const NAKED_ALARMS: ReadonlySet<string> = new Set([
  // Told that the venue holds less: what the excess is then is the venue's word against the ledger's.
  'position_confirmed',
  'naked_leg',
  'naked_too_long',
  'order_unknown',
  'quarantined',
  'killed',
  'emergency_blind',
  'emergency_beyond',
]);
const EMERGENCY_ID = /^[a-z0-9]{14}[xy][a-z0-9]{3}$/;
/** From a reading of positions to an order on it, and the way of both. */
const EMERGENCY_READ_MS = 5_000;
/** While nothing can be written: noticed with the next write, then positions are read twice, well apart. */
const EMERGENCY_MS = 10_000;
const READS: readonly string[] = ['positions', 'openOrders', 'balance', 'fills', 'payments'];
const FINAL: ReadonlySet<AttemptStatus | 'intended'> = new Set([
  'filled',
  'canceled',
  'expired',
  'rejected',
  'proven_absent',
]);

const NO_PRICE = px('0');

interface Sent {
  readonly order: OrderRequest;
  readonly venue: string;
  /** Still on their way. */
  copies: number;
  readonly leftAt: number;
  arrivedAt: number | undefined;
}

interface Attempt {
  readonly intent: AttemptIntended;
  status: AttemptStatus | 'intended';
  readonly factAt: number;
}

interface Naked {
  readonly since: number;
  /** From then on every trade of it is booked and the process runs: the bot knows, whatever its venues do. */
  knownAt: number | undefined;
  /** What impaired it has ended, as far as it was seen. */
  until: number;
  alarmed: boolean;
}

export interface OracleWorld {
  readonly scheduler: Scheduler;
  readonly startAt: number;
  readonly rigs: ReadonlyMap<string, Rig>;
  readonly disk: Disk;
  settings(): EngineSettings;
  isRunning(): boolean;
  /** It runs, and is not stopped by a signal. */
  isAwake(): boolean;
}

export class Oracle {
  violation: Violation | undefined;
  /** Moves of hedges and of order attempts, counted. */
  readonly transitions = new Map<string, number>();
  readonly attempts = new Map<string, Attempt>();
  readonly #keys = new Map<string, ReadonlyMap<string, string>>();
  readonly sent = new Map<string, Sent>();
  /** Orders that have not arrived everywhere yet. */
  readonly #underWay = new Set<string>();
  readonly #legs = new Map<string, string[]>();
  readonly #world: OracleWorld;
  readonly #positions = new Map<string, Base>();
  readonly #foreign = new Map<string, Base>();
  /** Of the newest plan for each symbol. */
  readonly #commonLots = new Map<string, Base>();
  /** Instruments of the newest plan for each symbol. */
  readonly #planned = new Map<string, readonly string[]>();
  /** Of hedges; and since when they are neither held nor over. */
  readonly #symbols = new Map<string, string>();
  readonly #restless = new Map<string, number>();
  readonly #touchedAt = new Map<string, number>();
  /** When a position last changed. */
  readonly #movedAt = new Map<string, number>();
  /** By client order id; and when a symbol last had more executed than was ordered. */
  readonly #executed = new Map<string, Base>();
  readonly #takenTwiceAt = new Map<string, number>();
  /** When something last traded that the ledger cannot have expected. */
  #surprisedAt = Number.NEGATIVE_INFINITY;
  readonly #naked = new Map<string, Naked>();
  /** Active impairments by what they impair, and when the last one ended. */
  readonly #impaired = new Map<string, { active: number; until: number }>();
  readonly #framesAt = new Map<string, number>();
  /** As last framed, and before that. */
  readonly #marks = new Map<string, { readonly mark: Px; readonly before: Px | undefined }>();
  readonly #reads = new Map<string, Set<string>>();
  /** Venues where a human holds something. */
  readonly #foreignSince = new Map<string, number>();
  readonly #lyingUntil = new Map<string, number>();
  readonly #activeLies = new Map<string, number>();
  /** Orders that only a human can still tell about, by venue. */
  readonly #lostOrders = new Map<string, Set<string>>();
  /** Trades that no durable fact tells yet, by venue; each with its symbol. */
  readonly #unbooked = new Map<string, Map<string, string>>();
  /** Tripped breakers, with the place of the fact that says so. */
  readonly #tripped = new Map<string, { fact: BreakerSwitched; factAt: number; since: number }>();
  readonly #conduct: Conduct;
  #paused = false;
  #killed = false;
  #aliveSince = 0;
  #isDown = false;

  constructor(world: OracleWorld) {
    this.#world = world;
    this.#conduct = new Conduct(world, (rule, detail) => this.fail(rule, detail));
    for (const [id, rig] of world.rigs) {
      rig.exchange.listen((event) => this.#onExchange(id, event));
    }
  }

  /** Longest and present naked times, for the figures. */
  worstNakedMs = 0;

  fail(rule: string, detail: string): void {
    this.violation ??= { rule, detail, atMs: this.#world.scheduler.now - this.#world.startAt };
  }

  /** A human's own position, which the bot must leave alone. */
  foreign(venue: string, symbol: string, signed: Base): void {
    const key = `${venue}|${symbol}`;
    const held = add(this.#foreign.get(key) ?? ZERO_BASE, signed);
    this.#foreign.set(key, held);
    if (isZero(held)) this.#foreignSince.delete(venue);
    else this.#foreignSince.set(venue, this.#world.scheduler.now);
    this.#judgeAsset(symbol);
  }

  foreignOf(venue: string, symbol: string): Base {
    return this.#foreign.get(`${venue}|${symbol}`) ?? ZERO_BASE;
  }

  // What impairs.

  impair(fault: Fault, change: 1 | -1): void {
    const { impairs, kind } = { ...faultClass(fault.kind), kind: fault.kind };
    if (kind === 'wrong_empty' || kind === 'lagging_lists' || kind === 'wrong_positions')
      this.#lies(fault.venue, change);
    if (impairs === 'nothing') return;
    if (impairs === 'belief') {
      for (const what of ['venue', 'sight', 'belief']) this.#impairedBy(`${what} ${fault.venue}`, change);
      return;
    }
    const name =
      impairs === 'process' || impairs === 'ledger'
        ? impairs
        : impairs === 'market'
          ? `${fault.venue}|${fault.asset}`
          : `${impairs} ${fault.venue}`;
    this.#impairedBy(name, change);
  }

  /** Lies may overlap; what was read of the last one is believed for a minute more. */
  #lies(venue: string, change: 1 | -1): void {
    const active = (this.#activeLies.get(venue) ?? 0) + change;
    this.#activeLies.set(venue, active);
    this.#lyingUntil.set(venue, active > 0 ? Number.POSITIVE_INFINITY : this.#world.scheduler.now + 60_000);
  }

  #impairedBy(name: string, ...changes: (1 | -1)[]): void {
    const state = this.#impaired.get(name) ?? { active: 0, until: Number.NEGATIVE_INFINITY };
    for (const change of changes) state.active += change;
    state.until = this.#world.scheduler.now;
    this.#impaired.set(name, state);
  }

  died(): void {
    // A start that failed has not begun: it is still the same absence.
    if (!this.#isDown) this.#impairedBy('process', 1);
    this.#isDown = true;
    this.#conduct.died();
    const { disk } = this.#world;
    for (const [id, attempt] of this.attempts) if (attempt.factAt >= disk.facts.length) this.attempts.delete(id);
  }

  started(): void {
    const { now } = this.#world.scheduler;
    if (this.#isDown) this.#impairedBy('process', -1);
    this.#isDown = false;
    this.#aliveSince = now;
    this.#reads.clear();
    this.#framesAt.clear();
    this.#conduct.started();
  }

  // What crosses the wire.

  framed(venue: string, symbol: string, madeAt: number): void {
    const key = `${venue}|${symbol}`;
    const mark = this.#world.rigs.get(venue)?.exchange.market(symbol)?.mark ?? NO_PRICE;
    const last = this.#marks.get(key);
    this.#marks.set(key, { mark, before: this.#framesAt.get(key) === madeAt ? last?.before : last?.mark });
    this.#framesAt.set(key, madeAt);
    this.#conduct.framed(key, madeAt);
  }

  answered(venue: string, what: string, ok: boolean): void {
    if (!ok || !READS.includes(what)) return;
    const reads = this.#reads.get(venue) ?? new Set();
    this.#reads.set(venue, reads.add(what));
  }

  left(venue: Venue, order: OrderRequest, copies: number, isAnswered: boolean): void {
    const { symbol } = splitKey(order.key);
    const attempt = this.attempts.get(order.clientOrderId);
    const { disk, scheduler } = this.#world;
    const isEmergency = !attempt && disk.failing !== undefined && EMERGENCY_ID.test(order.clientOrderId);
    if (isEmergency) this.#judgeEmergency(venue.id, symbol, order);
    this.#touchedAt.set(`${venue.id}|${symbol}`, scheduler.now);
    // One answer may be lost within the bound; a venue that loses the next one too does not answer.
    if (!isAnswered && this.#naked.has(symbol)) this.#impairedBy(`venue ${venue.id}`, 1, -1);
    if (!isEmergency && (!attempt || attempt.factAt >= disk.durable))
      this.fail('durable_first', `${order.clientOrderId} left before its intent was durable`);
    if (this.sent.has(order.clientOrderId)) this.fail('sent_once', `${order.clientOrderId} left twice`);
    this.#underWay.add(order.clientOrderId);
    this.sent.set(order.clientOrderId, { order, venue: venue.id, copies, leftAt: scheduler.now, arrivedAt: undefined });
    if (!attempt) return;
    this.#conduct.left(order, attempt.intent, this.#marksOf(order.key));
    const { hedge, leg, purpose } = attempt.intent;
    for (const id of this.#legs.get(`${hedge} ${leg}`) ?? []) {
      const other = this.attempts.get(id);
      if (id !== order.clientOrderId && other && !FINAL.has(other.status))
        this.fail('one_at_a_time', `${order.clientOrderId} left beside ${id}, which is ${other.status}`);
    }
    const opens = purpose === 'enter' || purpose === 'complete';
    if (!opens && !order.reduceOnly) this.fail('reduce_only', `${purpose} ${order.clientOrderId} may open`);
    if (opens) this.#judgeOpening(venue.id, symbol, attempt.intent, order);
  }

  #marksOf(key: string): number[] {
    const known = this.#marks.get(key);
    return [known?.mark, known?.before].flatMap((mark) => (mark ? [toNumber(mark)] : []));
  }

  arrived(venue: Venue, order: OrderRequest, outcome: SubmitOutcome): void {
    const sent = this.sent.get(order.clientOrderId);
    if (sent) {
      sent.copies -= 1;
      if (sent.copies <= 0) this.#underWay.delete(order.clientOrderId);
      if (outcome.kind === 'acked') sent.arrivedAt = this.#world.scheduler.now;
    }
    const status = this.attempts.get(order.clientOrderId)?.status;
    if (outcome.kind === 'acked' && status === 'rejected')
      this.fail('truthful_outcome', `${order.clientOrderId} is recorded as rejected; ${venue.id} accepts it`);
  }

  // What is durable.

  committed(facts: readonly Fact[]): void {
    const first = this.#world.disk.facts.length - facts.length;
    for (const [at, fact] of facts.entries()) {
      switch (fact.kind) {
        case 'attempt':
          this.#onIntent(fact, first + at);
          break;
        case 'outcome':
          this.#onOutcome(fact);
          break;
        case 'discrepancy':
        case 'acceptance':
          this.#onLostOrder(fact);
          break;
        case 'fill':
          this.#unbookedOn(fact.fill.venue).delete(fact.fill.tradeId);
          break;
        case 'hedge_planned':
          this.#commonLots.set(splitKey(fact.longKey).symbol, fact.commonLot);
          this.#planned.set(splitKey(fact.longKey).symbol, [fact.longKey, fact.shortKey]);
          this.#symbols.set(fact.hedge, splitKey(fact.longKey).symbol);
          break;
        case 'hedge_moved':
          this.#onMoved(fact.hedge, fact.to);
          this.#count(`hedge ${fact.from} -> ${fact.to}`);
          break;
        case 'breaker':
          this.#onBreaker(fact, first + at);
          break;
        case 'control':
          if (fact.action === 'pause') this.#paused = true;
          if (fact.action === 'resume') this.#paused = false;
          if (fact.action === 'kill') this.#killed = true;
          if (fact.action === 'kill_reset') this.#killed = false;
      }
    }
    this.#conduct.committed(facts, first);
  }

  alarmed(alarm: Alarm): void {
    this.#conduct.alarmed(alarm);
    if (!NAKED_ALARMS.has(alarm.code)) return;
    for (const [symbol, naked] of this.#naked) {
      const asset = symbol.slice(0, symbol.indexOf('/'));
      const isOf =
        this.#symbols.get(alarm.subject) === symbol ||
        alarm.subject.split('|').some((part) => part === asset || part === symbol);
      if (isOf) naked.alarmed = true;
    }
  }

  #onMoved(hedge: string, to: HedgeState): void {
    if (to === 'held' || to === 'closed' || to === 'aborted') this.#restless.delete(hedge);
    else if (!this.#restless.has(hedge)) this.#restless.set(hedge, this.#world.scheduler.now);
  }

  hasLostOrder(venue: string): boolean {
    return (this.#lostOrders.get(venue)?.size ?? 0) > 0;
  }

  #onBreaker(fact: BreakerSwitched, factAt: number): void {
    this.#count(`breaker ${fact.name} ${fact.state}`);
    if (fact.state === 'tripped')
      this.#tripped.set(breakerId(fact), { fact, factAt, since: this.#world.scheduler.now });
    else this.#tripped.delete(breakerId(fact));
  }

  /** Breakers that have stood tripped for longer. */
  trippedFor(ms: number): string[] {
    const { now } = this.#world.scheduler;
    return [...this.#tripped].filter(([, { since }]) => now - since > ms).map(([id]) => id);
  }

  #onLostOrder(fact: DiscrepancyNoted | DifferenceAccepted): void {
    const known = this.#lostOrders.get(fact.venue) ?? new Set<string>();
    if (fact.kind === 'discrepancy' && fact.what === 'order_fate' && fact.status === 'open') known.add(fact.id);
    else known.delete(fact.id);
    this.#lostOrders.set(fact.venue, known);
  }

  #onIntent(fact: AttemptIntended, factAt: number): void {
    this.attempts.set(fact.clientOrderId, { intent: fact, status: 'intended', factAt });
    const leg = `${fact.hedge} ${fact.leg}`;
    const ids = this.#legs.get(leg) ?? [];
    ids.push(fact.clientOrderId);
    this.#legs.set(leg, ids);
  }

  #onOutcome(fact: AttemptOutcome): void {
    const attempt = this.attempts.get(fact.clientOrderId);
    if (!attempt) return;
    this.#count(`order ${attempt.status} -> ${fact.status}`);
    attempt.status = fact.status;
    const { venue, symbol } = splitKey(attempt.intent.key);
    const rig = this.#world.rigs.get(venue);
    // An order that was delivered twice is two there: the fact is about one of them.
    const ref = fact.venueOrderId ? { orderId: fact.venueOrderId } : { clientOrderId: fact.clientOrderId };
    const order = rig?.exchange.order(ACCOUNT, symbol, ref);
    const lie = (detail: string): void =>
      this.fail('truthful_outcome', `${fact.clientOrderId} is recorded as ${fact.status}; ${detail}`);
    switch (fact.status) {
      case 'filled':
      case 'canceled':
      case 'expired':
        if (!order || order.status === 'open') lie(`at the venue it is ${order?.status ?? 'unknown'}`);
        return;
      case 'rejected':
        if (order) lie(`at the venue it is ${order.status}`);
        return;
      case 'proven_absent':
        // A human's word is not the bot's.
        if (fact.code !== 'accepted' && order && this.#isKnowable(venue, fact.clientOrderId))
          lie(`at the venue it is ${order.status}`);
    }
  }

  /** The venue tells the truth, and took the order within the time in which a request is valid. */
  #isKnowable(venue: string, clientOrderId: string): boolean {
    const sent = this.sent.get(clientOrderId);
    const tookMs = (sent?.arrivedAt ?? 0) - (sent?.leftAt ?? 0);
    const isLate = tookMs > this.#world.settings().execution.lookup.minValidityMs;
    return !isLate && (this.#lyingUntil.get(venue) ?? 0) < this.#world.scheduler.now;
  }

  // What happens at the venues.

  #onExchange(venue: string, event: ExchangeEvent): void {
    if (event.kind !== 'order' || !event.trade || event.account !== ACCOUNT) return;
    const { trade } = event;
    const key = `${venue}|${trade.symbol}`;
    this.#unbookedOn(venue).set(trade.tradeId, trade.symbol);
    const before = this.#positions.get(key) ?? ZERO_BASE;
    const signed = this.#signed(venue, trade);
    const after = add(before, signed);
    this.#positions.set(key, after);
    const held = this.#foreign.get(key) ?? ZERO_BASE;
    // What is forced takes what a human holds first; a reduction that was proven absent, and came all the same, last.
    const attempt = this.attempts.get(trade.clientOrderId);
    const isLate = attempt?.status === 'proven_absent' && attempt.intent.reduceOnly;
    const taken = trade.cause !== 'order' ? signed : isLate ? beyond(sub(before, held), signed) : ZERO_BASE;
    if (!isZero(taken) && !isZero(held) && held.s !== taken.s)
      this.foreign(venue, trade.symbol, lt(abs(taken), abs(held)) ? taken : neg(held));
    this.#touchedAt.set(key, this.#world.scheduler.now);
    this.#movedAt.set(key, this.#world.scheduler.now);
    this.#noteExecuted(trade.clientOrderId, abs(signed), trade.symbol);
    const flips = before.s !== after.s && !isZero(before) && !isZero(after);
    if (flips && trade.clientOrderId !== '' && isZero(this.#foreign.get(key) ?? ZERO_BASE))
      this.fail('never_flips', `${trade.clientOrderId} took ${key} from ${text(before)} to ${text(after)}`);
    this.#judgeAsset(trade.symbol);
  }

  #unbookedOn(venue: string): Map<string, string> {
    const trades = this.#unbooked.get(venue) ?? new Map<string, string>();
    this.#unbooked.set(venue, trades);
    return trades;
  }

  /** A request that was taken twice fills more than was ordered. */
  #noteExecuted(clientOrderId: string, quantity: Base, symbol: string): void {
    if (clientOrderId === '') return;
    const executed = add(this.#executed.get(clientOrderId) ?? ZERO_BASE, quantity);
    this.#executed.set(clientOrderId, executed);
    const sent = this.sent.get(clientOrderId);
    const isTwice = sent !== undefined && gt(executed, sent.order.quantity);
    if (isTwice) this.#takenTwiceAt.set(symbol, this.#world.scheduler.now);
    if (isTwice || FINAL.has(this.attempts.get(clientOrderId)?.status ?? 'intended'))
      this.#surprisedAt = this.#world.scheduler.now;
  }

  #signed(venue: string, trade: ExchangeTrade): Base {
    const market = this.#world.rigs.get(venue)?.exchange.market(trade.symbol);
    if (!market) throw new Error(`no market ${venue}|${trade.symbol}`);
    const quantity = contractsToBase(trade.contracts, market.instrument.contractSize);
    return trade.side === 'buy' ? quantity : neg(quantity);
  }

  /** The bot's own position: what a human holds is not its business. */
  own(venue: string, symbol: string): Base {
    return this.#ownAt(this.#keysOf(symbol).get(venue) ?? '');
  }

  #ownAt(key: string): Base {
    const foreign = this.#foreign.get(key);
    const position = this.#positions.get(key) ?? ZERO_BASE;
    return foreign ? sub(position, foreign) : position;
  }

  /** By venue. Most events ask for them. */
  #keysOf(symbol: string): ReadonlyMap<string, string> {
    const known = this.#keys.get(symbol);
    if (known) return known;
    const keys = new Map([...this.#world.rigs.keys()].map((venue) => [venue, `${venue}|${symbol}`]));
    this.#keys.set(symbol, keys);
    return keys;
  }

  /** The bot's own on all venues together. */
  #netOf(symbol: string): Base {
    let net = ZERO_BASE;
    for (const key of this.#keysOf(symbol).values()) net = add(net, this.#ownAt(key));
    return net;
  }

  isNaked(symbol: string): boolean {
    const net = this.#netOf(symbol);
    if (isZero(net) || lt(abs(net), this.#commonLots.get(symbol) ?? ZERO_BASE)) return false;
    return gte(abs(net), this.#smallestOrder(symbol));
  }

  /** What is too much lies behind a human's opposite position: no order can reduce it before they close theirs. */
  #isHidden(symbol: string): boolean {
    const owns = [...this.#world.rigs.keys()].map((venue) => ({ venue, own: this.own(venue, symbol) }));
    const net = owns.reduce((total, { own }) => add(total, own), ZERO_BASE);
    const able = owns.reduce((total, { venue, own }) => {
      const position = this.#positions.get(this.#keysOf(symbol).get(venue) ?? '') ?? ZERO_BASE;
      return own.s === net.s && position.s === net.s ? add(total, min(abs(own), abs(position))) : total;
    }, ZERO_BASE);
    return lt(able, max(this.#commonLots.get(symbol) ?? ZERO_BASE, this.#smallestOrder(symbol))) && lt(able, abs(net));
  }

  /** What no venue where something stands takes an order for cannot be made equal: dust. */
  #smallestOrder(symbol: string): Base {
    let smallest = ZERO_BASE;
    const keys = this.#keysOf(symbol);
    for (const [venue, { exchange }] of this.#world.rigs) {
      const instrument = isZero(this.#ownAt(keys.get(venue) ?? '')) ? undefined : exchange.market(symbol)?.instrument;
      if (instrument) smallest = max(smallest, contractsToBase(instrument.minContracts, instrument.contractSize));
    }
    return smallest;
  }

  isDust(venue: string, symbol: string): boolean {
    return lt(abs(this.own(venue, symbol)), this.#smallestOrder(symbol));
  }

  /** How long something has been going on with a symbol, ms; undefined while all is at rest. */
  restlessForMs(symbol: string): number | undefined {
    const since = [...this.#restless].filter(([hedge]) => this.#symbols.get(hedge) === symbol).map(([, at]) => at);
    const naked = this.#naked.get(symbol);
    if (naked) since.push(naked.since);
    return since.length === 0 ? undefined : this.#world.scheduler.now - Math.min(...since);
  }

  /** Hedged or flat: not naked, and nothing stands on one venue alone. */
  isAtRest(symbol: string): boolean {
    const standing = [...this.#world.rigs.keys()].filter((venue) => !isZero(this.own(venue, symbol)));
    if (this.isNaked(symbol)) return false;
    return standing.length !== 1 || standing.every((venue) => this.isDust(venue, symbol));
  }

  #judgeAsset(symbol: string): void {
    const { now } = this.#world.scheduler;
    if (!this.isNaked(symbol)) this.#naked.delete(symbol);
    else if (!this.#naked.has(symbol))
      this.#naked.set(symbol, { since: now, knownAt: undefined, until: Number.NEGATIVE_INFINITY, alarmed: false });
  }

  /** Called at every event: bounds of time. */
  tick(): void {
    this.#conduct.tick();
    if (this.#naked.size === 0) return;
    for (const venue of this.#world.rigs.keys()) {
      const isBlind = (this.#impaired.get(`lists ${venue}`)?.active ?? 0) > 0 && this.#unbookedOn(venue).size > 0;
      if (isBlind || this.hasLostOrder(venue)) this.#impairedBy(`venue ${venue}`, 1, -1);
    }
    const { now } = this.#world.scheduler;
    for (const [symbol, naked] of this.#naked) {
      // What an order can be as small as may have changed.
      if (!this.isNaked(symbol)) {
        this.#naked.delete(symbol);
        continue;
      }
      if (this.#isHidden(symbol)) this.#impairedBy(`hidden ${symbol}`, 1, -1);
      const { until: lastUntil, sightMs, ledgerMs } = this.#impairedUntil(symbol, naked.since);
      // An order of unknown fate that has its end lets go of its venue only now.
      naked.until = Math.max(naked.until, lastUntil);
      const { until } = naked;
      const clear = now - Math.max(naked.since, until);
      this.worstNakedMs = Math.max(this.worstNakedMs, clear);
      const bound = Math.max(naked.since + NAKED_MS, until + AFTER_IMPAIRMENT_MS) + sightMs + ledgerMs;
      const told = (): string => `${symbol} for ${now - naked.since} ms: ${this.describe(symbol)}`;
      if (now > bound) this.fail('naked', told());
      const knows = Math.max(naked.since, until + AFTER_IMPAIRMENT_MS - ALARM_MS, this.#aliveSince);
      if (!naked.alarmed && now > knows + ALARM_MS + NEWS_MS + sightMs + ledgerMs)
        this.fail('alarm', `no alarm while ${told()}`);
      if (this.#isUntold(symbol, naked.since)) naked.knownAt = undefined;
      else naked.knownAt ??= now;
      if (!naked.alarmed && now > (naked.knownAt ?? now) + ALARM_MS + NEWS_MS)
        this.fail('alarm', `no alarm though all is booked, while ${told()}`);
    }
  }

  /** Some trade of it is not booked, a venue's word on its positions is believed that is wrong, or the process cannot act. */
  #isUntold(symbol: string, since: number): boolean {
    if (['process', 'ledger'].some((name) => (this.#impaired.get(name)?.active ?? 0) > 0)) return true;
    if ([...this.#world.rigs.keys()].some((venue) => this.#isMisled(venue, since))) return true;
    return [...this.#unbooked.values()].some((trades) => [...trades.values()].includes(symbol));
  }

  describe(symbol: string): string {
    return [...this.#world.rigs.keys()].map((venue) => `${venue} ${text(this.own(venue, symbol))}`).join(', ');
  }

  #impairedUntil(symbol: string, since: number): { until: number; sightMs: number; ledgerMs: number } {
    const { now } = this.#world.scheduler;
    const asset = symbol.slice(0, symbol.indexOf('/'));
    let until = Math.max(this.#impairedTill('process'), this.#impairedTill(`hidden ${symbol}`));
    const ledger = this.#impaired.get('ledger');
    const isFull = ledger !== undefined && ledger.active > 0;
    let sightMs = 0;
    for (const [venue, key] of this.#keysOf(symbol)) {
      const isTouched = (this.#touchedAt.get(key) ?? 0) >= since - 60_000;
      if (!isTouched && isZero(this.#ownAt(key)) && !this.#planned.get(symbol)?.includes(key)) continue;
      const { positionsEveryMs } = this.#world.settings();
      const isMisled = this.#isMisled(venue, since);
      const isUnseen = (this.#impaired.get(`sight ${venue}`)?.active ?? 0) > 0;
      if (isMisled || isUnseen) sightMs = positionsEveryMs + AFTER_IMPAIRMENT_MS;
      if (!isUnseen) until = Math.max(until, this.#impairedTill(`sight ${venue}`));
      if (!isMisled && !isFull && !this.#isConcerned(venue, symbol)) continue;
      until = Math.max(until, this.#impairedTill(`venue ${venue}`), this.#impairedTill(`${venue}|${asset}`));
    }
    // What was never ordered is a stranger's until a ledger can book it: it is told, and left alone.
    const isBeside = [...this.#world.rigs.keys()].some((venue) => !isZero(this.foreignOf(venue, symbol)));
    if (isFull && (isBeside || (this.#takenTwiceAt.get(symbol) ?? 0) >= since - 60_000)) until = now;
    if (ledger && !isFull) until = Math.max(until, ledger.until);
    return { until, sightMs, ledgerMs: isFull ? EMERGENCY_MS : 0 };
  }

  /** What was told for long is believed until the next poll, and acted on. */
  #isMisled(venue: string, since: number): boolean {
    return this.#impairedTill(`belief ${venue}`) + this.#world.settings().positionsEveryMs > since;
  }

  /** The end of what impairs it, or impaired it last; now while it goes on. */
  #impairedTill(name: string): number {
    const state = this.#impaired.get(name);
    return !state ? Number.NEGATIVE_INFINITY : state.active > 0 ? this.#world.scheduler.now : state.until;
  }

  /** Whether what makes the legs equal has anything to do with a venue: its excess, an order there, news from there. */
  #isConcerned(venue: string, symbol: string): boolean {
    const own = this.own(venue, symbol);
    if (own.s === this.#netOf(symbol).s && !isZero(own)) return true;
    if (this.#unbookedOn(venue).size > 0) return true;
    const key = this.#keysOf(symbol).get(venue);
    for (const { intent, status } of this.attempts.values()) if (intent.key === key && !FINAL.has(status)) return true;
    return false;
  }

  #judgeOpening(venue: string, symbol: string, intent: AttemptIntended, order: OrderRequest): void {
    const { purpose, number } = intent;
    const settings = this.#world.settings();
    const { now } = this.#world.scheduler;
    const no = (rule: string, detail: string): void => this.fail(rule, `${purpose} ${order.clientOrderId}: ${detail}`);
    if (this.#killed) no('opens_killed', 'the kill switch is latched');
    const frameAt = this.#framesAt.get(`${venue}|${symbol}`);
    // A first order is judged by its book's stamp and by its arrival, each within the limit.
    const oldestMs = settings.risk.data.maxBookAgeMs * (number === 1 ? 2 : 1);
    if (frameAt === undefined || now - frameAt > oldestMs)
      no(
        'opens_stale',
        `the newest book of ${venue} ${symbol} is ${frameAt === undefined ? 'missing' : `${now - frameAt} ms old`}`,
      );
    // What makes the legs more equal hedges; it need not wait for anything.
    if (purpose === 'complete' || this.#hedges(symbol, order)) return;
    this.#conduct.opening(order, intent, this.attempts.get(order.clientOrderId)?.factAt ?? 0);
    if (this.#paused || settings.paused) no('opens_paused', 'openings are paused');
    if (this.#knowsOfForeign(venue)) no('opens_beside_human', `a human holds something on ${venue}`);
    const factAt = this.attempts.get(order.clientOrderId)?.factAt ?? 0;
    for (const { fact, factAt: trippedAt } of this.#tripped.values()) {
      const isOf = ['', venue, symbol.slice(0, symbol.indexOf('/'))].includes(fact.subject);
      if (isOf && trippedAt < factAt) no('opens_tripped', `${fact.name} ${fact.subject} has tripped`);
    }
    if (!settings.enabledVenues.has(venue)) no('opens_disabled', `${venue} is turned off`);
    const { deny } = settings.risk;
    if (deny.venues.includes(venue) || deny.assets.includes(symbol.slice(0, symbol.indexOf('/'))))
      no('opens_denied', `${venue} ${symbol} is denied`);
    const unread = READS.filter((read) => !this.#reads.get(venue)?.has(read));
    if (unread.length > 0) no('opens_unreconciled', `${venue} was not read since the start: ${unread.join(', ')}`);
    this.#judgeExposure(venue, symbol, settings, no);
  }

  /** What leaves while nothing can be durable: it reduces, by no more than the venue holds and no more than is naked. */
  #judgeEmergency(venue: string, symbol: string, { clientOrderId, side, quantity, reduceOnly }: OrderRequest): void {
    if (!reduceOnly) this.fail('reduce_only', `emergency ${clientOrderId} may open`);
    const { now } = this.#world.scheduler;
    const venues = [...this.#world.rigs.keys()];
    // What has changed since the positions were read cannot be known.
    if (venues.some((id) => (this.#movedAt.get(`${id}|${symbol}`) ?? 0) > now - EMERGENCY_READ_MS)) return;
    const closes = (held: Base): boolean => held.s === (side === 'sell' ? 1 : -1) && gte(abs(held), quantity);
    const net = this.#netOf(symbol);
    // Positions that a venue lies about, time and again, are all that there is to go by.
    const isLiedTo = [...this.#lyingUntil.values()].some((until) => until > now);
    if (!isLiedTo && (!closes(this.own(venue, symbol)) || !closes(net)))
      this.fail('emergency_size', `${clientOrderId} ${side} ${text(quantity)} on ${venue}: ${this.describe(symbol)}`);
  }

  #hedges(symbol: string, { side, quantity }: OrderRequest): boolean {
    const net = this.#netOf(symbol);
    return net.s === (side === 'buy' ? -1 : 1) && gte(abs(net), quantity);
  }

  /** The stream has told, or a poll of the positions has had its time. */
  #knowsOfForeign(venue: string): boolean {
    const since = this.#foreignSince.get(venue);
    if (since === undefined) return false;
    const { now } = this.#world.scheduler;
    const impaired = ['process', `venue ${venue}`, `sight ${venue}`].map((name) => this.#impaired.get(name));
    if (impaired.some((state) => state && (state.active > 0 || state.until > since))) return false;
    return now - since > NEWS_MS;
  }

  /** What moved in this very instant was not known when it was decided. */
  #knownMark(venue: string, symbol: string): number {
    const key = `${venue}|${symbol}`;
    const now = toNumber(this.#world.rigs.get(venue)?.exchange.market(symbol)?.mark ?? NO_PRICE);
    const framed = this.#marks.get(key);
    const isNews = this.#framesAt.get(key) === this.#world.scheduler.now;
    // A silent feed tells of no move.
    const known = isNews ? framed?.before : framed?.mark;
    return known ? Math.min(now, toNumber(known)) : now;
  }

  /** Everything that stands and everything under way, at the marks. */
  #judgeExposure(
    venue: string,
    symbol: string,
    { risk }: EngineSettings,
    no: (rule: string, detail: string) => void,
  ): void {
    // What a venue has hidden, or its silent stream has not told, cannot be counted.
    if ([...this.#lyingUntil.values()].some((until) => until > this.#world.scheduler.now)) return;
    if (this.#world.scheduler.now - this.#surprisedAt <= NEWS_MS) return;
    // What trades at a venue that does not answer is told when it does.
    const isUntold = (id: string): boolean =>
      this.#unbookedOn(id).size > 0 && (this.#impaired.get(`venue ${id}`)?.active ?? 0) > 0;
    if ([...this.#world.rigs.keys()].some(isUntold)) return;
    const sight = [...this.#world.rigs.keys()].map((id) => this.#impaired.get(`sight ${id}`));
    if (sight.some((state) => state && (state.active > 0 || state.until > this.#world.scheduler.now - 60_000))) return;
    const byVenue = new Map<string, number>();
    const byAsset = new Map<string, Map<string, number>>();
    const note = (where: string, what: string, quantity: number): void => {
      const usd = Math.abs(quantity) * this.#knownMark(where, what);
      byVenue.set(where, (byVenue.get(where) ?? 0) + usd);
      const sides = byAsset.get(what) ?? new Map<string, number>();
      const side = quantity > 0 ? 'long' : 'short';
      sides.set(side, (sides.get(side) ?? 0) + usd);
      byAsset.set(what, sides);
    };
    for (const key of this.#positions.keys()) {
      const at = splitKey(key);
      const own = this.own(at.venue, at.symbol);
      if (!isZero(own)) note(at.venue, at.symbol, toNumber(own));
    }
    for (const id of this.#underWay) {
      const sent = this.sent.get(id);
      if (!sent) continue;
      const { order, copies, arrivedAt } = sent;
      // What is delivered a second time is nothing that anybody ordered.
      if (
        copies <= 0 ||
        arrivedAt !== undefined ||
        order.reduceOnly ||
        FINAL.has(this.attempts.get(id)?.status ?? 'intended')
      )
        continue;
      const quantity = toNumber(order.quantity);
      note(sent.venue, splitKey(order.key).symbol, order.side === 'buy' ? quantity : -quantity);
    }
    const over = (usd: number, limit: number): boolean => usd > limit * (1 + EXPOSURE_TOLERANCE);
    const { exposure } = risk;
    const total = [...byVenue.values()].reduce((a, b) => a + b, 0);
    if (over(total, exposure.maxTotalNotionalUsd)) no('total_exposure', `${total.toFixed(2)} USD`);
    // What stands elsewhere may have grown with its price.
    const onVenue = byVenue.get(venue) ?? 0;
    if (over(onVenue, exposure.maxVenueNotionalUsd)) no('venue_exposure', `${venue} ${onVenue.toFixed(2)} USD`);
    const ofAsset = Math.max(...(byAsset.get(symbol)?.values() ?? [0]));
    if (over(ofAsset, exposure.maxAssetNotionalUsd)) no('asset_exposure', `${symbol} ${ofAsset.toFixed(2)} USD`);
    if (byAsset.size > exposure.maxOpenHedges) no('open_hedges', `${byAsset.size} assets stand`);
  }

  #count(name: string): void {
    this.transitions.set(name, (this.transitions.get(name) ?? 0) + 1);
  }
}

/** What of a signed trade goes on when it has closed `held`. */
function beyond(held: Base, signed: Base): Base {
  if (isZero(held) || held.s === signed.s) return signed;
  return gt(abs(signed), abs(held)) ? add(held, signed) : ZERO_BASE;
}
