/** What an order that no ledger could record may be: its size, its name, and whose its fill is afterwards. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookFills } from '../../src/execution/booking.ts';
import { clientOrderId, emergencyOf, emergencyOrderId, eraOf } from '../../src/execution/client-id.ts';
import { venueDelta } from '../../src/execution/emergency.ts';
import {
  abs,
  add,
  type Base,
  base,
  gt,
  isMultipleOf,
  isZero,
  lt,
  neg,
  px,
  sum,
  text,
  ZERO_BASE,
} from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { AT, attempt, booked, fill, LONG, plan, SHORT } from '../ledger/samples.ts';

const STAMP = { mode: 'live', tag: 'ab1z', epoch: 1, era: 1 } as const;
const SOL = 'SOL/USDT:USDT';
const NOTHING_SINCE = { now: AT, closedSince: () => ZERO_BASE, openedSince: () => ZERO_BASE };

function ledger(facts: readonly Fact[]): LedgerState {
  const state = emptyLedger();
  for (const fact of facts) foldFact(state, fact);
  return state;
}

const instrument = (key: string, lot: string): Instrument => ({
  key,
  ...splitKey(key),
  asset: 'SOL',
  settle: 'USDT',
  kind: 'perpetual',
  lot: base(lot),
  tick: px('0.01'),
  minQuantity: base(lot),
  takerFeeRate: 0,
  makerFeeRate: 0,
  trading: true,
});

/** Hedges that hold `held` on both legs, as their fills say. */
const standing = (
  hedges: readonly { readonly id: string; readonly long: string; readonly short: string; readonly held: number }[],
) =>
  ledger(
    hedges.flatMap(({ id, long, short, held }, n): Fact[] => {
      const each = (leg: 'long' | 'short', key: string): Fact => ({
        ...booked(fill(`${n}${leg}`, splitKey(key).venue, leg === 'long' ? 'buy' : 'sell', String(held), '100'), leg),
        hedge: id,
      });
      const planned: Fact = { ...plan(id), longKey: long, shortKey: short };
      return held === 0 ? [planned] : [planned, each('long', long), each('short', short)];
    }),
  );

