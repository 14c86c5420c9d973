/**
 * Live market data as the world of an exchange model: books, marks, trading status, order steps, and settlements at the
 * rates that the real venue settled. Entry points: `onMarket`, and `catchUp` before anything that changes a position.
 */
import { contracts, eq, px, text, ZERO_QUOTE } from '../kernel/decimal.ts';
import { type InstrumentKey, splitKey, type UnifiedSymbol } from '../kernel/ids.ts';
import { HOUR_MS, type Instant, MINUTE_MS } from '../kernel/instant.ts';
import { type Book, bookDefect, type Level } from '../market/book.ts';
import type { MarketEvent } from '../market/event.ts';
import type { FundingQuote, SettledRate } from '../market/funding.ts';
import type { Instrument } from '../market/instrument.ts';
import type { MarkQuote } from '../market/mark.ts';
import type { BookLevel, Exchange, ExchangeInstrument } from './exchange/api.ts';

/** A position that was reopened from the ledger. */
export interface ReopenedPosition {
  readonly symbol: UnifiedSymbol;
  readonly lastFillAt: Instant;
  readonly lastPaymentAt?: Instant;
}

/** How far a settled rate's instant may be from the scheduled one: venues stamp it when they computed it. */
const SETTLEMENT_TOLERANCE_MS = MINUTE_MS;
/** Settlements per symbol that may wait: for their rate, or for a mark to be paid at. */
const MAX_WAITING = 64;

export class LiveSource {
  readonly #exchange: Exchange;
  readonly #account: string;
  readonly #maxBookAgeMs: number;
  /** When each book that can be filled against came. */
  readonly #bookAt = new Map<UnifiedSymbol, Instant>();
  /** The next settlement of each symbol, as the venue last announced it. */
  readonly #scheduled = new Map<UnifiedSymbol, Instant>();
  /** Passed settlements whose rate has not arrived; the exchange remembers what was held. */
  readonly #awaited = new Map<UnifiedSymbol, readonly Instant[]>();
  /** Reopened positions that have not traded since. */
  readonly #untouched: Map<UnifiedSymbol, ReopenedPosition>;
  /** Of these, whose missed settlements are awaited. */
  readonly #remembered = new Set<UnifiedSymbol>();
  /** Rates owed to reopened positions, until the first mark. */
  readonly #owed = new Map<UnifiedSymbol, readonly SettledRate[]>();

  constructor(exchange: Exchange, account: string, maxBookAgeMs: number, reopened: readonly ReopenedPosition[]) {
    this.#exchange = exchange;
    this.#account = account;
    this.#maxBookAgeMs = maxBookAgeMs;
    this.#untouched = new Map(reopened.map((position) => [position.symbol, position]));
    exchange.listen((event) => {
      if (event.kind === 'order' && event.trade) this.#untouched.delete(event.order.symbol);
    });
  }

