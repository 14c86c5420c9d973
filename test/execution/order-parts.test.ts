/** The small parts of an order: its id, its route, its price, the proof that it never existed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absenceStep, countEmpty, NO_PROOF } from '../../src/execution/absence.ts';
import { clientOrderId, eraAfter, eraOf, MAX_ATTEMPTS } from '../../src/execution/client-id.ts';
import { capPrice } from '../../src/execution/price-cap.ts';
import { placeOf, routeOf } from '../../src/execution/route.ts';
import { InvariantError } from '../../src/kernel/assert.ts';
import { isMultipleOf, px, toNumber } from '../../src/kernel/decimal.ts';

describe('client order ids', () => {
  const parts = fc.record({
    era: fc.integer({ min: 1, max: 5 }),
    hedge: fc.integer({ min: 1, max: 50 }),
    leg: fc.constantFrom('long' as const, 'short' as const),
    attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }),
  });
  const idOf = ({ era, hedge, leg, attempt }: { era: number; hedge: number; leg: 'long' | 'short'; attempt: number }) =>
    clientOrderId({ mode: 'live', tag: 'ab1z', epoch: 1, era }, `h${hedge}`, leg, attempt);

  it('are accepted everywhere, and two differ whenever anything differs', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(idOf(a)).toMatch(/^[a-z0-9]{1,18}$/);
        expect(idOf(a) === idOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('differ by mode and by database', () => {
    const id = (mode: 'sim' | 'paper' | 'testnet' | 'live', tag: string) =>
      clientOrderId({ mode, tag, epoch: 1, era: 1 }, 'h1', 'long', 1);
    const ids = [id('sim', 'aaaa'), id('paper', 'aaaa'), id('testnet', 'aaaa'), id('live', 'aaaa'), id('live', 'aaab')];
    expect(new Set(ids).size).toBe(5);
  });

  it('fault-46-old-backup: the era is above everything known, and follows the clock where nothing is', () => {
    const at = Date.UTC(2026, 5, 1);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e7 })), fc.integer({ min: 0, max: 1e9 }), (known, laterMs) => {
        const era = eraAfter(known, at + laterMs);
        for (const each of known) expect(era).toBeGreaterThan(each);
        // What another process made ten seconds ago from the same knowledge is below.
        expect(eraAfter([], at + laterMs + 10_000)).toBeGreaterThan(eraAfter([], at + laterMs));
      }),
    );
  });

  it('an id tells its era to the ledger that made it, and nothing to others', () => {
    const stamp = { mode: 'live', tag: 'ab1z', epoch: 3, era: 123_456 } as const;
    const id = clientOrderId(stamp, 'h17', 'short', 9);
    expect(eraOf(id, stamp)).toBe(123_456);
    expect(eraOf(id, { mode: 'live', tag: 'ab1y' })).toBeUndefined();
    expect(eraOf(id, { mode: 'paper', tag: 'ab1z' })).toBeUndefined();
    for (const other of ['', 'web-order', 'lab1z', `${id}0`, id.toUpperCase()])
      expect(eraOf(other, stamp)).toBeUndefined();
  });

  it('id-overflow: a part that does not fit throws before it could repeat another id', () => {
    expect(() => idOf({ era: 36 ** 5, hedge: 1, leg: 'long', attempt: 1 })).toThrow(InvariantError);
    expect(() => idOf({ era: 1, hedge: 36 ** 4, leg: 'long', attempt: 1 })).toThrow(InvariantError);
    expect(() => idOf({ era: 1, hedge: 1, leg: 'long', attempt: MAX_ATTEMPTS + 1 })).toThrow(InvariantError);
  });
});

describe('route', () => {
  const pairs = Array.from({ length: 10_000 }, (_, n) => [`binance|A${n}/USDT:USDT`, `okx|A${n}/USDT:USDT`] as const);

  it('does not depend on the order of the legs', () => {
    for (const [a, b] of pairs.slice(0, 500)) expect(routeOf(a, b, 0.5)).toBe(routeOf(b, a, 0.5));
  });

  it('straddle-on-raise: raising the share only adds pairs, 0 is all paper and 1 is all live', () => {
    const live = (share: number) => new Set(pairs.filter(([a, b]) => routeOf(a, b, share) === 'live').map(([a]) => a));
    let before = live(0);
    expect(before.size).toBe(0);
    for (const share of [0.01, 0.1, 0.5, 0.9, 1]) {
      const now = live(share);
      for (const each of before) expect(now.has(each)).toBe(true);
      before = now;
    }
    expect(before.size).toBe(pairs.length);
  });

  it.each([0.05, 0.25, 0.5, 0.8])('a share of %d is that share of many pairs', (share) => {
    const live = pairs.filter(([a, b]) => routeOf(a, b, share) === 'live').length / pairs.length;
    // Four standard deviations of a fair draw.
    expect(Math.abs(live - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / pairs.length));
  });

  it('is the same on every machine: the place of a text is fixed', () => {
    // FNV-1a of the empty text is its offset basis, 0x811c9dc5; fmix32 of it, by the published constants.
    let hash = 0x811c9dc5n;
    const mul = (a: bigint, b: bigint) => (a * b) & 0xffffffffn;
    hash = mul(hash ^ (hash >> 16n), 0x85ebca6bn);
    hash = mul(hash ^ (hash >> 13n), 0xc2b2ae35n);
    expect(placeOf('')).toBe(Number(hash ^ (hash >> 16n)) / 2 ** 32);
  });
});

describe('price cap', () => {
  it('cap-exceeded-by-rounding: on the tick and never worse than the cap', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.0001, max: 100_000, noNaN: true }),
        fc.double({ min: 0, max: 0.05, noNaN: true }),
        fc.constantFrom('0.1', '0.01', '0.0005', '0.00001'),
        fc.constantFrom('buy' as const, 'sell' as const),
        (reference, capRate, tick, side) => {
          const price = capPrice(reference, side, capRate, px(tick));
          expect(isMultipleOf(price, px(tick))).toBe(true);
          const worst = side === 'buy' ? reference * (1 + capRate) : reference * (1 - capRate);
          const beyond = side === 'buy' ? toNumber(price) - worst : worst - toNumber(price);
          // Equal up to the double's own last digit, and within a tick of the cap.
          expect(beyond).toBeLessThanOrEqual(worst * 1e-15);
          expect(beyond).toBeGreaterThan(-Number(tick) * 1.000001);
        },
      ),
    );
  });

  it('by hand', () => {
    expect(capPrice(100, 'buy', 0.00155, px('0.1')).toFixed()).toBe('100.1');
    expect(capPrice(100, 'sell', 0.00155, px('0.1')).toFixed()).toBe('99.9');
    expect(capPrice(100, 'buy', 0, px('0.1')).toFixed()).toBe('100');
  });
});

describe('proof of absence', () => {
  const SETTINGS = { minValidityMs: 30_000, minLookups: 3, spacingMs: 2_000, horizonMs: 100_000 };
  const emptyAt = (...at: number[]) => at.reduce((proof, each) => countEmpty(proof, each, SETTINGS), NO_PROOF);

  const TERMS = { orderMemoryMs: 1_000_000, requestValidityMs: 0 };
  const waited = (ms: number, earlierMs = 0) => ({ watchedMs: ms, ageMs: ms + earlierMs });

  it('needs the validity to be over and enough spaced lookups', () => {
    const proof = emptyAt(1_000, 3_000, 5_000);
    expect(absenceStep(proof, waited(29_999), SETTINGS, TERMS)).toBe('keep_looking');
    expect(absenceStep(proof, waited(30_000), SETTINGS, TERMS)).toBe('ask_position');
    expect(absenceStep(emptyAt(1_000, 3_000), waited(60_000), SETTINGS, TERMS)).toBe('keep_looking');
  });

  it('a venue that may accept a request for longer than the setting says is waited for', () => {
    const proof = emptyAt(1_000, 3_000, 5_000);
    const terms = { ...TERMS, requestValidityMs: 45_000 };
    expect(absenceStep(proof, waited(44_999), SETTINGS, terms)).toBe('keep_looking');
    expect(absenceStep(proof, waited(45_000), SETTINGS, terms)).toBe('ask_position');
  });

  it('three-answers-at-once: lookups closer than the spacing count once', () => {
    const proof = emptyAt(30_000, 30_500, 31_000, 31_999);
    expect(absenceStep(proof, waited(32_000), SETTINGS, TERMS)).toBe('keep_looking');
  });

  it('restart: what an earlier process waited counts towards forgetting, never towards the validity', () => {
    const proof = emptyAt(1_000, 3_000, 5_000);
    expect(absenceStep(proof, waited(10_000, 50_000), SETTINGS, TERMS)).toBe('keep_looking');
    expect(absenceStep(proof, waited(30_000, 90_000), SETTINGS, TERMS)).toBe('too_old');
  });

  it('beyond what the venue remembers silence proves nothing, however long the setting is', () => {
    const proof = emptyAt(1_000, 3_000, 5_000);
    expect(absenceStep(proof, waited(100_001), SETTINGS, TERMS)).toBe('too_old');
    expect(absenceStep(proof, waited(60_001), SETTINGS, { ...TERMS, orderMemoryMs: 60_000 })).toBe('too_old');
    expect(absenceStep(proof, waited(60_000), SETTINGS, { ...TERMS, orderMemoryMs: 60_000 })).toBe('ask_position');
  });
});
