import { describe, expect, it } from 'vitest';
import { isCcxtStreamRejection } from '../../src/venues/connect.ts';
import { factsOf, hostsTo, supportedVenues } from '../../src/venues/registry.ts';
import { replaceHost } from '../../src/venues/transport.ts';

describe('isCcxtStreamRejection', () => {
  it('knows ccxt errors by their class, not their text', async () => {
    const { NetworkError, AuthenticationError } = await import('ccxt');
    expect(isCcxtStreamRejection(new NetworkError('closed'))).toBe(true);
    expect(isCcxtStreamRejection(new AuthenticationError('no'))).toBe(true);
    expect(isCcxtStreamRejection(new Error('NetworkError'))).toBe(false);
    expect(isCcxtStreamRejection(new TypeError('x is undefined'))).toBe(false);
    expect(isCcxtStreamRejection(undefined)).toBe(false);
  });
});

describe('hosts', () => {
  it('maps every official host of a venue, REST and streams', () => {
    for (const venue of supportedVenues) {
      const facts = factsOf(venue);
      if (facts === undefined) throw new Error(venue);
      const hosts = hostsTo(facts, 'http://127.0.0.1:9');
      for (const host of facts.hosts.rest) expect(hosts[host]).toBe('http://127.0.0.1:9');
      for (const host of facts.hosts.ws) expect(hosts[host]).toBe('ws://127.0.0.1:9');
    }
  });

  it('keeps path and query, and refuses a host that is not configured once any is', () => {
    const url = new URL('https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT');
    expect(replaceHost({}, url)?.href).toBe(url.href);
    expect(replaceHost({ 'fapi.binance.com': 'http://127.0.0.1:9/base/' }, url)?.href).toBe(
      'http://127.0.0.1:9/base/fapi/v1/depth?symbol=BTCUSDT',
    );
    expect(replaceHost({ 'api.bybit.com': 'http://127.0.0.1:9' }, url)).toBeUndefined();
  });
});
