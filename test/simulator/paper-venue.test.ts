import { describe, expect, it } from 'vitest';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import type { MarketEvent } from '../../src/market/event.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import type { AccountEvent } from '../../src/ports/venue.ts';
import { createPaperVenue, type PaperVenueOptions } from '../../src/simulator/paper-venue.ts';
import { instrument, SYMBOL } from './paper-instrument.ts';

const { key } = instrument;
const START = 1_750_000_000_000;
const SETTLEMENT = START + 3_600_000;

type Rows = readonly (readonly [number, number])[];

function paperWorld(options: Partial<PaperVenueOptions> = {}) {
  const clock = { at: START, now: () => clock.at, monotonicMs: () => clock.at, after: () => () => undefined };
  const paper = createPaperVenue({
    venue: 'okx',
    clock,
    instruments: [instrument],
    depositUsd: quote('10000'),
    maxBookAgeMs: Number.POSITIVE_INFINITY,
    ...options,
  });
  const on = (event: MarketEvent): void => paper.onMarket(event);
  const stamps = () => ({ venueAt: clock.at, receivedAt: clock.at });
  const levels = (rows: Rows) => rows.map(([price, size]) => ({ price, size }));
  let ids = 0;
  return {
    paper,
    clock,
    on,
    book: (bids: Rows, asks: Rows) =>
      on({ kind: 'book', book: { key, bids: levels(bids), asks: levels(asks), ...stamps() } }),
    mark: (mark: number) => on({ kind: 'mark', mark: { key, mark, ...stamps() } }),
    announce: (nextSettlementAt: number, predictedRate = 0.05, venueAt = clock.at) =>
      on({
        kind: 'funding',
        quote: { key, predictedRate, intervalHours: 8, nextSettlementAt, venueAt, receivedAt: clock.at },
      }),
    settle: (settledAt: number, settledRate: number) =>
      on({ kind: 'settled', rates: [{ key, settledRate, settledAt }] }),
    async trade(side: 'buy' | 'sell', quantity: string, change: Partial<OrderRequest> = {}): Promise<string> {
      ids += 1;
      const limitPrice = px(side === 'buy' ? '104' : '96');
      const ref = { clientOrderId: `p${ids}`, key };
      const order: OrderRequest = {
        ...ref,
        side,
        quantity: base(quantity),
        limitPrice,
        style: 'ioc',
        reduceOnly: false,
      };
      const outcome = await paper.venue.submit({ ...order, ...change }, 'open');
      if (outcome.kind !== 'acked') return outcome.code;
      const found = await paper.venue.lookup(ref, 'open');
      return found.kind === 'found' ? found.order.filled.toFixed() : found.kind;
    },
    payments: () => paper.exchange.payments('paper').map(({ amount, at }) => [amount.toFixed(), at]),
    wallet: () => paper.exchange.balance('paper').wallet.toFixed(),
  };
}

/** Short 2 at 100, a settlement announced one hour ahead. */
async function shortTwo() {
  const world = paperWorld();
  world.mark(100);
  world.book([[100, 50]], [[101, 50]]);
  world.announce(SETTLEMENT);
  await world.trade('sell', '2');
  return world;
}

it('sizes that were multiplied out of contracts leave no dust: what is bought can be sold whole', async () => {
  for (let units = 1; units <= 400; units += 7) {
    const step = base('0.001');
    const world = paperWorld({ instruments: [{ ...instrument, lot: step, minQuantity: step }] });
    // As a feed multiplies them: 8.2 contracts of 0.01 are 0.08199999999999999 in doubles.
    const size = (units / 10) * 0.01;
    world.mark(100);
    world.book([[99, size]], [[101, size]]);
    const filled = await world.trade('buy', '1');
    expect(filled).toBe((units / 1_000).toString());
    expect(await world.trade('sell', filled, { reduceOnly: true })).toBe(filled);
    expect(world.paper.exchange.positions('paper')).toEqual([]);
  }
});

