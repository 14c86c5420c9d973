/** What OKX leaves out of its rows is not zero. */
import { describe, expect, it } from 'vitest';
import type { CcxtClient } from '../../src/venues/client.ts';
import { okxReads } from '../../src/venues/okx/rows.ts';

const answering = (...rows: readonly unknown[]) =>
  ({
    milliseconds: () => 1_767_585_600_000,
    request: async () => ({ code: '0', msg: '', data: rows }),
  }) as unknown as CcxtClient;
const WINDOW = { from: 1, to: 2_000_000_000_000 };

describe('funding bills', () => {
  const bill = { billId: '7', instId: 'BTC-USDT-SWAP', ccy: 'USDT', ts: '1767585600000' };
  const amountOf = async (changes: object) =>
    (await okxReads.payments(answering({ ...bill, ...changes }), WINDOW)).rows[0]?.amount;

  it('tell the change of the account, or of the isolated margin when the account’s is zero or left empty', async () => {
    expect(await amountOf({ balChg: '-1.25', posBalChg: '0' })).toBe('-1.25');
    expect(await amountOf({ balChg: '0', posBalChg: '0.5' })).toBe('0.5');
    expect(await amountOf({ balChg: '', posBalChg: '0.5' })).toBe('0.5');
    expect(await amountOf({ balChg: '-1.25' })).toBe('-1.25');
    expect(await amountOf({ balChg: '0', posBalChg: '0' })).toBe('0');
  });

  it.each([{}, { balChg: '' }, { balChg: '', posBalChg: '' }])(
    'missing-amount: a bill that tells no change, %j, is no payment of zero',
    async (changes) => {
      await expect(amountOf(changes)).rejects.toThrow('bill 7');
    },
  );

  it.each([{ balChg: 'n/a' }, { balChg: '0', posBalChg: '1e' }])(
    'malformed-amount: %j is no payment of zero',
    async (changes) => {
      await expect(amountOf(changes)).rejects.toThrow();
    },
  );
});

describe('fills', () => {
  const row = {
    billId: '9',
    tradeId: '1',
    ordId: '2',
    clOrdId: '',
    instId: 'BTC-USDT-SWAP',
    side: 'sell',
    fillPx: '100',
    fillSz: '3',
    fee: '-0.1',
    feeCcy: 'USDT',
    ts: '1767585600000',
  };
  const fillOf = async (execType: string) =>
    (await okxReads.fills(answering({ ...row, execType }), { ...WINDOW, marketId: undefined })).rows[0];

  it("fault-22-system-order: a liquidation's fill is neither maker nor taker, and is read all the same", async () => {
    expect(await fillOf('')).toMatchObject({ tradeId: '1', maker: false });
    expect(await fillOf('M')).toMatchObject({ maker: true });
    await expect(fillOf('X')).rejects.toThrow();
  });

  it('a block trade has no order, and makes no list unreadable', async () => {
    const read = okxReads.fills(answering({ ...row, ordId: '', execType: 'T' }), { ...WINDOW, marketId: undefined });
    // Of both lists.
    expect((await read).rows.map(({ venueOrderId }) => venueOrderId)).toEqual(['', '']);
  });

  it('of the last three days, and of one order, come from the list that does not lag', async () => {
    const asked: string[] = [];
    const now = 1_767_585_600_000;
    const client = {
      milliseconds: () => now,
      request: async (path: string) => {
        asked.push(path);
        return { code: '0', msg: '', data: [] };
      },
    } as unknown as CcxtClient;
    const read = async (from: number, venueOrderId?: string): Promise<string[]> => {
      asked.length = 0;
      await okxReads.fills(client, { from, to: now, marketId: undefined, ...(venueOrderId && { venueOrderId }) });
      return [...asked];
    };
    expect(await read(now - 60_000)).toEqual(['trade/fills']);
    // Also when it begins earlier: of the rest, the other.
    expect(await read(now - 4 * 86_400_000)).toEqual(['trade/fills', 'trade/fills-history']);
    // An order may be older than what the first list knows.
    expect(await read(now - 60_000, '7')).toEqual(['trade/fills', 'trade/fills-history']);
  });
});

describe('the balance', () => {
  const usdt = { ccy: 'USDT', eq: '100', availBal: '60' };

  it('is the equity without what is not realised', async () => {
    const read = okxReads.balance(answering({ details: [{ ...usdt, upl: '-5' }] }), 'USDT');
    expect(await read).toEqual({ wallet: '105', available: '60' });
  });

  it.each([{}, { upl: '' }])('missing-figure: without it, %j, the wallet is unknown, not the equity', async (upl) => {
    await expect(okxReads.balance(answering({ details: [{ ...usdt, ...upl }] }), 'USDT')).rejects.toThrow();
  });
});

describe('the fees', () => {
  const ratesOf = async (row: object) => (await okxReads.fees(answering(row), ['BTC-USDT-SWAP'])).get('BTC-USDT-SWAP');

  it('zero-fee: a USDT rate of zero is that, not the rate of coin-margined contracts', async () => {
    const rates = { taker: '-0.0005', maker: '-0.0002', takerU: '-0.0004', makerU: '0' };
    const read = await ratesOf(rates);
    expect(read?.taker).toBe('0.0004');
    expect(Math.abs(Number(read?.maker))).toBe(0);
  });

  it('are those of the dearest fee group where the account tells no others', async () => {
    const feeGroup = [
      { groupId: '1', taker: '-0.0003', maker: '0.0001' },
      { groupId: '2', taker: '-0.0006', maker: '-0.0002' },
    ];
    expect(await ratesOf({ feeGroup })).toEqual({ taker: '0.0006', maker: '0.0002' });
    await expect(ratesOf({})).rejects.toThrow();
  });

  it('are the general ones where none for USDT are told', async () => {
    expect(await ratesOf({ taker: '-0.0005', maker: '-0.0002', takerU: '', makerU: '' })).toEqual({
      taker: '0.0005',
      maker: '0.0002',
    });
  });
});
