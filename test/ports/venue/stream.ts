/** Contract: the account's private stream. */
import { expect, it, vi } from 'vitest';
import { base, baseToContracts, px, text } from '../../../src/kernel/decimal.ts';
import type { Fill } from '../../../src/market/order.ts';
import type { AccountEvent } from '../../../src/ports/venue.ts';

import { type Get, readOf } from './bench.ts';

const STREAM_WAIT_MS = 5_000;

export function describeStream(get: Get): void {
  it('the account stream delivers each fill with the trade id that the reads report', async () => {
    const bench = get();
    const events: AccountEvent[] = [];
    bench.venue.subscribe((event) => events.push(event));
    await vi.waitFor(() => expect(events).toContainEqual(expect.objectContaining({ kind: 'stream', status: 'up' })), {
      timeout: STREAM_WAIT_MS,
    });
    bench.book(
      [['99', '9']],
      [
        ['100', '0.5'],
        ['100.5', '9'],
      ],
    );
    const { ref } = await bench.trade();
    const streamed = (): Fill[] => events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []));
    await vi.waitFor(() => expect(streamed()).toHaveLength(2), { timeout: STREAM_WAIT_MS });
    const rows = (fills: readonly Fill[]): string[] =>
      fills.map((fill) =>
        [fill.tradeId, fill.venueOrderId, fill.side, text(fill.quantity), text(fill.price), text(fill.fee)].join(' '),
      );
    const read = readOf(await bench.venue.fills(0));
    expect(rows(streamed())).toEqual(rows(read));
    expect(streamed().map(({ clientOrderId }) => clientOrderId)).toEqual([ref.clientOrderId, ref.clientOrderId]);
    await vi.waitFor(
      () => {
        const last = events.findLast((event) => event.kind === 'order');
        expect(last).toMatchObject({ order: { clientOrderId: ref.clientOrderId, status: 'filled' } });
      },
      { timeout: STREAM_WAIT_MS },
    );
  });

  it('a resting order that fills later is told on the stream', async () => {
    const bench = get();
    const fills: Fill[] = [];
    let up = false;
    bench.venue.subscribe((event) => {
      if (event.kind === 'fill') fills.push(event.fill);
      if (event.kind === 'stream' && event.status === 'up') up = true;
    });
    await vi.waitFor(() => expect(up).toBe(true), { timeout: STREAM_WAIT_MS });
    bench.book([['99', '9']], [['101', '9']]);
    await bench.trade({ style: 'post_only', side: 'sell', limitPrice: px('100') });
    bench.book([['100.2', '9']], [['101', '9']]);
    await vi.waitFor(() => expect(fills).toHaveLength(1), { timeout: STREAM_WAIT_MS });
    expect(fills[0]).toMatchObject({ liquidity: 'maker', side: 'sell' });
  });

  it('nothing is delivered after close', async () => {
    const bench = get();
    const events: AccountEvent[] = [];
    bench.venue.subscribe((event) => events.push(event));
    await bench.venue.close();
    const known = events.length;
    bench.book([['99', '9']], [['101', '9']]);
    bench.world.exchange.forceReduce(
      bench.world.account,
      bench.symbol,
      baseToContracts(base('1'), bench.contractSize()),
      'adl',
    );
    await Promise.resolve();
    expect(events).toHaveLength(known);
  });
}