describe('paper fills', () => {
  it('a book that has been silent for long is nobody’s offer: nothing fills until the next one', async () => {
    const world = paperWorld({ maxBookAgeMs: 5_000 });
    world.mark(100);
    world.book([[99.9, 50]], [[100.1, 50]]);
    expect(await world.trade('buy', '10')).toBe('10');
    world.clock.at += 5_000;
    expect(await world.trade('sell', '1', { reduceOnly: true })).toBe('1');
    // Twenty minutes later the mark alone has gone on.
    world.clock.at += 20 * 60_000;
    world.mark(98);
    expect(await world.trade('sell', '9', { reduceOnly: true, limitPrice: px('97') })).toBe('0');
    world.book([[97.9, 50]], [[98.1, 50]]);
    expect(await world.trade('sell', '9', { reduceOnly: true, limitPrice: px('97') })).toBe('9');
    expect(world.paper.exchange.trades('paper').at(-1)?.price.toFixed()).toBe('97.9');
  });

  it('take the live book once, until the next one', async () => {
    const world = paperWorld();
    world.mark(100);
    world.book([[99, 1]], [[100, 0.5]]);
    expect(await world.trade('buy', '1')).toBe('0.5');
    expect(await world.trade('buy', '1')).toBe('0');
    world.book([[99, 1]], [[100, 0.5]]);
    expect(await world.trade('buy', '1')).toBe('0.5');
  });

  it.each<[string, Rows, Rows]>([
    ['empty', [], [[100, 5]]],
    ['crossed', [[101, 5]], [[100, 5]]],
    [
      'unsorted',
      [[99, 5]],
      [
        [101, 5],
        [100, 5],
      ],
    ],
    ['not a number', [[99, 5]], [[Number.NaN, 5]]],
    ['negative size', [[99, 5]], [[100, -5]]],
  ])('bad-book: nothing fills against a book that is %s', async (_name, bids, asks) => {
    const world = paperWorld();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    world.book(bids, asks);
    expect(await world.trade('buy', '1')).toBe('0');
    expect(await world.trade('sell', '1')).toBe('0');
  });

  it('dead-feed-fills: a feed that is down leaves nothing to fill against until its next book', async () => {
    const world = paperWorld();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    const health = { venue: 'okx', status: 'down', reason: 'test', malformed: 0, at: START } as const;
    world.on({ kind: 'health', health: { ...health, venue: 'bybit' } });
    expect(await world.trade('buy', '1')).toBe('1');
    world.on({ kind: 'health', health });
    expect(await world.trade('buy', '1')).toBe('0');
    world.book([[99, 5]], [[100, 5]]);
    expect(await world.trade('buy', '1')).toBe('1');
  });

  it('ignores other venues, unknown symbols and marks that are no price; obeys a halt', async () => {
    const world = paperWorld();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    const at = { venueAt: START, receivedAt: START };
    const foreign = [instrumentKey('bybit', SYMBOL), instrumentKey('okx', 'NEW/USDT:USDT')];
    for (const other of foreign) {
      world.on({ kind: 'mark', mark: { key: other, mark: 5, ...at } });
      world.on({ kind: 'book', book: { key: other, bids: [], asks: [], ...at } });
    }
    world.mark(0);
    world.mark(Number.NaN);
    expect(world.paper.exchange.market(SYMBOL)?.mark.toFixed()).toBe('100');
    expect(await world.trade('buy', '1')).toBe('1');
    world.on({ kind: 'instruments', venue: 'okx', instruments: [{ ...instrument, trading: false }] });
    expect(await world.trade('buy', '1')).toBe('not_trading');
    world.on({ kind: 'instruments', venue: 'okx', instruments: [instrument] });
    expect(await world.trade('buy', '1')).toBe('1');
  });
});

