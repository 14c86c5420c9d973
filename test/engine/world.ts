/** An engine on exchange models, with time, market, faults, crashes and an oracle that reads only the exchanges. */
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { OperatorCommand, OperatorReply } from '../../src/engine/events.ts';
import { loadLedger } from '../../src/engine/load.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import {
  add,
  type Base,
  base,
  contracts,
  contractsToBase,
  px,
  text,
  toNumber,
  ZERO_BASE,
} from '../../src/kernel/decimal.ts';
import { instrumentKey, splitKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { accountKey, type HedgeRecord, isUnresolved, type LedgerState } from '../../src/ledger/state.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createModelVenue } from '../../src/simulator/model-venue.ts';
import { type Faults, FaultyVenue, heal, noFaults } from './faulty-venue.ts';
import { Killed, MemoryStore } from './memory-store.ts';
import { withoutListing } from './unlisted-venue.ts';
import {
  ACCOUNT,
  COMMON_LOT,
  type MarketSymbol,
  PRICES,
  SETTINGS,
  SOL,
  START,
  SYMBOLS,
  venueOf,
} from './world-setup.ts';

export interface WorldOptions {
  readonly settings?: EngineSettings;
  readonly symbols?: readonly MarketSymbol[];
}

export class World {
  readonly clock = createSimClock(START);
  readonly exchanges: Record<'alpha' | 'beta', Exchange> = {
    alpha: venueOf(this.clock, 'alpha'),
    beta: venueOf(this.clock, 'beta'),
  };
  readonly faults: Record<'alpha' | 'beta', Faults> = { alpha: noFaults(), beta: noFaults() };
  readonly store = new MemoryStore();
  readonly alarms: Alarm[] = [];
  readonly submitted: OrderRequest[] = [];
  /** Hourly funding rates of both venues; beta pays, so the carry is short beta, long alpha. */
  readonly rates = { alpha: 0.00001, beta: 0.001 };
  /** Venues whose market data is silent. */
  readonly feedDown = new Set<string>();
  /** Markets that each venue lists no more, for processes that start from now on. */
  readonly unlisted = { alpha: new Set<MarketSymbol>(), beta: new Set<MarketSymbol>() };
  /** How far the bot's wall clock stands from true time. */
  wallShiftMs = 0;
  /** How long the venues tell of an order that ended without a fill. */
  orderMemoryMs = Number.POSITIVE_INFINITY;
  requestValidityMs = 0;
  readonly #symbols: readonly MarketSymbol[];
  readonly #prices: Record<string, number> = { ...PRICES };
  #settings: EngineSettings;
  #engine: Engine | undefined;
  #life = 0;
  #fatal: unknown;
  #settledAt = 0;
  /** Timers that have come due while the process stands still. */
  #held: (() => void)[] | undefined;
  #stalls = 0;

  constructor({ settings = SETTINGS, symbols = [SOL] }: WorldOptions = {}) {
    this.#settings = settings;
    this.#symbols = symbols;
    this.#settledAt = Math.floor(START / HOUR_MS) * HOUR_MS;
    for (const symbol of SYMBOLS) this.move(symbol, 0);
  }

  get engine(): Engine {
    if (!this.#engine) throw new Error('no process is running');
    return this.#engine;
  }

  get running(): boolean {
    return this.#engine !== undefined;
  }

  get ledger(): LedgerState {
    return this.engine.core.ledger;
  }

  hedge(id = 'h1'): HedgeRecord {
    const hedge = this.ledger.hedges.get(id);
    if (!hedge) throw new Error(`no hedge ${id}`);
    return hedge;
  }

  state(id = 'h1'): string {
    return this.hedge(id).state;
  }

  /** Starts a process on what was committed. */
  boot(): void {
    const life = ++this.#life;
    const isDead = (): boolean => this.#life !== life;
    const venues = (['alpha', 'beta'] as const).map((id) => {
      const model = createModelVenue({ exchange: this.exchanges[id], account: ACCOUNT, route: 'live' });
      const inner = withoutListing(model, this.unlisted[id]);
      const faults = this.faults[id];
      const crash = (): void => this.crash();
      const onSubmit = (order: OrderRequest): void => this.#audit(order);
      return new FaultyVenue({
        inner,
        clock: this.clock,
        faults,
        isDead,
        crash,
        onSubmit,
        orderMemoryMs: this.orderMemoryMs,
        requestValidityMs: this.requestValidityMs,
      });
    });
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const clock = {
      now: () => this.clock.now() + this.wallShiftMs,
      monotonicMs: () => this.clock.monotonicMs(),
      stalls: () => this.#stalls,
      after: (delayMs: number, fire: () => void) =>
        this.clock.after(delayMs, () => {
          if (isDead()) return;
          if (this.#held) this.#held.push(fire);
          else fire();
        }),
    };
    try {
      this.#engine = createEngine({
        clock,
        ledger: loadLedger(this.store),
        store: this.#storeOf(isDead),
        notifier: { notify: (alarm) => void this.alarms.push(alarm) },
        log: silent,
        activity: { begin() {}, end() {} },
        venues,
        settings: this.#settings,
        assets: new Set(this.#symbols.map((symbol) => symbol.slice(0, 3))),
        pid: life,
        decide: 'on_request',
        fatal: (error) => {
          if (isDead()) return;
          if (error instanceof Killed) this.crash();
          else this.#fatal ??= error;
        },
      });
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.crash();
    }
    // Killed inside its own start.
    if (isDead()) this.#engine = undefined;
  }

  /** The object graph is gone; facts and exchanges stay. */
  crash(): void {
    this.#life += 1;
    this.#engine = undefined;
  }

  /** Lets `ms` pass, in steps of at most `stepMs`; market data flows and the bot decides after every step. */
  async run(ms: number, stepMs = 500): Promise<void> {
    const end = this.clock.now() + ms;
    await this.#turn();
    while (this.clock.now() < end) {
      this.clock.advanceTo(Math.min(end, this.clock.now() + stepMs));
      this.#settle();
      await this.#turn();
    }
  }

  /** The process stands still for `ms`: what comes due fires afterwards, and nothing is told to it meanwhile. */
  async stall(ms: number): Promise<void> {
    await drained();
    this.#held = [];
    this.clock.advanceTo(this.clock.now() + ms);
    const held = this.#held;
    this.#held = undefined;
    if (ms >= 2_000) this.#stalls += 1;
    for (const fire of held) fire();
  }

  /** Boots and lets the first hedge open. */
  async opened(): Promise<void> {
    this.boot();
    await this.run(2_000);
    if (this.state() !== 'held') throw new Error(`the hedge is ${this.state()}: ${this.hedge().detail}`);
  }

  /** For commands that may kill the process. */
  async tryOperator(command: OperatorCommand): Promise<void> {
    this.engine.push({ kind: 'operator', command, by: 'test', reply: () => undefined });
    await drained();
  }

  async operator(command: OperatorCommand): Promise<OperatorReply> {
    let answer: OperatorReply | undefined;
    this.engine.push({ kind: 'operator', command, by: 'test', reply: (reply) => (answer = reply) });
    await drained();
    this.check();
    if (!answer) throw new Error('no reply');
    return answer;
  }

  /** Moves the price and refills the books; `depth` in base units a level. */
  move(symbol: MarketSymbol, change: number, depth = symbol === SOL ? 50 : 3): void {
    const price = (this.#prices[symbol] ?? 0) * (1 + change);
    this.#prices[symbol] = price;
    for (const exchange of Object.values(this.exchanges)) this.book(exchange.venue as 'alpha' | 'beta', symbol, depth);
  }

  /** One venue's books; no depth leaves two levels far away. */
  book(venue: 'alpha' | 'beta', symbol: MarketSymbol, depth: number): void {
    const exchange = this.exchanges[venue];
    const market = exchange.market(symbol);
    if (!market) throw new Error('no market');
    const { tick, contractSize, lot } = market.instrument;
    const price = this.#prices[symbol] ?? 0;
    const at = (distance: number) =>
      px((Math.round((price * (1 + distance)) / toNumber(tick)) * toNumber(tick)).toFixed(4));
    const count = Math.max(1, Math.floor(depth / toNumber(contractSize) / toNumber(lot))) * toNumber(lot);
    const level = (distance: number) => ({ price: at(distance), contracts: contracts(count.toFixed(4)) });
    const distances = depth > 0 ? [0.0002, 0.0006, 0.0015] : [0.06];
    exchange.setBook(
      symbol,
      distances.map((each) => level(-each)),
      distances.map(level),
    );
    exchange.setMark(symbol, at(0), at(0));
    this.#announceFunding(exchange, symbol);
  }

  position(venue: 'alpha' | 'beta', symbol: MarketSymbol = SOL): string {
    const held = this.exchanges[venue].positions(ACCOUNT).find((each) => each.symbol === symbol);
    const size = this.exchanges[venue].market(symbol)?.instrument.contractSize;
    return held && size ? text(contractsToBase(held.contracts, size)) : '0';
  }

  alarmed(code: string): boolean {
    return this.alarms.some((alarm) => alarm.code === code);
  }

  /** What a bug threw. */
  check(): void {
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  healAll(): void {
    for (const faults of Object.values(this.faults)) heal(faults);
    this.store.failing = false;
    this.store.killAfterCommits = undefined;
    this.feedDown.clear();
    for (const exchange of Object.values(this.exchanges)) {
      for (const symbol of SYMBOLS) exchange.setTrading(symbol, true);
    }
    for (const symbol of SYMBOLS) this.move(symbol, 0);
  }

  /** Wrongs in the end, from the exchanges' books and from the comparison of the ledger with them. */
  wrongs(): string[] {
    const found: string[] = [];
    for (const symbol of SYMBOLS) {
      const [a, b] = [base(this.position('alpha', symbol)), base(this.position('beta', symbol))];
      const net = add(a, b);
      const oneSided = a.eq('0') !== b.eq('0');
      if (oneSided || net.abs().gte(COMMON_LOT[symbol])) found.push(`${symbol}: alpha ${text(a)}, beta ${text(b)}`);
    }
    for (const exchange of Object.values(this.exchanges)) {
      const { venue } = exchange;
      if (exchange.openOrders(ACCOUNT).length > 0) found.push(`${venue} has open orders`);
      const ids = exchange.orderHistory(ACCOUNT).flatMap(({ clientOrderId }) => (clientOrderId ? [clientOrderId] : []));
      if (new Set(ids).size !== ids.length) found.push(`${venue} got a client order id twice`);
      if (text(exchange.audit(ACCOUNT).discrepancy) !== '0') found.push(`${venue} lost money by itself`);
      found.push(...this.#ledgerWrongs(exchange));
    }
    return found;
  }

  /** A dead process writes nothing, whatever is left of its microtasks. */
  #storeOf(isDead: () => boolean): LedgerStore {
    const { store } = this;
    return {
      stamp: store.stamp,
      commit(facts) {
        if (isDead()) throw new Killed('dead');
        store.commit(facts);
      },
      stage(facts) {
        this.commit(facts);
      },
      load: () => store.load(),
      close: () => store.close(),
    };
  }

  #ledgerWrongs(exchange: Exchange): string[] {
    const found: string[] = [];
    const account = this.ledger.accounts.get(accountKey('live', exchange.venue));
    if (!account?.baseline) return [`${exchange.venue} was never reconciled`];
    for (const symbol of SYMBOLS) {
      const ours: Base = account.holdings.get(instrumentKey(exchange.venue, symbol))?.quantity ?? ZERO_BASE;
      const theirs = this.position(exchange.venue as 'alpha' | 'beta', symbol);
      if (text(ours) !== theirs) found.push(`${exchange.venue} ${symbol}: ledger ${text(ours)}, venue ${theirs}`);
    }
    const expected = account.baseline.wallet.plus(account.realised).plus(account.funding).minus(account.fees);
    const wallet = exchange.balance(ACCOUNT).wallet;
    if (expected.minus(wallet).abs().gt('0.01')) {
      found.push(`${exchange.venue}: ledger wallet ${expected.toFixed()}, venue ${text(wallet)}`);
    }
    return found;
  }

  /** Invariants 1 and 2, at the moment an order leaves. */
  #audit(order: OrderRequest): void {
    const isDurable = this.store.facts.some(
      (fact) => fact.kind === 'attempt' && fact.clientOrderId === order.clientOrderId,
    );
    if (!isDurable) {
      const wrong = this.#emergencyWrong(order);
      if (wrong !== undefined) this.#fatal ??= new Error(`${order.clientOrderId} left before it was durable: ${wrong}`);
    }
    if (this.submitted.some(({ clientOrderId }) => clientOrderId === order.clientOrderId)) {
      this.#fatal ??= new Error(`${order.clientOrderId} was sent twice`);
    }
    this.submitted.push(order);
    const intent = this.#engine?.core.ledger.attempts.get(order.clientOrderId)?.intent;
    const leg = intent && this.#engine?.core.ledger.hedges.get(intent.hedge)?.[intent.leg];
    const beside = leg?.attempts.filter((each) => isUnresolved(each)) ?? [];
    if (beside.length > 1) this.#fatal ??= new Error(`${order.clientOrderId} left beside an unresolved order`);
  }

  /** The one order that may: only while nothing can be durable, and by the exchanges' books it makes a net excess smaller. */
  #emergencyWrong({ clientOrderId, key, side, quantity, reduceOnly, style }: OrderRequest): string | undefined {
    if (!/^[a-z0-9]{14}[xy][a-z0-9]{3}$/.test(clientOrderId)) return 'not an emergency';
    if (!this.store.failing) return 'the ledger works';
    if (!reduceOnly || style !== 'ioc') return 'not a reduction';
    const { venue, symbol } = splitKey(key);
    const there = base(this.position(venue as 'alpha' | 'beta', symbol as MarketSymbol));
    const net = add(
      base(this.position('alpha', symbol as MarketSymbol)),
      base(this.position('beta', symbol as MarketSymbol)),
    );
    const closes = (held: Base): boolean => held.s === (side === 'sell' ? 1 : -1) && held.abs().gte(quantity);
    if (!closes(there)) return `${text(quantity)} of ${text(there)} at the venue`;
    return closes(net) ? undefined : `${text(quantity)} of a net excess of ${text(net)}`;
  }

  #settle(): void {
    const hour = Math.floor(this.clock.now() / HOUR_MS) * HOUR_MS;
    if (hour <= this.#settledAt) return;
    this.#settledAt = hour;
    for (const exchange of Object.values(this.exchanges)) {
      for (const symbol of SYMBOLS) {
        exchange.settleFunding(symbol, String(this.rates[exchange.venue as 'alpha' | 'beta']));
        this.#announceFunding(exchange, symbol);
      }
    }
  }

  #announceFunding(exchange: Exchange, symbol: MarketSymbol): void {
    exchange.setFunding(symbol, {
      predictedRate: String(this.rates[exchange.venue as 'alpha' | 'beta']),
      intervalHours: 1,
      nextSettlementAt: (Math.floor(this.clock.now() / HOUR_MS) + 1) * HOUR_MS,
    });
  }

  async #turn(): Promise<void> {
    await drained();
    if (!this.#engine) return;
    for (const event of this.#frames()) this.#engine?.push({ kind: 'market', event });
    await drained();
    this.#engine?.evaluate();
    await drained();
  }

  #frames(): MarketEvent[] {
    const now = this.clock.now();
    return (['alpha', 'beta'] as const).flatMap((id): MarketEvent[] => {
      const exchange = this.exchanges[id];
      const down = this.feedDown.has(exchange.venue);
      const health = {
        venue: exchange.venue,
        status: down ? 'down' : 'up',
        reason: '',
        malformed: 0,
        at: now,
      } as const;
      const listed = this.#symbols.filter((symbol) => !this.unlisted[id].has(symbol));
      const quotes = down ? [] : listed.flatMap((symbol) => framesOf(exchange, symbol, now));
      return [{ kind: 'health', health }, ...quotes];
    });
  }
}

function framesOf(exchange: Exchange, symbol: MarketSymbol, now: number): MarketEvent[] {
  const market = exchange.market(symbol);
  if (!market) return [];
  const key = instrumentKey(exchange.venue, symbol);
  const size = market.instrument.contractSize;
  const levels = (side: 'bids' | 'asks') =>
    market[side].map(({ price, contracts: count }) => ({
      price: toNumber(price),
      size: toNumber(contractsToBase(count, size)),
    }));
  const stamp = { venueAt: now, receivedAt: now };
  const { predictedRate, intervalHours, nextSettlementAt } = market.funding;
  return [
    { kind: 'book', book: { key, bids: levels('bids'), asks: levels('asks'), ...stamp } },
    { kind: 'mark', mark: { key, mark: toNumber(market.mark), ...stamp } },
    {
      kind: 'funding',
      quote: { key, predictedRate: Number(predictedRate), intervalHours, nextSettlementAt, ...stamp },
    },
  ];
}

/** Everything that microtasks can do is done. */
const drained = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
