/** One instrument priced for a leg, in either direction: computed once per frame, however many pairs it is in. */
import type { InstrumentKey, VenueId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { type Book, bookDefect, mid, walkLevels } from '../market/book.ts';
import { hourlyRate } from '../market/funding.ts';
import type { Instrument } from '../market/instrument.ts';
import type { InstrumentView } from '../market/view.ts';
import { entryFundingDefect } from './funding-check.ts';
import { settledMean24h } from './history.ts';
import type { Unpriced } from './opportunity.ts';
import { type RateCurve, rateCurve } from './receipts.ts';
import type { SignalSettings } from './settings.ts';

/** Beyond this a fee is in percent or basis points by mistake. */
const MAX_FEE_RATE = 0.05;
/** Doubles: a walk that is short by less than this share is complete. */
const WALK_TOLERANCE = 1e-9;

export interface LegQuote {
  readonly key: InstrumentKey;
  readonly venue: VenueId;
  readonly settle: string;
  readonly settled: InstrumentView['settled'];
  readonly intervalHours: number;
  /** Of the coming settlement, fraction per hour. */
  readonly hourlyRate: number;
  readonly curve: RateCurve;
  readonly instrument: Instrument;
  readonly book: Book;
  /** Best levels. */
  readonly bid: number;
  readonly ask: number;
  readonly mid: number;
  /** Mean price of buying the planned size from the asks. */
  readonly buyPrice: number;
  /** Mean price of selling the planned size to the bids. */
  readonly sellPrice: number;
  /** Against mid, of taking in and out: one buys and the other sells whatever the direction. */
  readonly slippageUsd: number;
}

export type LegDefect = Pick<Unpriced, 'code' | 'key' | 'detail'>;

export function isLinearPerpetual(instrument: Instrument): boolean {
  return instrument.kind === 'perpetual' && instrument.symbol.endsWith(`/${instrument.settle}:${instrument.settle}`);
}

/** Prices `settings.notionalUsd` at mid on this instrument, or says why it cannot. */
export function quoteLeg(view: InstrumentView, settings: SignalSettings, now: Instant): LegQuote | LegDefect {
  const { instrument, book, funding } = view;
  const defect = (code: LegDefect['code'], detail: string): LegDefect => ({ code, key: instrument.key, detail });
  if (!isLinearPerpetual(instrument)) return defect('not_linear', `${instrument.symbol} is not a linear perpetual`);
  if (!instrument.trading) return defect('not_trading', 'the venue does not trade it now');
  if (!(Math.abs(instrument.takerFeeRate) <= MAX_FEE_RATE)) {
    return defect('bad_instrument', `taker fee rate is ${instrument.takerFeeRate}`);
  }
  if (settings.entry?.style === 'maker_taker' && !(Math.abs(instrument.makerFeeRate) <= MAX_FEE_RATE)) {
    return defect('bad_instrument', `maker fee rate is ${instrument.makerFeeRate}`);
  }
  const unsound = entryFundingDefect(funding, now);
  if (unsound) return defect(unsound.code, unsound.detail);
  if (!book) return defect('no_book', 'no order book yet');
  const broken = bookDefect(book);
  if (broken) return defect('bad_book', `the book is ${broken}`);
  const walked = walkBothSides(book, settings.notionalUsd);
  if (!walked) return defect('no_depth', `the book holds less than ${settings.notionalUsd} USD on one side`);
  if (!funding) return defect('no_funding', 'no funding quote yet');
  const { intervalHours } = funding;
  const mean = settledMean24h(view.settled, intervalHours, now);
  return {
    key: instrument.key,
    venue: instrument.venue,
    settle: instrument.settle,
    settled: view.settled,
    intervalHours,
    hourlyRate: hourlyRate(funding.predictedRate, intervalHours),
    curve: rateCurve(funding, mean, settings.reversionHalfLifeHours),
    instrument,
    book,
    bid: walked.bid,
    ask: walked.ask,
    mid: walked.mid,
    buyPrice: walked.buyPrice,
    sellPrice: walked.sellPrice,
    slippageUsd: walked.slippageUsd,
  };
}

function walkBothSides(
  book: Book,
  notionalUsd: number,
): Pick<LegQuote, 'bid' | 'ask' | 'mid' | 'buyPrice' | 'sellPrice' | 'slippageUsd'> | undefined {
  const middle = mid(book);
  const size = notionalUsd / middle;
  const buy = walkLevels(book.asks, size);
  const sell = walkLevels(book.bids, size);
  const enough = size * (1 - WALK_TOLERANCE);
  if (!(buy.filled >= enough && sell.filled >= enough)) return undefined;
  return {
    bid: book.bids[0]?.price ?? Number.NaN,
    ask: book.asks[0]?.price ?? Number.NaN,
    mid: middle,
    buyPrice: buy.averagePrice,
    sellPrice: sell.averagePrice,
    slippageUsd: size * (buy.averagePrice - sell.averagePrice),
  };
}
