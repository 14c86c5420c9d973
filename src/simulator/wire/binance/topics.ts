/**
 * Names of market streams. Each belongs to one entry point: book data to `/public`, the rest to `/market`; the URLs
 * without an entry point were retired in April 2026. Only what the exchange model can tell exists here.
 * Source: "WebSocket Market Streams" and its base URL change notice.
 */
import type { WireMarket, WireMarkets } from './markets.ts';

export type EntryPoint = 'public' | 'market' | 'private';

export type Topic = {
  readonly name: string;
  readonly entry: 'public' | 'market' /** Absent: every market. */;
  readonly market?: WireMarket;
} & (
  | { readonly kind: 'depth' | 'bookTicker' | 'markPrice' | 'ticker' | 'miniTicker' }
  | { readonly kind: 'levels'; readonly levels: number }
);

const DEPTH = /^depth(5|10|20)?(@100ms|@250ms|@500ms)?$/;
const MARK_PRICE = /^markPrice(@1s)?$/;
const ALL_MARK_PRICES = /^!markPrice@arr(@1s)?$/;

const ALL_TICKERS = /^!(\w+)@arr$/;
const isTicker = (channel: string | undefined): channel is 'ticker' | 'miniTicker' =>
  channel === 'ticker' || channel === 'miniTicker';

/** The stream of that name, undefined when there is none. Speeds are accepted; frames come with the events. */
export function parseTopic(name: string, markets: WireMarkets): Topic | undefined {
  if (ALL_MARK_PRICES.test(name)) return { name, entry: 'market', kind: 'markPrice' };
  const all = ALL_TICKERS.exec(name)?.[1];
  if (isTicker(all)) return { name, entry: 'market', kind: all };
  if (name === '!bookTicker') return { name, entry: 'public', kind: 'bookTicker' };
  const at = name.indexOf('@');
  const id = name.slice(0, Math.max(at, 0));
  const channel = name.slice(at + 1);
  const market = markets.byId(id.toUpperCase());
  if (market === undefined || id !== id.toLowerCase()) return undefined;
  if (channel === 'bookTicker') return { name, entry: 'public', kind: 'bookTicker', market };
  if (isTicker(channel)) return { name, entry: 'market', kind: channel, market };
  if (MARK_PRICE.test(channel)) return { name, entry: 'market', kind: 'markPrice', market };
  const depth = DEPTH.exec(channel);
  if (!depth) return undefined;
  if (depth[1] === undefined) return { name, entry: 'public', kind: 'depth', market };
  return { name, entry: 'public', kind: 'levels', levels: Number(depth[1]), market };
}
