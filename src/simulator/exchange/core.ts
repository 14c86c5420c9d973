/**
 * What the parts of one exchange share: its markets, accounts, clock and ids, and how an operation ends.
 * Every operation changes state, then calls `finish` once: what changed is handed to whoever keeps it, then told.
 */
import { invariant } from '../../kernel/assert.ts';
import type { UnifiedSymbol, VenueId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { ClientIdUniqueness } from './admission.ts';
import type { ExchangeInstrument } from './api.ts';
import { ChangeLog } from './change-log.ts';
import { Clearing } from './clearing.ts';
import { EventQueue } from './event-queue.ts';
import { type Account, type Market, newMarket, type Slot, slotOf } from './state.ts';

export interface ExchangeOptions {
  readonly venue: VenueId;
  readonly clock: { now(): Instant };
  readonly instruments: readonly ExchangeInstrument[];
  /** Digits in front of every id, so that ids of successive instances of one venue never collide. */
  readonly idPrefix?: string;
  /** `open` (default): a client order id may be used again once its order is final. `always`: never again. */
  readonly clientIdUniqueness?: ClientIdUniqueness;
}

export class ExchangeCore {
  readonly venue: VenueId;
  readonly settle: string;
  readonly uniqueness: ClientIdUniqueness;
  readonly markets = new Map<UnifiedSymbol, Market>();
  readonly accounts = new Map<string, Account>();
  readonly events = new EventQueue();
  readonly changes = new ChangeLog();
  readonly clearing: Clearing;
  /** Newest number of the id sequence. */
  lastId = 0;
  readonly #clock: { now(): Instant };
  readonly #idPrefix: string;

  constructor({ venue, clock, instruments, idPrefix = '1', clientIdUniqueness = 'open' }: ExchangeOptions) {
    invariant(/^[1-9]\d{0,12}$/.test(idPrefix), 'idPrefix must be 1 to 13 digits');
    this.venue = venue;
    this.uniqueness = clientIdUniqueness;
    this.#clock = clock;
    this.#idPrefix = idPrefix;
    const settles = new Set(instruments.map((instrument) => instrument.settle));
    invariant(settles.size === 1, 'an exchange has one settle currency');
    this.settle = [...settles].join();
    for (const instrument of instruments) this.markets.set(instrument.symbol, newMarket(instrument));
    invariant(this.markets.size === instruments.length, 'instruments must have distinct symbols');
    this.clearing = new Clearing(
      () => this.now(),
      () => this.nextId(),
      this.events,
      this.changes,
    );
  }

  now(): Instant {
    return this.#clock.now();
  }

  /** Order, trade and payment ids share one rising sequence; 6 digits at least keep text and number order equal. */
  nextId(): string {
    this.lastId += 1;
    return `${this.#idPrefix}${String(this.lastId).padStart(6, '0')}`;
  }

  account(name: string): Account {
    const account = this.accounts.get(name);
    invariant(account, `no account ${name} on ${this.venue}`);
    return account;
  }

  market(symbol: UnifiedSymbol): Market {
    const market = this.markets.get(symbol);
    invariant(market, `no market ${symbol} on ${this.venue}`);
    return market;
  }

  slot(account: string, symbol: UnifiedSymbol): Slot {
    return slotOf(this.account(account), this.market(symbol));
  }

  bookChanged(market: Market): void {
    market.bookAt = this.now();
    market.bookSequence += 1;
    this.events.publish({ kind: 'book', symbol: market.instrument.symbol });
  }

  /** Ends an operation. Changes go out before events: nobody may hear of what could still be lost. */
  finish(cause: 'order' | 'funding' = 'order'): void {
    this.clearing.announce(cause);
    this.changes.publish(this.lastId);
    this.events.flush();
  }
}
