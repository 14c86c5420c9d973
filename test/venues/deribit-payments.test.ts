/** What Deribit's transaction log says about funding, through unmodified ccxt and with the rows of its documentation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quote, sum, text, ZERO_QUOTE } from '../../src/kernel/decimal.ts';
import { type Answer, type DeribitWorld, result, startDeribit } from './deribit-world.ts';

/** The documented window and rows, newest first. */
const WINDOW = { from: 1_613_657_734_000, to: 1_613_660_407_000 };
const TRANSFER = {
  username: 'TestUser',
  user_seq: 6009,
  user_id: 7,
  type: 'transfer',
  trade_id: null,
  timestamp: 1_613_659_830_333,
  side: '-',
  price: null,
  position: null,
  order_id: null,
  interest_pl: null,
  instrument_name: null,
  info: { transfer_type: 'subaccount', other_user_id: 27, other_user: 'Subaccount' },
  id: 61312,
  equity: 3000.9275869,
  currency: 'BTC',
  commission: 0,
  change: -2.5,
  cashflow: -2.5,
  balance: 3001.22270418,
};
const SETTLEMENT = {
  username: 'TestUser',
  user_seq: 6008,
  user_id: 7,
  type: 'settlement',
  trade_id: null,
  total_interest_pl: 0.00001243,
  timestamp: 1_613_659_544_153,
  side: 'long',
  session_upl: 0.00220172,
  session_rpl: -0.00004467,
  price_currency: 'USD',
  price: 51807.07,
  position: 1520,
  order_id: null,
  interest_pl: 0.00000993,
  instrument_name: 'BTC-PERPETUAL',
  info: { settlement_price: 51807, floating_pl: 0.00220172 },
  id: 61311,
  equity: 3003.42821428,
  currency: 'BTC',
  commission: null,
  change: 0.00215706,
  cashflow: 0.00215706,
  balance: 3003.72270418,
  amount: 1520,
};
const OPTION_TRADE = {
  username: 'TestUser',
  user_seq: 6005,
  user_role: 'maker',
  user_id: 7,
  type: 'trade',
  trade_id: '28349',
  timestamp: 1_613_657_734_620,
  side: 'close buy',
  profit_as_cashflow: false,
  price_currency: 'BTC',
  price: 0.1537,
  position: 0,
  order_id: '67546',
  mark_price: 0.04884653215049635,
  interest_pl: 0,
  instrument_name: 'BTC-19FEB21-49200-C',
  info: 'Source: api',
  id: 61288,
  equity: 3002.83270455,
  currency: 'BTC',
  commission: 0,
  change: -0.04611,
  cashflow: -0.04611,
  balance: 3003.17813712,
  amount: 0.3,
};
/** Trades of the same session: what they realised is what the settlement's total has beyond its own part. */
const trade = (id: number, interest: number) => ({
  ...OPTION_TRADE,
  id,
  timestamp: 1_613_658_000_000 + id,
  side: 'open buy',
  instrument_name: 'BTC-PERPETUAL',
  interest_pl: interest,
});
const TRADES = [trade(61310, -0.0000011), trade(61309, 0.0000036), trade(61308, 0)];
const LOG = [TRANSFER, SETTLEMENT, ...TRADES, OPTION_TRADE];

/** The log in pages of `size`, whose tokens are the id of the next row. */
const pages =
  (log: readonly { readonly id: number }[], size: number): DeribitWorld['answer'] =>
  ({ params }) => {
    const from = params.continuation === undefined ? 0 : log.findIndex(({ id }) => String(id) === params.continuation);
    return result({ logs: log.slice(from, from + size), continuation: log[from + size]?.id ?? null });
  };

let world: DeribitWorld;
beforeEach(async () => {
  world = await startDeribit(WINDOW.to);
});
afterEach(() => world.close());

const read = async () => {
  const payments = await world.read(WINDOW);
  if (!payments.ok) throw new Error(`${payments.code}: ${payments.detail}`);
  return payments.value;
};
const total = (payments: Awaited<ReturnType<typeof read>>) =>
  text(
    sum(
      ZERO_QUOTE,
      payments.map(({ amount }) => quote(amount)),
    ),
  );

