/**
 * Markets of a ccxt client read anew. ccxt replaces what it knows by whatever an answer holds, an error page included, and
 * refuses by itself every order, cancel and reduction on a market that it does not know.
 */
import type { CcxtClient } from './client.ts';
import type { VenueFacts } from './facts.ts';
import { type Listing, listingsOf } from './units.ts';

/**
 * Listings as the venue tells them now. When they cannot be read, the client keeps the markets that it had, and this
 * throws what reading threw, or SetupError `nothing_listed`.
 */
export async function reloadMarkets(facts: VenueFacts, client: CcxtClient): Promise<readonly Listing[]> {
  const before = client.markets;
  try {
    await client.loadMarkets(true);
    return listingsOf(facts, client.markets ?? {});
  } catch (error) {
    if (before !== undefined && client.markets !== before) client.setMarkets(Object.values(before));
    throw error;
  }
}

/** As `reloadMarkets`; markets that are listed no more stay known, as not trading: what is held there is still reduced. */
export async function reloadKeepingGone(facts: VenueFacts, client: CcxtClient): Promise<readonly Listing[]> {
  const before = client.markets ?? {};
  const listings = await reloadMarkets(facts, client);
  const now = client.markets ?? {};
  const gone = Object.entries(before).filter(([symbol]) => now[symbol] === undefined);
  if (gone.length === 0) return listings;
  client.setMarkets([...Object.values(now), ...gone.map(([, market]) => ({ ...(market as object), active: false }))]);
  return listingsOf(facts, client.markets ?? {});
}
