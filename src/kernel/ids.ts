/** Identifiers. */

/** Short venue name used in code, config, ledger and CLI: `binance`, `bybit`, `okx`, ... */
export type VenueId = string;
/** Unified symbol: `BTC/USDT:USDT` is the linear USDT perpetual, `BTC/USDT` is spot. */
export type UnifiedSymbol = string;
/** `<venue>|<symbol>`, e.g. `okx|BTC/USDT:USDT`. The one key constructor is `instrumentKey`. */
export type InstrumentKey = string;
/** `h` and a decimal sequence number that is unique in one ledger: `h17`. */
export type HedgeId = string;
/** At most 18 characters of [a-z0-9]; sent to a venue once and never again. */
export type ClientOrderId = string;

/** Which account a hedge trades on: the mode's real accounts, or the paper venue. */
export type Route = 'live' | 'paper';
/** Of a hedge's two legs. */
export type LegName = 'long' | 'short';
/** The wall between worlds; stamped on the database, on rows and in client order ids. */
export type Mode = 'sim' | 'paper' | 'testnet' | 'live';

export const instrumentKey = (venue: VenueId, symbol: UnifiedSymbol): InstrumentKey => `${venue}|${symbol}`;

/** As many as the venues list: every event asks for some of them again. */
const parts = new Map<InstrumentKey, { readonly venue: VenueId; readonly symbol: UnifiedSymbol }>();

export function splitKey(key: InstrumentKey): { readonly venue: VenueId; readonly symbol: UnifiedSymbol } {
  const known = parts.get(key);
  if (known) return known;
  const bar = key.indexOf('|');
  const split = { venue: key.slice(0, bar), symbol: key.slice(bar + 1) };
  parts.set(key, split);
  return split;
}
