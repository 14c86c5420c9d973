/**
 * What a venue's answer to order entry proves, through unmodified ccxt with the venue's own bodies: every code of the
 * tables, and that nothing outside them is ever taken for a refusal.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { base, px } from '../../src/kernel/decimal.ts';
import { INSUFFICIENT_MARGIN } from '../../src/market/order.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { judge } from '../../src/venues/answers.ts';
import { factsOf } from '../../src/venues/registry.ts';
import { BTC, keyOf, startWorld, VENUES, type VenueName, type World } from './world.ts';

/** An error body as each venue writes it. */
const BODY: Readonly<Record<VenueName, (code: string) => string>> = {
  binance: (code) => JSON.stringify({ code: Number(code), msg: 'as the venue says it' }),
  bybit: (code) => JSON.stringify({ retCode: Number(code), retMsg: 'no', result: {}, retExtInfo: {}, time: 1 }),
  // Order refusals of OKX are rows under an envelope of 1, gateway refusals the envelope itself.
  okx: (code) =>
    code.startsWith('50')
      ? JSON.stringify({ code, msg: 'no', data: [] })
      : JSON.stringify({ code: '1', msg: '', data: [{ clOrdId: '', ordId: '', sCode: code, sMsg: 'no', tag: '' }] }),
};

/** Written here from VENUES' documentation, not from the tables: codes that must never count as a refusal. */
const NOT_PROVEN: Readonly<Record<VenueName, readonly string[]>> = {
  binance: ['-1000', '-1001', '-1006', '-1007', '-4116'],
  bybit: ['10000', '10014', '10016', '110030', '110072', '170007', '429'],
  okx: ['50004', '50013', '50026', '51011', '51016', '51054', '51149'],
};
const PROVEN: Readonly<Record<VenueName, readonly string[]>> = {
  binance: [
    '-2018',
    '-2019',
    '-2010',
    '-2022',
    '-4164',
    '-5022',
    '-1121',
    '-1111',
    '-4061',
    '-2015',
    '-1021',
    '-5028',
    '-1003',
    '-2027',
    '-4087',
    '-4088',
    '-4118',
    '-4140',
    '-4192',
    '-4401',
  ],
  bybit: ['110004', '110007', '110012', '110003', '110017', '110094', '10003', '10005', '10002', '10006'],
  okx: [
    '51008',
    '51119',
    '51127',
    '51131',
    '51020',
    '51121',
    '51001',
    '51028',
    '50102',
    '50036',
    '50011',
    '50001',
    '51004',
    '51029',
    '51031',
    '51105',
    '51135',
    '51136',
    '51148',
    '51155',
    '51187',
    '51205',
  ],
};

/** Too much for this account or leverage: half of it may be taken. */
const TOO_LARGE: Readonly<Record<VenueName, readonly string[]>> = {
  binance: ['-2018', '-2019', '-2027'],
  bybit: ['110004', '110007', '110012'],
  okx: ['51004', '51008', '51105', '51106', '51107', '51127', '51131', '51187'],
};

let sequence = 0;