describe('funding payments of Deribit', () => {
  it('fault-27-deribit-continuous: trades and settlements of a session sum to its total, each told once', async () => {
    world.answer = pages(LOG, 2);
    const payments = await read();
    expect(total(payments)).toBe(text(quote(SETTLEMENT.total_interest_pl)));
    const at = ({ timestamp }: { timestamp: number }) => timestamp;
    expect(payments).toEqual([
      { marketId: 'BTC-PERPETUAL', paymentId: '61309', amount: '0.0000036', currency: 'BTC', at: at(trade(61309, 0)) },
      { marketId: 'BTC-PERPETUAL', paymentId: '61310', amount: '-0.0000011', currency: 'BTC', at: at(trade(61310, 0)) },
      { marketId: 'BTC-PERPETUAL', paymentId: '61311', amount: '0.00000993', currency: 'BTC', at: at(SETTLEMENT) },
    ]);
  });

  it('fault-27-deribit-late: a row listed later is the only thing that a second read adds', async () => {
    world.answer = pages([TRANSFER, ...TRADES, OPTION_TRADE], 3);
    const before = await read();
    world.answer = pages(LOG, 3);
    const after = await read();
    expect(after.filter(({ paymentId }) => paymentId !== String(SETTLEMENT.id))).toEqual(before);
    expect(after.length).toBe(before.length + 1);
  });

  it('fault-27-deribit-revised: a row with another amount keeps its id; within one read it is no answer', async () => {
    const revised = { ...SETTLEMENT, interest_pl: 0.00000994 };
    world.answer = pages([revised], 1);
    expect(await read()).toMatchObject([{ paymentId: String(SETTLEMENT.id), amount: '0.00000994' }]);
    world.answer = ({ params }) =>
      params.continuation === undefined
        ? result({ logs: [SETTLEMENT], continuation: 61310 })
        : result({ logs: [revised, ...TRADES], continuation: null });
    expect(await world.read(WINDOW)).toMatchObject({ ok: false, code: 'incomplete' });
  });

  it('asks for the whole window of the currency, signed, page by page, at most one request a second', async () => {
    world.answer = pages(LOG, 1);
    await read();
    const scope = {
      currency: 'BTC',
      start_timestamp: String(WINDOW.from),
      end_timestamp: String(WINDOW.to),
      count: '250',
    };
    expect(world.asked.map(({ params }) => params)).toEqual(
      LOG.map(({ id }, index) => (index === 0 ? scope : { ...scope, continuation: String(id) })),
    );
    for (const { method, path, authorization = '', signature } of world.asked) {
      expect(`${method} ${path}`).toBe('GET /api/v2/private/get_transaction_log');
      const shape = /^deri-hmac-sha256 id=client-id,ts=(\d{13}),sig=([0-9a-f]{64}),nonce=(\w+)$/.exec(authorization);
      expect(shape?.[2]).toBe(signature(shape?.[1] ?? '', shape?.[3] ?? ''));
    }
    for (const { at } of world.asked) {
      const within = world.asked.filter((other) => other.at > at - 5_000 && other.at <= at);
      expect(within.length).toBeLessThanOrEqual(5);
    }
  });

  it('an empty log is no payment', async () => {
    expect(await read()).toEqual([]);
  });

  const first = { logs: [TRANSFER, SETTLEMENT], continuation: 61310 };
  it.each<[what: string, second: Answer, code: string]>([
    ['the same token again', result({ logs: TRADES, continuation: 61310 }), 'incomplete'],
    ['rows that were there already', result({ logs: first.logs, continuation: 61309 }), 'incomplete'],
    ['no rows but a token', result({ logs: [], continuation: 61309 }), 'incomplete'],
    ['no word on whether there is more', result({ logs: TRADES }), 'malformed'],
    ['no rows at all', result({ continuation: null }), 'malformed'],
    ['half a body', { body: '{"jsonrpc":"2.0","result":{"logs":[' }, 'malformed'],
    ['a gateway error', { status: 502, body: '<html>Bad Gateway</html>' }, 'http_502'],
    ['the throttle', { status: 429, body: '{"error":{"message":"too_many_requests","code":10028}}' }, 'venue_10028'],
    ['a venue error', { status: 400, body: '{"error":{"message":"Invalid params","code":-32602}}' }, 'venue_-32602'],
    ['a lost connection', 'lost', 'network_ECONNRESET'],
  ])(
    'fault-29-deribit-page: %s on the second page is unknown, never a part of the payments',
    async (_what, second, code) => {
      world.answer = ({ params }) => (params.continuation === undefined ? result(first) : second);
      expect(await world.read(WINDOW)).toMatchObject({ ok: false, code });
      expect(world.asked).toHaveLength(2);
    },
  );

  it('fault-29-deribit-endless: a log without an end is unknown', async () => {
    let id = 1_000_000;
    world.answer = () => {
      id -= 1;
      return result({ logs: [{ ...SETTLEMENT, id }], continuation: id });
    };
    expect(await world.read(WINDOW)).toMatchObject({ ok: false, code: 'incomplete' });
  });

  it.each<[what: string, change: Record<string, unknown>, named: string]>([
    ['an amount that is none', { interest_pl: 'n/a' }, 'row 61311'],
    ['an empty amount', { interest_pl: '' }, 'row 61311'],
    ['an amount of another type', { interest_pl: true }, 'row 61311'],
    ['no amount where one must be', { interest_pl: null }, 'row 61311'],
    ['no time', { timestamp: null }, 'row 61311'],
    ['no instrument', { instrument_name: null }, 'row 61311'],
    ['no currency', { currency: '' }, 'row 61311'],
    ['no id', { id: null }, 'logs[1]'],
  ])('malformed-row: %s fails the read and names the row', async (_what, change, named) => {
    world.answer = pages([TRANSFER, { ...SETTLEMENT, ...change }, ...TRADES] as typeof LOG, 10);
    const outcome = await world.read(WINDOW);
    expect(outcome).toMatchObject({ ok: false, code: 'malformed', detail: expect.stringContaining(named) });
    // Nothing is booked of the others, so that the next read finds them all.
    world.answer = pages(LOG, 10);
    expect(await read()).toHaveLength(3);
  });
});
