/** Deribit's log rows and pages, whatever they hold: every amount counts once and exactly, and nothing else does. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, sum, text, ZERO_QUOTE } from '../../src/kernel/decimal.ts';
import type { CcxtClient } from '../../src/venues/client.ts';
import { deribitPayments } from '../../src/venues/deribit/payments.ts';
import { logPage } from '../../src/venues/deribit/rows.ts';

/** A currency's smallest unit is 1e-8; amounts are whole numbers of it. */
const units = fc.integer({ min: -5_000_000_000, max: 5_000_000_000 });
const inUnits = (count: number) => text(quote(`${count}e-8`));

interface Row {
  readonly id: number;
  readonly at: number;
  readonly units: number | null;
  readonly form: 'number' | 'text';
  readonly type: string;
  readonly perpetual: boolean;
}

/** Rows without an amount are of any type but those that always have one. */
const rowOf = (id: number): fc.Arbitrary<Row> =>
  fc
    .record({
      at: fc.integer({ min: 1, max: 2_000_000_000_000 }),
      units: fc.option(fc.oneof(units, fc.integer({ min: -20, max: 20 }))),
      form: fc.constantFrom<'number' | 'text'>('number', 'text'),
      type: fc.constantFrom('trade', 'settlement', 'delivery', 'transfer', 'deposit', 'a new one'),
      perpetual: fc.boolean(),
    })
    .map((row) => ({
      ...row,
      id,
      type: row.units === null && row.perpetual ? 'correction' : row.type,
    }));
const log = fc
  .integer({ min: 0, max: 30 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, id) => rowOf(id))));

/** As JSON would bring it: a number loses its trailing zeros and gets an exponent when it is small. */
const wire = (row: Row) => ({
  id: row.id,
  timestamp: row.at,
  type: row.type,
  currency: 'ETH',
  instrument_name: row.perpetual ? 'ETH-PERPETUAL' : row.units === null ? null : 'ETH-25JUN27',
  interest_pl: row.units === null ? null : row.form === 'number' ? Number(inUnits(row.units)) : inUnits(row.units),
});

const total = (amounts: readonly string[]) => text(sum(ZERO_QUOTE, amounts.map(quote)));
const inAll = (rows: readonly Row[]) =>
  total(rows.flatMap(({ units: count }) => (count === null ? [] : [inUnits(count)])));

describe('rows of the transaction log', () => {
  it('carry their amount exactly and their own id and time; zero and none are no payment', () => {
    fc.assert(
      fc.property(log, (rows) => {
        const page = logPage.parse({ result: { logs: rows.map(wire), continuation: null } });
        expect(page.rows.map(({ id, at }) => ({ id, at }))).toEqual(rows.map(({ id, at }) => ({ id: String(id), at })));
        const paid = rows.filter((row) => row.units !== null && row.units !== 0);
        const payments = page.rows.flatMap(({ payment }) => payment ?? []);
        expect(payments.map(({ paymentId, amount, at }) => ({ paymentId, amount, at }))).toEqual(
          paid.map((row) => ({ paymentId: String(row.id), amount: inUnits(row.units ?? 0), at: row.at })),
        );
      }),
    );
  });

  it('malformed-row: a text that is no decimal is never an amount', () => {
    fc.assert(
      fc.property(fc.string(), (interest_pl) => {
        fc.pre(!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(interest_pl));
        const row = { ...wire({ id: 7, at: 1, units: 1, form: 'text', type: 'trade', perpetual: true }), interest_pl };
        const page = logPage.safeParse({ result: { logs: [row], continuation: null } });
        expect(page.success).toBe(false);
        expect(page.error?.issues[0]?.message).toMatch(/^row 7: /);
      }),
    );
  });
});

describe('pages of the transaction log', () => {
  it('fault-29-deribit-pages: of any size, overlapping or not, every row counts once, oldest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 0, max: 1 }),
        async (rows, size, overlap) => {
          const newestFirst = [...rows].sort((a, b) => b.at - a.at || b.id - a.id);
          const client = {
            request: async (_path: string, _access: string, _method: string, params: Record<string, unknown>) => {
              const from = Math.max(
                0,
                Number(params.continuation ?? 0) - (params.continuation === undefined ? 0 : overlap),
              );
              const end = from + size;
              const continuation = end < newestFirst.length ? end : null;
              return { result: { logs: newestFirst.slice(from, end).map(wire), continuation } };
            },
          } as unknown as CcxtClient;
          const { rows: payments, full } = await deribitPayments('ETH')(client, { from: 0, to: 2_000_000_000_000 });
          expect(full).toBe(false);
          expect(total(payments.map(({ amount }) => amount))).toBe(inAll(rows));
          expect(new Set(payments.map(({ paymentId }) => paymentId)).size).toBe(payments.length);
          expect(payments.map(({ at }) => at)).toEqual(payments.map(({ at }) => at).sort((a, b) => a - b));
        },
      ),
    );
  });
});