  /** One live event; those of other venues and unknown symbols are ignored. */
  onMarket(event: MarketEvent): void {
    // First of all: what is held, and the mark, must be remembered as they were before this event changes them.
    this.#noticeSettlements();
    switch (event.kind) {
      case 'book':
        this.#onBook(event.book);
        break;
      case 'mark':
        this.#onMark(event.mark);
        break;
      case 'funding':
        this.#onFunding(event.quote);
        break;
      case 'settled':
        for (const rate of event.rates) this.#onSettled(rate);
        break;
      case 'instruments':
        for (const instrument of event.instruments) this.#onListed(instrument);
        break;
      case 'health':
        // Without live data there is nothing honest to fill against.
        if (event.health.venue !== this.#exchange.venue) break;
        if (event.health.status === 'down' || event.health.status === 'connecting') this.#clearBooks();
        break;
    }
  }

  /** Whatever time alone has changed: settlements that have passed, books that nobody stands by any more. */
  catchUp(): void {
    this.#noticeSettlements();
    const since = this.#exchange.now() - this.#maxBookAgeMs;
    for (const [symbol, at] of this.#bookAt) if (at < since) this.#clearBook(symbol);
  }

  /** Remembers what is held for every settlement whose instant has passed. */
  #noticeSettlements(): void {
    const now = this.#exchange.now();
    for (const [symbol, at] of this.#scheduled) if (at <= now) this.#pass(symbol, at);
  }

  #onBook(book: Book): void {
    const symbol = this.#symbolOf(book.key);
    if (symbol === undefined) return;
    if (bookDefect(book)) return this.#clearBook(symbol);
    this.#bookAt.set(symbol, this.#exchange.now());
    this.#exchange.setBook(symbol, book.bids.map(exactLevel), book.asks.map(exactLevel));
  }

  #onMark({ key, mark, index }: MarkQuote): void {
    const symbol = this.#symbolOf(key);
    if (symbol === undefined || !usable(mark)) return;
    this.#exchange.setMark(symbol, px(mark), px(usable(index) ? index : mark));
    const owed = this.#owed.get(symbol) ?? [];
    this.#owed.delete(symbol);
    for (const rate of owed) this.#payOwed(symbol, rate);
    // What was paid just now is not awaited.
    this.#rememberMissed(symbol);
  }

  #onFunding({ key, predictedRate, intervalHours, nextSettlementAt, venueAt }: FundingQuote): void {
    const symbol = this.#symbolOf(key);
    if (symbol === undefined) return;
    const scheduled = this.#scheduled.get(symbol);
    // Our clock may be behind the venue's: its stamp and its next announcement prove that the instant has passed.
    if (scheduled !== undefined && nextSettlementAt > scheduled && venueAt >= scheduled) this.#pass(symbol, scheduled);
    if (nextSettlementAt > this.#exchange.now()) this.#scheduled.set(symbol, nextSettlementAt);
    this.#exchange.setFunding(symbol, { predictedRate: String(predictedRate), intervalHours, nextSettlementAt });
  }