describe('paper resting orders', () => {
  /** A buy of 2 at 99, the best bid, over a market of 99 to 101. */
  async function resting() {
    const world = paperWorld();
    world.mark(100);
    world.book([[99, 5]], [[101, 5]]);
    const ref = { clientOrderId: 'p1', key };
    expect(await world.trade('buy', '2', { style: 'post_only', limitPrice: px('99') })).toBe('0');
    const filled = async (): Promise<string> => {
      const found = await world.paper.venue.lookup(ref, 'open');
      return found.kind === 'found' ? `${found.order.status} ${found.order.filled.toFixed()}` : found.kind;
    };
    return { ...world, ref, filled };
  }

  it('touch-is-no-fill: nothing fills while the live book only stands beside it', async () => {
    const world = await resting();
    world.book([[99, 1]], [[99.1, 5]]);
    world.book([[98.9, 1]], [[99.1, 5]]);
    expect(await world.filled()).toBe('open 0');
  });

  it('fills at its own price, as maker, by no more than the book shows once that has come to it', async () => {
    const world = await resting();
    world.book([[98.5, 1]], [[98.8, 0.5]]);
    expect(await world.filled()).toBe('open 0.5');
    world.book([[98.5, 1]], [[99, 5]]);
    expect(await world.filled()).toBe('filled 2');
    expect(world.paper.exchange.trades('paper').map(({ price, maker }) => [price.toFixed(), maker])).toEqual([
      ['99', true],
      ['99', true],
    ]);
    // 2 x 99 x 0.0002.
    expect(world.wallet()).toBe('9999.9604');
  });

  it('bad-book, dead feed: a book that is crossed or gone fills nothing that rests', async () => {
    const world = await resting();
    world.book([[99.5, 5]], [[98, 5]]);
    expect(await world.filled()).toBe('open 0');
    world.on({ kind: 'health', health: { venue: 'okx', status: 'down', reason: '', malformed: 0, at: START } });
    expect(await world.filled()).toBe('open 0');
  });

  it('post-only-would-cross is refused, and a cancel ends what rests', async () => {
    const world = await resting();
    expect(await world.trade('buy', '1', { style: 'post_only', limitPrice: px('101') })).toBe('post_only_would_cross');
    expect(await world.paper.venue.cancel(world.ref)).toEqual({ kind: 'accepted' });
    world.book([[97, 5]], [[98, 5]]);
    expect(await world.filled()).toBe('canceled 0');
  });

  it('restart-while-resting: the order ended with its process, and says so', async () => {
    const ended = {
      clientOrderId: 'before',
      venueOrderId: '17',
      key,
      side: 'buy',
      status: 'canceled',
      quantity: base('2'),
      filled: base('0.5'),
      updatedAt: START,
    } as const;
    const world = paperWorld({ restored: { wallet: quote('10000'), positions: [], ended: [ended] } });
    const ref = { clientOrderId: 'before', key };
    expect(await world.paper.venue.lookup(ref, 'reduce')).toEqual({ kind: 'found', order: ended, fills: [] });
    expect(await world.paper.venue.cancel(ref)).toEqual({ kind: 'not_open' });
    expect((await world.paper.venue.lookup({ clientOrderId: 'never', key }, 'reduce')).kind).toBe('not_found');
  });
});

describe('paper funding', () => {
  it('accrual-booked-as-cash: pays nothing until the venue settled, then the settled rate, never the predicted', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT + 5_000;
    world.mark(103);
    expect(world.payments()).toEqual([]);
    world.announce(SETTLEMENT + 8 * 3_600_000);
    expect(world.payments()).toEqual([]);
    world.settle(SETTLEMENT + 12, 0.0003);
    // A short of 2 at the mark of that instant, 100: 2 x 100 x 0.0003, received.
    expect(world.payments()).toEqual([['0.06', SETTLEMENT]]);
    // 10000 - 200 x 0.0005 + 0.06
    expect(world.wallet()).toBe('9999.96');
  });

  it('quantity-at-settlement: what was traded after the instant neither adds nor takes away', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT + 1;
    await world.trade('sell', '3');
    world.settle(SETTLEMENT, 0.001);
    expect(world.payments()).toEqual([['0.2', SETTLEMENT]]);

    const gone = await shortTwo();
    gone.clock.at = SETTLEMENT + 1;
    await gone.trade('buy', '2', { reduceOnly: true });
    expect(gone.paper.exchange.positions('paper')).toEqual([]);
    gone.settle(SETTLEMENT, 0.001);
    expect(gone.payments()).toEqual([['0.2', SETTLEMENT]]);

    const late = paperWorld();
    late.mark(100);
    late.book([[100, 50]], [[101, 50]]);
    late.announce(SETTLEMENT);
    late.clock.at = SETTLEMENT + 1;
    await late.trade('sell', '2');
    late.settle(SETTLEMENT, 0.001);
    expect(late.payments()).toEqual([]);
  });

  it('polled-twice: the same settlement is paid once, also when its stamp moved a little', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT + 1_000;
    for (const stamp of [SETTLEMENT, SETTLEMENT, SETTLEMENT + 900]) world.settle(stamp, 0.001);
    world.announce(SETTLEMENT, 0.05, SETTLEMENT - 500);
    world.settle(SETTLEMENT, 0.001);
    expect(world.payments()).toHaveLength(1);
  });

  it('a rate of another instant does not settle this one', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT + 120_000;
    world.settle(SETTLEMENT - 8 * 3_600_000, 0.5);
    world.settle(SETTLEMENT + 60_001, 0.5);
    expect(world.payments()).toEqual([]);
    world.settle(SETTLEMENT + 60_000, 0.001);
    expect(world.payments()).toEqual([['0.2', SETTLEMENT]]);
  });

  it('clock-behind-venue: the venue announcing its next settlement proves that this one passed', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT - 300;
    world.announce(SETTLEMENT + 8 * 3_600_000, 0.05, SETTLEMENT + 10);
    await world.trade('sell', '5');
    // A stale announcement of the old settlement must not open it again.
    world.announce(SETTLEMENT, 0.05, SETTLEMENT - 5_000);
    world.clock.at = SETTLEMENT + 1;
    world.settle(SETTLEMENT, 0.001);
    expect(world.payments()).toEqual([['0.2', SETTLEMENT]]);
  });

  it('clock-behind-venue: a settlement paid before our clock reached it is not opened again', async () => {
    const world = await shortTwo();
    world.clock.at = SETTLEMENT - 300;
    world.settle(SETTLEMENT, 0.001);
    world.announce(SETTLEMENT, 0.05, SETTLEMENT - 5_000);
    world.clock.at = SETTLEMENT + 1;
    world.mark(100);
    world.settle(SETTLEMENT, 0.001);
    expect(world.payments()).toEqual([['0.2', SETTLEMENT]]);
  });

  it('schedule-change: a settlement moved before it came is settled at its new instant only', async () => {
    const world = await shortTwo();
    const moved = SETTLEMENT + 3 * 3_600_000;
    world.announce(moved);
    world.clock.at = SETTLEMENT + 1;
    world.mark(100);
    world.settle(SETTLEMENT, 0.5);
    expect(world.payments()).toEqual([]);
    world.clock.at = moved + 1;
    world.settle(moved, 0.001);
    expect(world.payments()).toEqual([['0.2', moved]]);
  });

  it('two settlements may wait for their rates, which may come in any order', async () => {
    const world = await shortTwo();
    const second = SETTLEMENT + 3_600_000;
    world.clock.at = SETTLEMENT + 1;
    world.announce(second);
    world.clock.at = second + 1;
    world.settle(second, 0.002);
    world.settle(SETTLEMENT, 0.001);
    expect(world.payments()).toEqual([
      ['0.4', second],
      ['0.2', SETTLEMENT],
    ]);
    expect(world.paper.exchange.fundingHistory(SYMBOL).map(({ at }) => at)).toEqual([SETTLEMENT, second]);
  });
});