describe.each(VENUES)('answers of %s to order entry', (name) => {
  let world: World;
  let venue: Venue;
  const facts = factsOf(name);
  if (facts === undefined) throw new Error(name);
  const { answers } = facts;

  beforeAll(async () => {
    world = await startWorld(name);
    venue = await world.venue();
    const listed = await venue.instruments();
    if (!listed.ok) throw new Error(listed.detail);
  });
  afterAll(() => world.close());

  const answered = async (status: number, body: string) => {
    world.intercept = (request) =>
      request.method === 'POST' && request.path === facts.orderPath
        ? { status, body, headers: { 'content-type': 'application/json' } }
        : 'pass';
    const clientOrderId = `ans${(sequence++).toString(36).padStart(6, '0')}`;
    const key = keyOf(world, BTC);
    const shape = { side: 'buy', quantity: base('0.01'), limitPrice: px('50010'), style: 'ioc' } as const;
    // Reductions: opens would rather be refused than wait for the pauses that some answers cause.
    return venue.submit({ clientOrderId, key, ...shape, reduceOnly: true }, 'reduce');
  };
  const statusOf = (code: string) => (name === 'binance' ? 400 : code.startsWith('50') ? 429 : 200);

  it.each([...answers.refusals])('%s is a refusal (%s)', async (code) => {
    expect(await answered(statusOf(code), BODY[name](code))).toMatchObject({ kind: 'rejected' });
  });

  it.each(PROVEN[name])('%s is documented as a refusal', async (code) => {
    expect(await answered(statusOf(code), BODY[name](code))).toMatchObject({ kind: 'rejected' });
  });

  it.each(TOO_LARGE[name])('fault-17: %s is a refusal of the size', async (code) => {
    const said = await answered(statusOf(code), BODY[name](code));
    expect(said).toMatchObject({ kind: 'rejected', code: INSUFFICIENT_MARGIN });
  });

  it.each(NOT_PROVEN[name])('fault-04-unproven: %s is unknown, whatever ccxt calls it', async (code) => {
    for (const status of [200, 400, 500, 503]) {
      expect(await answered(status, BODY[name](code))).toMatchObject({ kind: 'unknown' });
    }
  });

  it('fault-09-duplicate-id: says that an order exists, under every status', async () => {
    for (const code of answers.duplicates) {
      for (const status of [200, 400, 429, 503]) {
        expect(await answered(status, BODY[name](code))).toMatchObject({ kind: 'unknown', code: 'duplicate_id' });
      }
    }
    expect([...answers.duplicates].filter((code) => answers.refusals.has(code))).toEqual([]);
  });

  it('fault-04-coded-under-5xx: only a code that the venue sends with 5xx proves anything there', async () => {
    for (const [code, why] of answers.refusals) {
      const kind = why === 'overload' || why === 'maintenance' ? 'rejected' : 'unknown';
      expect([code, (await answered(503, BODY[name](code))).kind]).toEqual([code, kind]);
    }
  });

  it('fault-08-whatever-else: no unlisted code, body or status is a refusal or an acceptance', async () => {
    const listed = new Set([...answers.refusals.keys(), ...answers.duplicates]);
    const code = fc
      .oneof(fc.integer({ min: -6_000, max: -1 }), fc.integer({ min: 1, max: 180_000 }))
      .map(String)
      .filter((each) => !listed.has(each) && (name === 'binance') === each.startsWith('-'));
    const body = fc.oneof(
      code.map((each) => BODY[name](each)),
      fc.json({ maxDepth: 2 }),
      fc.string({ maxLength: 60 }),
      fc.constantFrom('', '<html><body>503 Service Unavailable</body></html>', 'Service Unavailable', '{"orderId":'),
    );
    const proving = [...answers.statuses].filter(([, { proves }]) => proves).map(([status]) => status);
    const status = fc
      .constantFrom(
        200,
        201,
        204,
        301,
        302,
        400,
        401,
        403,
        404,
        408,
        409,
        418,
        422,
        429,
        451,
        500,
        502,
        503,
        504,
        520,
        599,
      )
      .filter((each) => !proving.includes(each));
    await fc.assert(
      fc.asyncProperty(status, body, async (each, text) => {
        expect(await answered(each, text)).toMatchObject({ kind: 'unknown' });
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('acknowledged-under-an-error-status: an order id proves nothing beside a status of failure', async () => {
    const ack = {
      binance: '{"orderId":7,"symbol":"BTCUSDT","status":"NEW"}',
      bybit: '{"retCode":0,"retMsg":"OK","result":{"orderId":"7"},"time":1}',
      okx: '{"code":"0","msg":"","data":[{"ordId":"7","clOrdId":"","sCode":"0","sMsg":"","tag":""}]}',
    };
    for (const status of [400, 402, 500, 505, 521]) {
      expect(await answered(status, ack[name])).toMatchObject({ kind: 'unknown' });
    }
  });

  it('every table is judged the same way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.integer({ min: -9_999, max: 200_000 }), (status, each) => {
        const code = String(each);
        const verdict = judge(answers, { method: 'POST', url: '', sent: true, status, body: '' }, code);
        const proven = verdict.kind === 'refused' && verdict.proves;
        if (proven) expect(answers.refusals.has(code)).toBe(true);
        expect(verdict.kind).not.toBe('answered');
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('Binance 503', () => {
  let world: World;
  let venue: Venue;
  beforeAll(async () => {
    world = await startWorld('binance');
    venue = await world.venue();
    await venue.instruments();
  });
  afterAll(() => world.close());

  it.each([
    [
      'fault-04-unknown-error',
      '{"code":-1000,"msg":"Unknown error, please check your request or try again later."}',
      'unknown',
    ],
    [
      'fault-04-unknown-error-without-code',
      '{"msg":"Unknown error, please check your request or try again later."}',
      'unknown',
    ],
    ['fault-05-service-unavailable', '{"code":-1016,"msg":"Service Unavailable."}', 'rejected'],
    ['fault-05-service-unavailable-without-code', '{"msg":"Service Unavailable."}', 'rejected'],
    ['fault-05-some-proxy', '503 Service Unavailable', 'unknown'],
    ['fault-06-overload', '{"code":-1008,"msg":"Server is currently overloaded with other requests."}', 'rejected'],
  ])('%s', async (_what, body, kind) => {
    world.intercept = (request) => (request.method === 'POST' ? { status: 503, body } : 'pass');
    const shape = { side: 'buy', quantity: base('0.01'), limitPrice: px('50010'), style: 'ioc' } as const;
    const order = { clientOrderId: `b${sequence++}`, key: keyOf(world, BTC), ...shape, reduceOnly: true };
    expect(await venue.submit(order, 'reduce')).toMatchObject({ kind });
  });
});