  #onSettled(rate: SettledRate): void {
    const symbol = this.#symbolOf(rate.key);
    if (symbol === undefined) return;
    const scheduled = this.#scheduled.get(symbol);
    if (scheduled !== undefined && near(scheduled, rate.settledAt)) this.#pass(symbol, scheduled);
    const awaited = this.#awaited.get(symbol) ?? [];
    const at = awaited.find((instant) => near(instant, rate.settledAt));
    if (at === undefined) {
      this.#payOwed(symbol, rate);
      return;
    }
    this.#awaited.set(
      symbol,
      awaited.filter((other) => other !== at),
    );
    this.#exchange.payFunding(symbol, at, String(rate.settledRate));
  }

  /** The settlement's instant is over: the exchange remembers who holds what, if anyone holds anything. */
  #pass(symbol: UnifiedSymbol, at: Instant): void {
    this.#scheduled.delete(symbol);
    // Without a mark, only a reopened position can be held; its rate is then owed until the mark is known.
    if (this.#marked(symbol) && this.#holds(symbol)) this.#remember(symbol, at);
  }

  #remember(symbol: UnifiedSymbol, at: Instant): void {
    if (this.#settledNear(symbol, at)) return;
    const awaited = this.#awaited.get(symbol) ?? [];
    // A stale announcement can schedule the same settlement again.
    if (awaited.some((other) => near(other, at))) return;
    this.#exchange.snapshotSettlement(symbol, at);
    this.#awaited.set(symbol, [...awaited, at].slice(-MAX_WAITING));
  }

  /**
   * Settlements before it was reopened are owed to a position on what it held then, also when it trades before their
   * rates arrive. When they were is not known yet: they are on the hour.
   */
  #rememberMissed(symbol: UnifiedSymbol): void {
    const position = this.#untouched.get(symbol);
    if (!position || this.#remembered.has(symbol)) return;
    this.#remembered.add(symbol);
    const { lastFillAt, lastPaymentAt = 0 } = position;
    const from = Math.max(lastFillAt, lastPaymentAt + SETTLEMENT_TOLERANCE_MS);
    const newest = Math.floor(this.#exchange.now() / HOUR_MS) * HOUR_MS;
    const hours = Array.from({ length: MAX_WAITING / 2 }, (_, i) => newest - i * HOUR_MS).filter((at) => at > from);
    for (const at of hours.reverse()) this.#remember(symbol, at);
  }

  /**
   * Pays a reopened position for a settlement that nobody here saw passing (the process was down, or had no mark yet).
   * What it holds now is what it held then, as it has not traded since; the mark is the newest, not the one of then.
   */
  #payOwed(symbol: UnifiedSymbol, rate: SettledRate): void {
    const position = this.#untouched.get(symbol);
    if (!position || rate.settledAt <= position.lastFillAt || this.#settledNear(symbol, rate.settledAt)) return;
    const paid = position.lastPaymentAt;
    if (paid !== undefined && rate.settledAt <= paid + SETTLEMENT_TOLERANCE_MS) return;
    if (!this.#marked(symbol)) {
      this.#owed.set(symbol, [...(this.#owed.get(symbol) ?? []), rate].slice(-MAX_WAITING));
      return;
    }
    this.#exchange.snapshotSettlement(symbol, rate.settledAt);
    this.#exchange.payFunding(symbol, rate.settledAt, String(rate.settledRate));
  }

  #onListed(instrument: Instrument): void {
    const symbol = this.#symbolOf(instrument.key);
    const market = symbol === undefined ? undefined : this.#exchange.market(symbol);
    if (symbol === undefined || market === undefined) return;
    const steps = stepsOf(instrument);
    if (!isSameSteps(steps, market.instrument)) this.#exchange.changeSteps(symbol, steps);
    if (market.trading !== instrument.trading) this.#exchange.setTrading(symbol, instrument.trading);
  }

  #clearBooks(): void {
    for (const symbol of this.#exchange.symbols()) this.#clearBook(symbol);
  }

  #clearBook(symbol: UnifiedSymbol): void {
    this.#bookAt.delete(symbol);
    this.#exchange.setBook(symbol, [], []);
  }

  #marked(symbol: UnifiedSymbol): boolean {
    return (this.#exchange.market(symbol)?.markAt ?? 0) > 0;
  }

  #holds(symbol: UnifiedSymbol): boolean {
    return this.#exchange.positions(this.#account).some((position) => position.symbol === symbol);
  }

  #settledNear(symbol: UnifiedSymbol, at: Instant): boolean {
    return this.#exchange.fundingHistory(symbol).some((settled) => near(settled.at, at));
  }

  #symbolOf(key: InstrumentKey): UnifiedSymbol | undefined {
    const { venue, symbol } = splitKey(key);
    return venue === this.#exchange.venue && this.#exchange.market(symbol) ? symbol : undefined;
  }
}

type Steps = Pick<ExchangeInstrument, 'lot' | 'minContracts' | 'tick' | 'minNotional'>;

/** What venues change while they run. One contract is one base unit. */
export const stepsOf = ({ lot, minQuantity, tick, minNotional }: Instrument): Steps => ({
  lot: contracts(text(lot)),
  minContracts: contracts(text(minQuantity)),
  tick,
  minNotional: minNotional ?? ZERO_QUOTE,
});

const isSameSteps = (a: Steps, b: Steps): boolean =>
  eq(a.lot, b.lot) && eq(a.minContracts, b.minContracts) && eq(a.tick, b.tick) && eq(a.minNotional, b.minNotional);

const near = (a: Instant, b: Instant): boolean => Math.abs(a - b) <= SETTLEMENT_TOLERANCE_MS;

const usable = (price: number | undefined): price is number =>
  price !== undefined && price > 0 && Number.isFinite(price);

/** Sizes of venues have fewer digits; more are what is left of a multiplication of doubles. */
const DIGITS = 12;

/** Paper contracts are base units. */
const exactLevel = ({ price, size }: Level): BookLevel => ({
  price: px(price),
  contracts: contracts(Number(size.toPrecision(DIGITS))),
});
