/** Where a ccxt client's streams connect to. Entry point: `redirectStreams`. */
import type { CcxtClient } from './client.ts';
import { replaceHost } from './transport.ts';

/** REST URLs stay official and are redirected by the transport; stream URLs are replaced here, paths kept. */
export function redirectStreams(client: CcxtClient, hosts: Readonly<Record<string, string>>): void {
  if (Object.keys(hosts).length === 0) return;
  const redirect = (value: unknown): unknown => {
    if (typeof value === 'string') {
      if (!value.startsWith('ws')) return value;
      const official = new URL(value.replace('{hostname}', client.hostname ?? ''));
      // A stream that is not configured must fail, never reach the real venue.
      return replaceHost(hosts, official)?.href ?? 'ws://unmapped.invalid';
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, redirect(each)]));
  };
  client.urls.api = redirect(client.urls.api);
}
