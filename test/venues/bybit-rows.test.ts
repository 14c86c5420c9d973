/** What Bybit lists beside our own orders does not make a list unreadable. */
import { describe, expect, it } from 'vitest';
import { bybitReads, bybitStream } from '../../src/venues/bybit/rows.ts';
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

  it('are read by cursor, however many a human has resting', async () => {
    const rows = Array.from({ length: 120 }, (_, i) => ({ ...row, orderId: `${i}`, orderStatus: 'New' }));
    const client = {
      request: async (_path: string, _api: string, _method: string, { cursor }: { readonly cursor?: string }) => {
        const from = Number(cursor ?? 0);
        const nextPageCursor = String(from + 50);
        return { retCode: 0, retMsg: 'OK', result: { list: rows.slice(from, from + 50), nextPageCursor } };
      },
    } as unknown as CcxtClient;
    const page = await bybitReads.openOrders(client);
    expect(page.full).toBe(false);
    expect(new Set(page.rows.map(({ venueOrderId }) => venueOrderId)).size).toBe(120);
  });
});

const paged = (...pages: readonly { readonly list: readonly unknown[]; readonly cursor?: string }[]) =>
  ({
    request: async (_path: string, _api: string, _method: string, { cursor }: { readonly cursor?: string }) => {
      const page = pages[cursor === undefined ? 0 : pages.findIndex((each) => each.cursor === cursor) + 1];
      return { retCode: 0, retMsg: 'OK', result: { list: page?.list ?? [], nextPageCursor: page?.cursor ?? '' } };
    },
  }) as unknown as CcxtClient;

it('fault-29-short-page: a position behind a page that is not full is read as well', async () => {
  const position = (symbol: string) => ({ symbol, side: 'Buy', size: '1', positionIdx: 0 });
  const pages = [{ list: [position('AUSDT')], cursor: 'a' }, { list: [position('BUSDT')], cursor: 'b' }, { list: [] }];
  const { rows, full } = await bybitReads.positions(paged(...pages));
  expect(rows.map(({ marketId }) => marketId).sort()).toEqual(['AUSDT', 'BUSDT']);
  expect(full).toBe(false);
  // One that leads nowhere is no end.
  const turning = [
    { list: [position('AUSDT')], cursor: 'a' },
    { list: [position('BUSDT')], cursor: 'a' },
  ];
  expect(await bybitReads.positions(paged(...turning))).toMatchObject({ full: true });
});

describe('executions', () => {
  const execution = {
    execId: 'e1',
    orderId: 'o1',
    symbol: 'BTCUSDT',
    side: 'Sell',
    execPrice: '50000',
    execQty: '1',
    execFee: '0',
    isMaker: false,
    execTime: '1767585600000',
  };
  const query = { marketId: undefined, from: 0, to: 1 };

  it('fault-29-short-page: whatever its length, a page with a cursor is followed by another', async () => {
    const trade = (execId: string) => ({ ...execution, execId, execType: 'Trade' });
    const pages = [{ list: [trade('e2')], cursor: 'more' }, { list: [trade('e1')] }];
    const { rows, full } = await bybitReads.fills(paged(...pages), query);
    expect([rows.map(({ tradeId }) => tradeId), full]).toEqual([['e1', 'e2'], false]);
  });

  it.each(['Funding', 'Settle', 'Dividend', 'ForwardSplitSettle', 'CorporateAction', 'UNKNOWN'])(
    '%s is no trade, whatever its side',
    async (execType) => {
      const noSide = { ...execution, execType, execId: 'e2', side: '' };
      const client = answering({ ...execution, execType }, noSide, { ...execution, execId: 'e3', execType: 'Trade' });
      expect((await bybitReads.fills(client, query)).rows.map(({ tradeId }) => tradeId)).toEqual(['e3']);
      const frame = { topic: 'execution', data: [{ ...execution, execType, category: 'linear' }] };
      expect(bybitStream.parse(frame)).toEqual([]);
    },
  );

  it("a trade among the payments is none: its fee is not the position's funding", async () => {
    const funding = { ...execution, execType: 'Funding', execFee: '-0.5' };
    const trade = { ...execution, execType: 'Trade', execId: 'e2', execFee: '3' };
    const { rows } = await bybitReads.payments(answering(trade, funding), query);
    expect(rows).toMatchObject([{ paymentId: 'e1', amount: '0.5' }]);
  });

  it.each(['Trade', 'AdlTrade', 'BustTrade', 'BlockTrade', 'Delivery'])('%s is one', async (execType) => {
    expect((await bybitReads.fills(answering({ ...execution, execType }), query)).rows).toHaveLength(1);
  });
});
