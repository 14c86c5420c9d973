/** What Binance's private stream tells of a liquidation. */
import { expect, it } from 'vitest';
import { binanceStream } from '../../src/venues/binance/rows.ts';

const frame = (change: Record<string, unknown>) => ({
  e: 'ORDER_TRADE_UPDATE',
  o: {
    s: 'BTCUSDT',
    c: 'autoclose-1',
    S: 'SELL',
    q: '0.5',
    X: 'FILLED',
    x: 'CALCULATED',
    i: 77,
    z: '0.5',
    T: 1_767_585_600_000,
    ...change,
  },
});
const kinds = (change: Record<string, unknown>) => binanceStream.parse(frame(change)).map(({ kind }) => kind);

it('fault-22-liquidated: a liquidation that tells its trade is a fill like any other', () => {
  const trade = { l: '0.5', L: '47000', n: '4.7', N: 'USDT', t: 9, m: false };
  const [fill] = binanceStream.parse(frame(trade));
  expect(fill).toMatchObject({ kind: 'fill', fill: { tradeId: '9', quantity: '0.5', price: '47000', side: 'sell' } });
  expect(kinds(trade)).toEqual(['fill', 'order']);
});

it.each([
  ['nothing of a trade', {}],
  ['no quantity', { l: '0', L: '47000', t: 9, m: false }],
  ['no trade id', { l: '0.5', L: '47000', t: 0, m: false }],
])('one that tells %s is left to the list of trades', (_what, change) => {
  expect(kinds(change)).toEqual(['order']);
});

it('what is calculated of an order that trades as ever must be whole', () => {
  expect(() => binanceStream.parse(frame({ x: 'TRADE' }))).toThrow();
});