describe('the size of an emergency order', () => {
  const key = (venue: string): string => `${venue}|${SOL}`;
  const pairs = fc.constantFrom(['alpha', 'beta'], ['beta', 'alpha'], ['alpha', 'gamma'], ['gamma', 'beta']);
  const tenths = fc.integer({ min: 0, max: 200 });

  it('closes, on its venue and in the sum of all, whatever the venues say: it opens and flips nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pair: pairs, held: tenths }), { minLength: 1, maxLength: 3 }),
        fc.record({
          alpha: fc.integer({ min: -300, max: 300 }),
          beta: fc.integer({ min: -300, max: 300 }),
          gamma: fc.integer({ min: -300, max: 300 }),
        }),
        fc.constantFrom('0.1', '0.5'),
        (hedges, venues, lot) => {
          const state = standing(
            hedges.map(({ pair: [long = '', short = ''], held }, n) => ({
              id: `h${n + 1}`,
              long: key(long),
              short: key(short),
              held: held / 10,
            })),
          );
          const says = (each: string): Base => base(String(venues[splitKey(each).venue as 'alpha'] / 10));
          const found = venueDelta([...state.hedges.values()], {
            ...NOTHING_SINCE,
            venueSays: says,
            instrumentOf: (each) => instrument(each, lot),
          });
          if (found.kind === 'equal' || !found.next) return;
          const { leg, quantity } = found.next;
          const signed = leg.direction === 'long' ? neg(quantity) : quantity;
          const at = says(leg.key);
          const after = add(at, signed);
          expect(isMultipleOf(quantity, base(lot))).toBe(true);
          expect(lt(abs(after), abs(at)) && (isZero(after) || after.s === at.s)).toBe(true);
          expect(gt(quantity, abs(found.net))).toBe(false);
          // Of the hedges' own: never more than the ledger believes of the leg.
          expect(gt(quantity, abs(leg.holding.quantity))).toBe(false);
          const held = [...state.hedges.values()].flatMap(({ long, short }) => [long, short]);
          const isAllOurs = ['alpha', 'beta', 'gamma'].every((venue) => {
            const here = held.filter((each) => splitKey(each.key).venue === venue);
            const [longs, shorts] = (['long', 'short'] as const).map((way) =>
              sum(
                ZERO_BASE,
                here.filter(({ direction }) => direction === way).map(({ holding }) => abs(holding.quantity)),
              ),
            );
            const said = says(key(venue));
            return !gt(said, longs ?? ZERO_BASE) && !lt(said, neg(shorts ?? ZERO_BASE));
          });
          if (!isAllOurs) return;
          const net = sum(
            ZERO_BASE,
            ['alpha', 'beta', 'gamma'].map((venue) => says(key(venue))),
          );
          expect(text(found.net)).toBe(text(net));
          expect(lt(abs(add(net, signed)), abs(net))).toBe(true);
        },
      ),
      { numRuns: 3_000, seed: 20260105 },
    );
  });

  it('fault-42-beyond-the-ledger: what stands beyond anything the ledger can know of is a human’s, and is left alone', () => {
    const state = standing([{ id: 'h1', long: LONG, short: SHORT, held: 10 }]);
    const judged = (long: string, short: string) =>
      venueDelta([...state.hedges.values()], {
        ...NOTHING_SINCE,
        venueSays: (each) => base(each === LONG ? long : short),
        instrumentOf: (each) => instrument(each, '0.1'),
      });
    expect(judged('13', '-10')).toEqual({ kind: 'equal' });
    expect(judged('13', '-6')).toMatchObject({ kind: 'naked', net: base('4'), next: { quantity: base('4') } });
    expect(judged('10', '3')).toMatchObject({ kind: 'naked', next: { quantity: base('10') } });
    expect(judged('-2', '3')).toEqual({ kind: 'equal' });
  });

  it('fault-42-closed-since: what own orders have closed is not there any more; more at the venue is a human’s', () => {
    const state = standing([{ id: 'h1', long: LONG, short: SHORT, held: 10 }]);
    const judged = (closed: string, long: string, short: string) =>
      venueDelta([...state.hedges.values()], {
        ...NOTHING_SINCE,
        closedSince: ({ name }) => (name === 'long' ? base(closed) : ZERO_BASE),
        venueSays: (each) => base(each === LONG ? long : short),
        instrumentOf: (each) => instrument(each, '0.1'),
      });
    expect(judged('10', '1', '0')).toEqual({ kind: 'equal' });
    expect(judged('12', '1', '0')).toEqual({ kind: 'equal' });
    expect(judged('4', '7', '0')).toMatchObject({ kind: 'naked', net: base('6'), next: { quantity: base('6') } });
  });

  it('fault-42-unrecorded-fill: what an order of unknown fate may have filled is ours to reduce', () => {
    const state = ledger([plan(), attempt('a', 'long'), attempt('b', 'short')]);
    const judged = venueDelta([...state.hedges.values()], {
      ...NOTHING_SINCE,
      venueSays: (each) => base(each === LONG ? '10' : '0'),
      instrumentOf: (each) => instrument(each, '0.1'),
    });
    expect(judged).toMatchObject({ kind: 'naked', next: { quantity: base('10') } });
  });

  it('fault-42-called-absent: an order that was called absent may have filled after all, for ten minutes', () => {
    const absent = (clientOrderId: string): Fact => ({
      kind: 'outcome',
      clientOrderId,
      status: 'proven_absent',
      at: AT,
    });
    const state = ledger([plan(), attempt('a', 'long'), attempt('b', 'short'), absent('a'), absent('b')]);
    const judged = (laterMs: number) =>
      venueDelta([...state.hedges.values()], {
        ...NOTHING_SINCE,
        now: AT + laterMs,
        venueSays: (each) => base(each === LONG ? '10' : '0'),
        instrumentOf: (each) => instrument(each, '0.1'),
      });
    expect(judged(MINUTE_MS)).toMatchObject({ kind: 'naked', next: { quantity: base('10') } });
    expect(judged(11 * MINUTE_MS)).toEqual({ kind: 'equal' });
  });

  it('less than a common lot, and what no venue takes an order for, moves nothing', () => {
    const state = standing([{ id: 'h1', long: LONG, short: SHORT, held: 10 }]);
    const judged = (long: string, lot: string) =>
      venueDelta([...state.hedges.values()], {
        ...NOTHING_SINCE,
        venueSays: (each) => base(each === LONG ? long : '-9'),
        instrumentOf: (each) => instrument(each, lot),
      });
    expect(judged('9.4', '0.1')).toEqual({ kind: 'equal' });
    expect(judged('9.6', '1')).toEqual({ kind: 'naked', net: base('0.6'), next: undefined });
  });
});

