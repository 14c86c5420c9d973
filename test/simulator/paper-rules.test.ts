/** The paper venue takes what the real venue takes now, not what it took when it was first listed. */
import { describe, expect, it } from 'vitest';
import { base, px, quote, text } from '../../src/kernel/decimal.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import type { OrderRequest } from '../../src/market/order.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createPaperVenue } from '../../src/simulator/paper-venue.ts';
import { instrument, SYMBOL } from './paper-instrument.ts';

const START = 1_750_000_000_000;

describe('paper rules', () => {
  const { key, venue: id } = instrument;
  const world = () => {
    const clock = createSimClock(START);
    const paper = createPaperVenue({
      venue: id,
      clock,
      instruments: [instrument],
      depositUsd: quote('10000'),
      maxBookAgeMs: 5_000,
    });
    const stamps = { venueAt: START, receivedAt: START };
    paper.onMarket({ kind: 'mark', mark: { key, mark: 100, ...stamps } });
    const level = [{ price: 100, size: 50 }];
    paper.onMarket({ kind: 'book', book: { key, bids: [{ price: 99.5, size: 50 }], asks: level, ...stamps } });
    let ids = 0;
    const buy = async (quantity: string, limitPrice: string) => {
      ids += 1;
      const order: OrderRequest = {
        clientOrderId: `r${ids}`,
        key,
        side: 'buy',
        quantity: base(quantity),
        limitPrice: px(limitPrice),
        style: 'ioc',
        reduceOnly: false,
      };
      const outcome = await paper.venue.submit(order, 'open');
      return outcome.kind === 'acked' ? outcome.kind : outcome.code;
    };
    const list = (change: Partial<Instrument>) =>
      paper.onMarket({ kind: 'instruments', venue: id, instruments: [{ ...instrument, ...change }] });
    return { paper, buy, list };
  };

  it('fault-21-lot-changed: lot, minimum, tick and minimum notional follow the listing', async () => {
    const { paper, buy, list } = world();
    expect(await buy('0.01', '100.1')).toBe('acked');
    list({ lot: base('0.1'), minQuantity: base('0.2'), tick: px('0.5'), minNotional: quote('30') });
    expect(await buy('0.25', '100')).toBe('bad_quantity_step');
    expect(await buy('0.1', '100')).toBe('below_min_quantity');
    expect(await buy('0.2', '100.1')).toBe('bad_price_tick');
    expect(await buy('0.2', '100')).toBe('below_min_notional');
    expect(await buy('0.3', '100')).toBe('acked');
    const listed = await paper.venue.instruments();
    expect(listed.ok && listed.value.map(({ lot, tick }) => [text(lot), text(tick)])).toEqual([['0.1', '0.5']]);
    // A rule that the venue drops is dropped.
    list({});
    expect(await buy('0.01', '100.1')).toBe('acked');
  });

  it('a listing that says nothing new changes nothing; one of another market neither', () => {
    const { paper, list } = world();
    const told: string[] = [];
    paper.exchange.listen(({ kind }) => told.push(kind));
    list({});
    list({ key: `${id}|OTHER/USDT:USDT`, symbol: 'OTHER/USDT:USDT', lot: base('7') });
    expect(told).toEqual([]);
    expect(paper.exchange.market(SYMBOL)?.trading).toBe(true);
    list({ trading: false });
    expect(told).toEqual(['status']);
  });
});
