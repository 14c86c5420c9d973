/**
 * The paper venue: the exchange model fed with live market data. `createPaperVenue` is the entry point.
 *
 * It knows public data only. Orders fill against the newest live book and consume it until the next one; a book that
 * is unsound or has been silent for long, or a feed that is down, leaves nothing to fill against. A resting order fills at its own price once the
 * opposite side of the live book has reached it, and by no more than is shown there: what others trade ahead of it in the
 * queue is not known. Funding is paid at the rate that the real venue
 * settled, on what was held at the settlement instant: the holding is remembered when the instant passes, and paid
 * when the settled rate arrives. Predicted rates are never paid.
 */
import { type Base, base, contracts, type Px, type Quote, text } from '../kernel/decimal.ts';
import type { UnifiedSymbol, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { MarketEvent } from '../market/event.ts';
import type { Instrument } from '../market/instrument.ts';
import type { OrderState } from '../market/order.ts';
import type { Clock } from '../ports/clock.ts';
import type { Venue } from '../ports/venue.ts';
import type { Exchange, ExchangeInstrument } from './exchange/api.ts';
import { createExchange } from './exchange/exchange.ts';
import { LiveSource, stepsOf } from './live-source.ts';
import { createModelVenue } from './model-venue.ts';

/** The one account of a paper venue. */
export const PAPER_ACCOUNT = 'paper';

export interface PaperPosition {
  readonly symbol: UnifiedSymbol;
  /** Base units, long positive, not zero. */
  readonly quantity: Base;
  readonly entryPrice: Px;
  /** That it was opened with. */
  readonly leverage: number;
  /** Settlements after its last fill, except those already paid, are still owed. */
  readonly lastFillAt: Instant;
  readonly lastPaymentAt?: Instant;
}

/** Where the account stood, as the ledger's facts tell. */
export interface PaperAccountState {
  /** Deposit + realised PnL + funding - fees. */
  readonly wallet: Quote;
  readonly positions: readonly PaperPosition[];
  /** Orders without a known end: a paper order ends with the process it lived in, and what had filled is booked. */
  readonly ended: readonly OrderState[];
}

export interface PaperVenueOptions {
  readonly venue: VenueId;
  readonly clock: Clock;
  /** Linear perpetuals of one settle currency. Rules and fees are the real venue's. */
  readonly instruments: readonly Instrument[];
  /** Wallet of a new account, in the settle currency. */
  readonly depositUsd: Quote;
  /** A book older than this is nobody's offer any more. */
  readonly maxBookAgeMs: number;
  /** Reopens the account instead of starting with the deposit. */
  readonly restored?: PaperAccountState;
  /** 1 to 13 digits in front of every id; must rise from process to process. Default: the time of creation. */
  readonly idPrefix?: string;
}

export interface PaperVenue {
  readonly venue: Venue;
  /** The books behind it, for reports and tests. */
  readonly exchange: Exchange;
  /** Live data of any venue; other venues' and unknown symbols' events are ignored. */
  onMarket(event: MarketEvent): void;
}

/** A paper trading account for one venue. Restored positions of symbols that are not listed are left out. */
export function createPaperVenue(options: PaperVenueOptions): PaperVenue {
  const { venue, clock, instruments, depositUsd, maxBookAgeMs, restored } = options;
  const exchange = createExchange({
    venue,
    clock,
    instruments: instruments.map(paperInstrument),
    idPrefix: options.idPrefix ?? String(clock.now()),
    clientIdUniqueness: 'always',
  });
  // A market that is listed no more has no price: what the ledger holds there shows as a difference of its position.
  const listed = new Set(instruments.map(({ symbol }) => symbol));
  const positions = (restored?.positions ?? []).filter(({ symbol }) => listed.has(symbol));
  const held = positions.map(({ symbol, quantity, entryPrice, leverage }) => {
    return { symbol, contracts: contracts(text(quantity)), entryPrice, leverage };
  });
  exchange.openAccount(PAPER_ACCOUNT, restored?.wallet ?? depositUsd, held);
  const source = new LiveSource(exchange, PAPER_ACCOUNT, maxBookAgeMs, positions);
  for (const { symbol, trading } of instruments) if (!trading) exchange.setTrading(symbol, false);
  return {
    exchange,
    venue: createModelVenue({
      exchange,
      account: PAPER_ACCOUNT,
      route: 'paper',
      ended: restored?.ended ?? [],
      beforeChange: () => source.catchUp(),
    }),
    onMarket: (event) => source.onMarket(event),
  };
}

/**
 * Public data does not tell an account's margin terms, so these stand in: stricter than what the large venues ask
 * of small positions (0.4 to 1 % maintenance), and a price band of the width they publish.
 */
const TERMS = { maxLeverage: 50, maintenanceRate: '0.01', priceBand: '0.05' };
/** For a venue that names no maximum. */
const NO_MAXIMUM = contracts('1000000000000');

/** One contract is one base unit. */
function paperInstrument(instrument: Instrument): ExchangeInstrument {
  const { symbol, asset, settle, maxQuantity } = instrument;
  return {
    symbol,
    asset,
    settle,
    contractSize: base('1'),
    ...stepsOf(instrument),
    maxContracts: maxQuantity ? contracts(text(maxQuantity)) : NO_MAXIMUM,
    takerFeeRate: String(instrument.takerFeeRate),
    makerFeeRate: String(instrument.makerFeeRate),
    ...TERMS,
  };
}
