/**
 * What each channel says: at subscription (`snapshotOf`) and when something happens on the exchange (`pushesFor`).
 * Undefined means nothing to say.
 */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeEvent, ExchangeMarket } from '../../exchange/api.ts';
import { mayRest } from '../resting.ts';
import { balanceRow, positionRow } from './account-rows.ts';
import type { BookFeed } from './book-feed.ts';
import { instIdOf } from './instrument-ids.ts';
import { fundingRow, indexRow, levelsOf, markRow, tickerRow } from './market-rows.ts';
import { orderPush } from './order-rows.ts';
import type { Row } from './reply.ts';
import type { Channel, Subscription } from './subscription.ts';

export interface Push {
  readonly action?: 'snapshot' | 'update';
  readonly eventType?: 'snapshot' | 'event_update';
  readonly curPage?: number;
  readonly lastPage?: boolean;
  readonly data: readonly Row[];
}

/** Which public events make a channel speak. */
const TRIGGERS: Readonly<Partial<Record<Channel, readonly ExchangeEvent['kind'][]>>> = {
  'bbo-tbt': ['book'],
  books: ['book'],
  books5: ['book'],
  'funding-rate': ['funding', 'settled'],
  'index-tickers': ['mark'],
  'mark-price': ['mark'],
  tickers: ['book', 'mark'],
};

/** What a new subscriber gets at once; `orders` starts with the next change. */
export function snapshotOf(
  exchange: Exchange,
  subscription: Subscription,
  account: string,
  book: BookFeed,
): Push | undefined {
  const { channel, symbol } = subscription;
  if (channel === 'orders') return undefined;
  if (channel === 'account') {
    return accountPush('snapshot', [balanceRow(exchange.balance(account), exchange.now())]);
  }
  if (channel === 'positions') {
    const held = exchange.positions(account).filter((position) => matches(symbol, position.symbol));
    return accountPush(
      'snapshot',
      held.map((position) => positionRow(exchange, account, position)),
    );
  }
  const market = symbol === undefined ? undefined : exchange.market(symbol);
  return market === undefined ? undefined : marketPush(exchange, channel, market, book);
}

export function pushesFor(
  exchange: Exchange,
  { channel, symbol }: Subscription,
  event: ExchangeEvent,
  book: BookFeed,
): Push | undefined {
  switch (event.kind) {
    case 'order': {
      // An order that rests, or rests no more, locks or frees margin; a trade is told with the balance that it changed.
      if (channel === 'account' && event.trade === undefined && mayRest(event.order))
        return accountPush('event_update', [balanceRow(exchange.balance(event.account), exchange.now())]);
      if (channel !== 'orders' || !matches(symbol, event.order.symbol)) return undefined;
      const instrument = exchange.market(event.order.symbol)?.instrument;
      if (instrument === undefined) return undefined;
      return { data: [orderPush({ exchange, account: event.account, instrument }, event.order, event.trade)] };
    }
    case 'position':
      if (channel !== 'positions' || !matches(symbol, event.position.symbol)) return undefined;
      return accountPush('event_update', [positionRow(exchange, event.account, event.position)]);
    case 'balance':
      if (channel !== 'account') return undefined;
      return accountPush('event_update', [balanceRow(event.balance, exchange.now())]);
    case 'payment':
      // The venue tells of funding through the account channel only.
      return undefined;
    default: {
      const about = event.kind === 'settled' ? event.settled.symbol : event.symbol;
      if (about !== symbol || TRIGGERS[channel]?.includes(event.kind) !== true) return undefined;
      const market = exchange.market(about);
      return market === undefined ? undefined : marketPush(exchange, channel, market, book);
    }
  }
}

const matches = (wanted: UnifiedSymbol | undefined, symbol: UnifiedSymbol): boolean =>
  wanted === undefined || wanted === symbol;

const accountPush = (eventType: 'snapshot' | 'event_update', data: readonly Row[]): Push => ({
  eventType,
  curPage: 1,
  lastPage: true,
  data,
});

function marketPush(exchange: Exchange, channel: Channel, market: ExchangeMarket, book: BookFeed): Push | undefined {
  const now = exchange.now();
  // Without a book there is nothing to copy yet; the first one is everybody's snapshot.
  if (market.bookAt === 0 && TRIGGERS[channel]?.includes('book') === true) return undefined;
  switch (channel) {
    case 'books': {
      const { action, row } = book.next(market, now);
      return { action, data: [row] };
    }
    case 'books5':
      return { data: [{ ...topOfBook(market, 5, now), instId: instIdOf(market.instrument.symbol) }] };
    case 'bbo-tbt':
      return { data: [topOfBook(market, 1, now)] };
    case 'funding-rate':
      return single(fundingRow(exchange, market));
    case 'mark-price':
      return single(markRow(market));
    case 'index-tickers':
      return single(indexRow(market));
    case 'tickers':
      return single(tickerRow(market, now));
    default:
      return undefined;
  }
}

const single = (row: Row | undefined): Push | undefined => (row === undefined ? undefined : { data: [row] });

const topOfBook = (market: ExchangeMarket, depth: number, now: number): Row => ({
  asks: levelsOf(market.asks, depth),
  bids: levelsOf(market.bids, depth),
  seqId: market.bookSequence,
  ts: String(now),
});