describe('the name of an emergency order', () => {
  it('tells whose it was, is nobody else’s, and says nothing of eras to a ledger that was restored', () => {
    const id = emergencyOrderId(STAMP, 'h17', 'short', AT);
    expect(emergencyOf(id)).toEqual({ ledger: 'lab1z', hedge: 'h17', leg: 'short' });
    expect(emergencyOf(clientOrderId(STAMP, 'h17', 'short', 9))).toBeUndefined();
    expect(eraOf(id, STAMP)).toBeUndefined();
  });

  it('two differ whenever a millisecond, a hedge or a leg does; durable ones never look like it', () => {
    const parts = fc.record({
      at: fc.integer({ min: AT, max: AT + 60_000 }),
      hedge: fc.integer({ min: 1, max: 50 }),
      leg: fc.constantFrom('long' as const, 'short' as const),
    });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const idOf = ({ at, hedge, leg }: typeof a) => emergencyOrderId(STAMP, `h${hedge}`, leg, at);
        expect(idOf(a)).toMatch(/^[a-z0-9]{18}$/);
        expect(idOf(a) === idOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('a fill of an emergency order that no ledger knows', () => {
  const two = [
    { id: 'h1', long: LONG, short: SHORT, held: 10 },
    { id: 'h2', long: LONG, short: SHORT, held: 5 },
  ] as const;
  const withIds = () => {
    const state = standing(two);
    for (const hedge of ['h1', 'h2'])
      foldFact(state, { ...attempt(clientOrderId(STAMP, hedge, 'long', 1), 'long', { number: 1 }), hedge });
    return state;
  };
  const sold = (quantity: string, id: string) => fill('99', 'alpha', 'sell', quantity, '90', { clientOrderId: id });
  const said = (state: LedgerState, quantity: string, id: string) =>
    bookFills(state, [sold(quantity, id)], AT).map((fact) =>
      fact.kind === 'fill' ? `${fact.hedge} ${fact.leg}` : fact.kind === 'discrepancy' ? fact.detail : fact.kind,
    );

  it('fault-42-attribution: belongs to the hedge whose leg it made smaller, not to the oldest, and is called our own', () => {
    const [owner, told] = said(withIds(), '4', emergencyOrderId(STAMP, 'h2', 'long', AT));
    expect(owner).toBe('h2 long');
    expect(told).toContain('own emergency reduction');
  });

  it('more than that leg holds, or another ledger’s, is shared out like a stranger’s', () => {
    expect(said(withIds(), '6', emergencyOrderId(STAMP, 'h2', 'long', AT))[0]).toBe('h1 long');
    expect(said(withIds(), '4', emergencyOrderId({ ...STAMP, tag: 'zzzz' }, 'h2', 'long', AT))[0]).toBe('h1 long');
  });
});
