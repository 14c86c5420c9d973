/** What a venue lists changes while a bot runs; the account counts its orders by the newest listing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, contracts, text } from '../../src/kernel/decimal.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { factsOf } from '../../src/venues/registry.ts';
import { BTC, ETH, orderOf, setUp, startWorld, until, VENUES, type World } from './world.ts';

describe.each(VENUES)('the listings of %s', (name) => {
  let world: World;
  let venue: Venue;
  let told: (readonly Instrument[])[];
  let sequence = 0;

  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    told = [];
    let up = false;
    venue.subscribe((event) => {
      if (event.kind === 'instruments') told.push(event.instruments);
      if (event.kind === 'stream') up = event.status === 'up';
    });
    await until('the private stream is up', () => up);
    await setUp(venue);
  });
  afterEach(() => world.close());

  const submit = (quantity: string) =>
    venue.submit(orderOf(world, `lst${name}${sequence++}`, { quantity: base(quantity) }), 'reduce');

  it('fault-21-lot-changed: the refusal brings the new lot, and what does not fit it is not sent any more', async () => {
    const market = world.exchange.market(BTC);
    if (market === undefined) throw new Error('no market');
    const { lot } = market.instrument;
    Object.assign(market.instrument, { lot: contracts(lot.times('10').toFixed()) });
    expect(await submit('0.011')).toMatchObject({ kind: 'rejected' });
    await until('the new listing', () => told.length === 1);
    const instrument = told[0]?.find(({ symbol }) => symbol === BTC);
    expect(instrument && text(instrument.lot)).toBe('0.01');
    world.requests.length = 0;
    expect(await submit('0.011')).toMatchObject({ kind: 'rejected', code: 'bad_step' });
    expect(world.requests.filter((line) => line.startsWith('POST'))).toEqual([]);
    expect(await submit('0.01')).toMatchObject({ kind: 'acked' });
  });

  it('fault-32-delisted: a market that leaves the list trades no more, and what is held there is still told', async () => {
    expect(await submit('0.01')).toMatchObject({ kind: 'acked' });
    const held = async () => {
      const read = await venue.positions('poll');
      return read.ok ? read.value.map(({ key, quantity }) => `${key} ${text(quantity)}`) : [read.code];
    };
    const before = await held();
    expect(before).toHaveLength(1);
    const [path, query] = {
      binance: ['/fapi/v1/exchangeInfo', ''],
      bybit: ['/v5/market/instruments-info', '?category=linear'],
      okx: ['/api/v5/public/instruments', '?instType=SWAP'],
    }[name] as [string, string];
    const whole: unknown = await (await fetch(`${world.server.url}${path}${query}`)).json();
    const without = JSON.stringify(whole, (key, value) =>
      ['symbols', 'list', 'data'].includes(key) && Array.isArray(value)
        ? value.filter((row) => !JSON.stringify(row).includes('BTC'))
        : value,
    );
    world.intercept = (request) => (request.path === path ? { status: 200, body: without } : 'pass');
    const listed = await venue.instruments();
    expect(listed.ok && listed.value.find(({ symbol }) => symbol === BTC)?.trading).toBe(false);
    expect(await held()).toEqual(before);
  });

  it('a flood of refusals reads the listing once', async () => {
    const path = { binance: 'exchangeInfo', bybit: 'instruments-info', okx: 'public/instruments' }[name];
    const loads = () => world.requests.filter((line) => line.endsWith(path)).length;
    const before = loads();
    await submit('0.0105');
    await until('one reading', () => told.length === 1);
    const once = loads() - before;
    await Promise.all(Array.from({ length: 10 }, () => submit('0.0105')));
    expect(loads() - before).toBe(once);
  });
});

describe('binance', () => {
  it('a whole listing does not cost a fee request per market', async () => {
    const asked: unknown[] = [];
    const client = {
      request: async (_path: string, _access: string, _method: string, params: unknown) => {
        asked.push(params);
        return { makerCommissionRate: '0.0001', takerCommissionRate: '0.0003' };
      },
    };
    const ids = Array.from({ length: 500 }, (_, i) => `A${i}USDT`);
    const fees = await factsOf('binance')?.reads.fees(client as never, ids);
    expect(asked).toEqual([{ symbol: 'A0USDT' }]);
    expect(fees?.get('A499USDT')).toEqual({ taker: '0.0003', maker: '0.0001' });
  });
});

describe('okx', () => {
  it.each([
    ['10', [ETH]],
    ['1.0', [BTC, ETH]],
    ['', [BTC, ETH]],
  ])(
    'fault-21-multiplier: a contract of %j times its value is not listed, where each leg would be off by it',
    async (ctMult, symbols) => {
      const world = await startWorld('okx');
      const path = '/api/v5/public/instruments';
      const whole: unknown = await (await fetch(`${world.server.url}${path}?instType=SWAP`)).json();
      const body = JSON.stringify(whole, (_key, value) =>
        value?.instId === 'BTC-USDT-SWAP' ? { ...value, ctMult } : value,
      );
      world.intercept = (request) => (request.path === path ? { status: 200, body } : 'pass');
      const listed = await (await world.market()).listings();
      expect(listed.ok && listed.value.map(({ symbol }) => symbol)).toEqual(symbols);
      await world.close();
    },
  );
});
