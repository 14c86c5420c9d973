/** The venues that have facts. Loading this loads no ccxt. */
import type { VenueId } from '../kernel/ids.ts';
import { binanceFacts } from './binance/facts.ts';
import { bybitFacts } from './bybit/facts.ts';
import type { VenueFacts } from './facts.ts';
import { okxFacts } from './okx/facts.ts';

const FACTS: Readonly<Record<VenueId, VenueFacts>> = { binance: binanceFacts, bybit: bybitFacts, okx: okxFacts };

export const supportedVenues: readonly VenueId[] = Object.keys(FACTS);

/** undefined for a venue this project does not know. */
export const factsOf = (venue: VenueId): VenueFacts | undefined => FACTS[venue];

/** Every official host of a venue to one server that speaks HTTP and WebSocket, for loopback venues and proxies. */
export function hostsTo(facts: VenueFacts, httpUrl: string): Record<string, string> {
  const wsUrl = httpUrl.replace(/^http/, 'ws');
  return Object.fromEntries([
    ...facts.hosts.rest.map((host) => [host, httpUrl]),
    ...facts.hosts.ws.map((host) => [host, wsUrl]),
  ]);
}
