/** A client that moves: what a venue counts by address begins anew, what it counts by account does not. */
import { describe, expect, it } from 'vitest';
import { ORDERS_PER_10S, RequestLimits, WEIGHT_PER_MINUTE } from '../../../src/simulator/wire/binance/limits.ts';
import { BybitLimits } from '../../../src/simulator/wire/bybit/limits.ts';

const NOW = Date.UTC(2026, 0, 5);

describe('a client at another address', () => {
  it('has no ban and no weight on Binance, but the orders of its account', () => {
    const limits = new RequestLimits();
    expect(limits.admitOrder(NOW, 'main', { tenSeconds: ORDERS_PER_10S, minute: 1 })).toBeUndefined();
    expect(limits.admit(NOW, WEIGHT_PER_MINUTE)).toBeUndefined();
    while (limits.admit(NOW, 1)?.status !== 418);
    limits.changeAddress();
    expect(limits.admit(NOW, WEIGHT_PER_MINUTE)).toBeUndefined();
    expect(limits.admit(NOW, 1)?.status).toBe(429);
    expect(limits.admitOrder(NOW, 'main', { tenSeconds: 1, minute: 1 })?.status).toBe(429);
  });

  it('has no ban on Bybit, but the requests of its user', () => {
    const limits = new BybitLimits();
    expect(limits.admit('main', 'GET /v5/order/realtime', 1, NOW).refused).toBeUndefined();
    while (limits.enter(NOW) === undefined);
    expect(limits.enter(NOW + 60_000)).toBeDefined();
    limits.changeAddress();
    expect(limits.enter(NOW)).toBeUndefined();
    expect(limits.admit('main', 'GET /v5/order/realtime', 1, NOW).refused).toBeDefined();
  });
});
