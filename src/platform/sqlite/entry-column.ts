/** How a hedge is entered, as one cell of JSON with decimals as text. Entry point: `entryColumn`. */
import * as z from 'zod';
import { base, DecimalError, px, text } from '../../kernel/decimal.ts';
import type { EntryPlan } from '../../ledger/entry-plan.ts';
import { type Column, UNREADABLE } from './column.ts';

const decimal = z.string().min(1);
const whole = z.int().min(0);
const entrySchema = z.discriminatedUnion('style', [
  z.strictObject({ style: z.literal('taker') }),
  z.strictObject({
    style: z.literal('maker_taker'),
    deadlineMs: whole,
    least: decimal.transform(base),
    maker: z.enum(['long', 'short']),
    limit: decimal.transform(px),
    repriceMs: whole,
    maxReprices: whole,
  }),
  z.strictObject({
    style: z.literal('sliced'),
    deadlineMs: whole,
    least: decimal.transform(base),
    slice: decimal.transform(base),
    intervalMs: whole,
  }),
]);

export const entryColumn = (name: string): Column<EntryPlan> => ({
  name,
  cell: (entry) => JSON.stringify(plain(entry)),
  read: (cell) => {
    // Staged by a version that knew no other style.
    if (cell === undefined) return { style: 'taker' };
    if (typeof cell !== 'string') return UNREADABLE;
    try {
      const parsed = entrySchema.safeParse(JSON.parse(cell));
      return parsed.success ? parsed.data : UNREADABLE;
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof DecimalError) return UNREADABLE;
      throw error;
    }
  },
});

/** Decimals as plain text: JSON knows doubles only. */
function plain(entry: EntryPlan): object {
  switch (entry.style) {
    case 'taker':
      return entry;
    case 'maker_taker':
      return { ...entry, least: text(entry.least), limit: text(entry.limit) };
    case 'sliced':
      return { ...entry, least: text(entry.least), slice: text(entry.slice) };
  }
}
