/** What Bybit lists beside our own orders does not make a list unreadable. */
import { describe, expect, it } from 'vitest';
import { bybitReads } from '../../src/venues/bybit/rows.ts';
import type { CcxtClient } from '../../src/venues/client.ts';

const answering = (...list: readonly unknown[]) =>
  ({
    request: async () => ({ retCode: 0, retMsg: 'OK', result: { list, nextPageCursor: '' } }),
  }) as unknown as CcxtClient;
const row = {
  orderId: '1',
  orderLinkId: '',
  symbol: 'BTCUSDT',
  side: 'Sell',
  qty: '1',
  cumExecQty: '0',
  updatedTime: '1767585600000',
};

describe('open orders', () => {
  it.each(['Untriggered', 'Triggered'])("a human's conditional order, %s, is an open order", async (orderStatus) => {
    const { rows } = await bybitReads.openOrders(answering({ ...row, orderStatus }));
    expect(rows).toMatchObject([{ venueOrderId: '1', status: 'open' }]);
  });

  it('a status that is not known is not guessed at', async () => {
    await expect(bybitReads.openOrders(answering({ ...row, orderStatus: 'Sleeping' }))).rejects.toThrow();
  });
});
