/** Market data that cannot be believed, over the real protocols: nothing opens on it, what is wrong is told, and it passes. */
import { afterEach, describe, expect, it } from 'vitest';
import type { WireResponse } from '../../src/simulator/wire/dialect.ts';
import { VENUES } from '../venues/world.ts';
import { isMarketFrame, isSigned } from './rows.ts';
import { WireWorld } from './world.ts';

type Edit = (key: string, value: unknown) => unknown;

/** Every property of a JSON text, whichever venue's it is; undefined takes it out. */
const edited = (text: string, edit: Edit): string => {
  try {
    return JSON.stringify(JSON.parse(text), (key, value) => edit(key, value));
  } catch {
    // A keep-alive that is no JSON.
    return text;
  }
};

/** Shorter ones are answers to subscriptions and keep-alives. */
const LEAST_FRAME = 100;
const RATES: ReadonlySet<string> = new Set(['r', 'fundingRate', 'lastFundingRate', 'nextFundingRate']);
const BIDS: ReadonlySet<string> = new Set(['b', 'bids']);
const LEVELS: ReadonlySet<string> = new Set(['b', 'bids', 'a', 'asks']);
const isLevels = (value: unknown): value is [string, ...string[]][] => Array.isArray(value) && Array.isArray(value[0]);

const CASES: readonly (readonly [what: string, edit: Edit, told: RegExp])[] = [
  ['no funding rate', (key, value) => (RATES.has(key) ? undefined : value), /funding/],
  ['a funding rate that is no number', (key, value) => (RATES.has(key) ? 'soon' : value), /funding|malformed/],
  ['a funding rate of zero', (key, value) => (RATES.has(key) ? '0' : value), /rate is exactly zero/],
  [
    'a crossed book',
    (key, value) =>
      BIDS.has(key) && isLevels(value)
        ? value.map(([price, ...rest]) => [(Number(price) * 1.05).toFixed(2), ...rest])
        : value,
    /book|cross/,
  ],
  ['an empty book', (key, value) => (LEVELS.has(key) && isLevels(value) ? [] : value), /book|empty/],
];

describe.each(VENUES)('market data of %s', (name) => {
  let world: WireWorld;
  afterEach(() => world.close());

  /** Wrong from the first answer on, streams and requests alike: later frames may change nothing. */
  async function wrong(edit: (text: string) => string): Promise<void> {
    world = await WireWorld.open(name);
    world.under.silent = true;
    world.under.proxy.onFrames({
      matches: (subject) => isMarketFrame(subject) && subject.frame.length > LEAST_FRAME,
      fault: { kind: 'distort', edit: (frame) => [edit(frame)] },
    });
    const distort = (reply: WireResponse): WireResponse => ({ ...reply, body: edit(reply.body) });
    world.under.proxy.onRequests({
      matches: (request) =>
        request.method === 'GET' && !isSigned(request) && !/exchangeInfo|instruments/.test(request.path),
      fault: { kind: 'distort', edit: distort },
    });
    await world.run(15_000);
  }

  async function expectNothingThenAHedge(afterwards?: () => void): Promise<void> {
    expect(world.under.proxy.struck()).toBeGreaterThan(0);
    expect(world.states).toBe('');
    expect([...world.under.arrived, ...world.partner.arrived]).toEqual([]);
    world.under.proxy.heal();
    afterwards?.();
    await world.begun();
    world.under.silent = false;
    await world.opened();
    await world.settled();
    expect(world.wrongs()).toEqual([]);
  }

  it.each(CASES)('%s opens nothing, is told, and passes', async (what, edit, told) => {
    await wrong((text) => edited(text, edit));
    expect(whatIsTold(world)).toMatch(told);
    // A rate that does not change is told again only with the next connection; books are connected anew by themselves.
    await expectNothingThenAHedge(what.includes('rate') ? () => world.under.server.dropStreams() : undefined);
  });

  it('answers cut in the middle open nothing, are told, and the books are built anew', async () => {
    await wrong((text) => text.slice(0, -7));
    expect(whatIsTold(world)).toMatch(/not JSON|unreadable|connection lost|missed/);
    await expectNothingThenAHedge();
  });
});

function whatIsTold({ core }: WireWorld): string {
  return [
    JSON.stringify(core.market.healths()),
    JSON.stringify(core.rankings.get('SOL')),
    JSON.stringify([...core.verdicts.values()]),
  ].join('\n');
}