const STANDS_AT_3 =
  'a position stands at leverage 3: 500 is set when that is gone, because it would move its liquidation price';
const REFUSED = 'leverage 500 is refused: bad_leverage';
const closedIn = (told: readonly AccountEvent[]) =>
  told.flatMap((event) => (event.kind === 'closed' ? [[...event.closed.values()]] : []));

describe('paper restart', () => {
  const held = {
    symbol: SYMBOL,
    quantity: base('-2'),
    entryPrice: px('90'),
    leverage: 3,
    lastFillAt: START - 10 * 3_600_000,
  };
  const reopened = (change: { lastPaymentAt?: number } = {}) =>
    paperWorld({ restored: { wallet: quote('9876.54321'), positions: [{ ...held, ...change }], ended: [] } });

  it('delisted-while-away: a position whose market is listed no more keeps nothing from starting', async () => {
    const gone = { ...held, symbol: 'GONE/USDT:USDT' };
    const world = paperWorld({ restored: { wallet: quote('9876.54321'), positions: [gone, held], ended: [] } });
    expect(world.wallet()).toBe('9876.54321');
    const read = await world.paper.venue.positions('poll');
    expect(read.ok && read.value.map(({ key }) => key)).toEqual([instrument.key]);
  });

  it('reopens wallet and positions exactly, and prepares over them', async () => {
    const world = reopened();
    expect(world.wallet()).toBe('9876.54321');
    world.mark(100);
    const prepared = await world.paper.venue.prepare({ instruments: [instrument], leverage: 2 });
    expect(prepared.ok).toBe(true);
    world.book([[99, 5]], [[100, 5]]);
    await world.trade('buy', '2', { reduceOnly: true });
    // (90 - 100) x 2 realised, and 200 x 0.0005 fee
    expect(world.wallet()).toBe('9856.44321');
    expect(world.paper.exchange.audit('paper').discrepancy.toFixed()).toBe('0');
  });

  it('refused-leverage: the account is ready, what stands can be closed, and nothing opens there until it is set', async () => {
    const world = reopened();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    const told: AccountEvent[] = [];
    world.paper.venue.subscribe((event) => void told.push(event));
    expect(await world.paper.venue.prepare({ instruments: [instrument], leverage: 500 })).toMatchObject({ ok: true });
    expect(await world.trade('sell', '1')).toBe('not_prepared');
    expect(await world.trade('buy', '2', { reduceOnly: true })).toBe('2');
    expect(await world.trade('sell', '1')).toBe('not_prepared');
    // A market that is listed later opens no other one.
    await world.paper.venue.prepare({ instruments: [], leverage: 500 });
    expect(await world.trade('sell', '1')).toBe('not_prepared');
    await world.paper.venue.prepare({ instruments: [instrument], leverage: 2 });
    expect(await world.trade('sell', '1')).toBe('1');
    expect(closedIn(told)).toEqual([[STANDS_AT_3], [REFUSED], [REFUSED], []]);
  });

  it('fault-55-beneath-a-position: a changed setting moves no liquidation price, and is made when nothing stands', async () => {
    const world = reopened();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    const told: AccountEvent[] = [];
    world.paper.venue.subscribe((event) => void told.push(event));
    const before = await world.paper.venue.positions('poll');
    for (const leverage of [2, 5]) {
      await world.paper.venue.prepare({ instruments: [instrument], leverage });
      expect(await world.paper.venue.positions('poll')).toEqual(before);
      expect(await world.trade('sell', '1')).toBe('not_prepared');
    }
    expect(await world.trade('buy', '2', { reduceOnly: true })).toBe('2');
    expect(closedIn(told).at(-1)).toEqual([]);
    expect(await world.trade('sell', '1')).toBe('1');
    const after = await world.paper.venue.positions('poll');
    expect(after.ok && after.value.map(({ leverage }) => leverage)).toEqual([5]);
  });

  it('ids-reused: trade ids of a later process are larger', async () => {
    const tradeId = async (at: number): Promise<string> => {
      const world = paperWorld({ clock: { now: () => at, monotonicMs: () => at, after: () => () => undefined } });
      world.mark(100);
      world.book([[99, 5]], [[100, 5]]);
      await world.trade('buy', '1');
      return world.paper.exchange.trades('paper')[0]?.tradeId ?? '';
    };
    expect(BigInt(await tradeId(START + 1_000)) > BigInt(await tradeId(START))).toBe(true);
  });

  it('settled-while-down: pays what is still owed once a mark is known, and nothing twice', () => {
    const world = reopened({ lastPaymentAt: START - 5 * 3_600_000 });
    const hour = (n: number): number => START - n * 3_600_000;
    const missed = (): void => {
      // Before its last fill, its last payment (stamped 7 ms late), and one settlement that nobody saw.
      world.settle(hour(11), 0.5);
      world.settle(hour(5) + 7, 0.5);
      world.settle(hour(1), 0.001);
    };
    missed();
    expect(world.payments()).toEqual([]);
    world.mark(100);
    expect(world.payments()).toEqual([['0.2', hour(1)]]);
    missed();
    expect(world.payments()).toHaveLength(1);
  });

  it('owes nothing for settlements before the position was opened', () => {
    const world = reopened();
    world.mark(100);
    world.settle(START - 11 * 3_600_000, 0.001);
    expect(world.payments()).toEqual([]);
    world.settle(START - 9 * 3_600_000, 0.001);
    expect(world.payments()).toHaveLength(1);
  });

  const wholeHour = (ago: number): number => (Math.floor(START / 3_600_000) - ago) * 3_600_000;

  it.each([0, 3])(
    'settled-while-down: a rate on the hour (%i ms late) that came before the first mark is paid once',
    (lateMs) => {
      const world = reopened();
      world.settle(wholeHour(1) + lateMs, 0.001);
      world.mark(100);
      expect(world.payments()).toEqual([['0.2', wholeHour(1) + lateMs]]);
      world.settle(wholeHour(1) + lateMs, 0.001);
      world.mark(100);
      expect(world.payments()).toHaveLength(1);
    },
  );

  it('settled-while-down: what was held then is paid for, though the position trades before the rates arrive', async () => {
    const early = reopened();
    early.mark(100);
    for (const hours of [17, 9, 1]) early.settle(wholeHour(hours), 0.001);
    const late = reopened();
    late.mark(100);
    for (const world of [early, late]) {
      world.book([[99, 5]], [[100, 5]]);
      await world.trade('buy', '2', { reduceOnly: true });
    }
    for (const hours of [17, 9, 1]) late.settle(wholeHour(hours), 0.001);
    // 2 x 100 x 0.001 received by the short, for the two since its last fill
    expect(late.payments()).toEqual([
      ['0.2', wholeHour(9)],
      ['0.2', wholeHour(1)],
    ]);
    expect(late.wallet()).toBe(early.wallet());
    late.settle(wholeHour(1), 0.001);
    expect(late.payments()).toHaveLength(2);
  });

  it('what is traded since is owed nothing for the past', async () => {
    const world = reopened();
    world.mark(100);
    world.book([[99, 5]], [[100, 5]]);
    await world.trade('sell', '1');
    world.settle(wholeHour(1), 0.001);
    expect(world.payments()).toEqual([['0.2', wholeHour(1)]]);
  });
});
