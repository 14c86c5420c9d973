/**
 * One page of Deribit's transaction log, and what its rows say about funding. Entry point: `logPage`. Source:
 * docs.deribit.com, private/get_transaction_log.
 *
 * A perpetual accrues funding all the time; each trade realises what accrued since the row before, and the settlement at
 * 08:00 UTC the rest. Both say it in `interest_pl` ("actual funding rate of trades and settlements on perpetual
 * instruments"): cash of the row's currency, positive = received. A settlement's `total_interest_pl` is the sum of them
 * all since the last settlement, so it is no payment of its own and is not read.
 */
import * as z from 'zod';
import { DecimalError, isZero, quote, text } from '../../kernel/decimal.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { RawPayment } from '../facts.ts';
import { idText, instant } from '../rows.ts';

export interface LogRow {
  /** Unique within its currency's log. */
  readonly id: string;
  readonly at: Instant;
  /** undefined: this row realised none. */
  readonly payment: RawPayment | undefined;
}

export interface LogPage {
  /** In the venue's order. */
  readonly rows: readonly LogRow[];
  /** Asks for the page after this one; null on the last. */
  readonly continuation: string | null;
}

/** Funding of a few satoshi comes with an exponent, which other venues' rows never have. */
const signedDecimal = z.union([z.string(), z.number()]).transform((value, context) => {
  try {
    return quote(value);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});

/** Rows of these types always say what a perpetual realised, be it nothing. */
const REALISES: ReadonlySet<string> = new Set(['trade', 'settlement']);
const PERPETUAL = /-PERPETUAL$/;

/** New types can come at any time: of rows without funding only the id and the time are used. */
const fields = z
  .object({
    id: idText,
    timestamp: instant,
    type: z.string(),
    currency: idText,
    instrument_name: idText.nullish(),
    interest_pl: signedDecimal.nullish(),
  })
  .transform((row, context): LogRow => {
    const { id, timestamp: at } = row;
    const none = { id, at, payment: undefined };
    const marketId = row.instrument_name ?? undefined;
    const amount = row.interest_pl ?? undefined;
    if (amount === undefined) {
      if (!REALISES.has(row.type) || marketId === undefined || !PERPETUAL.test(marketId)) return none;
      context.addIssue({ code: 'custom', path: ['interest_pl'], message: `missing in a ${row.type} of ${marketId}` });
      return z.NEVER;
    }
    if (isZero(amount)) return none;
    if (marketId === undefined) {
      context.addIssue({ code: 'custom', path: ['instrument_name'], message: 'missing in a row with funding' });
      return z.NEVER;
    }
    return { id, at, payment: { marketId, paymentId: id, amount: text(amount), currency: row.currency, at } };
  });

/** What is wrong with a row is told with the row's id: its place on a page says nothing afterwards. */
const logRow = z.unknown().transform((raw, context): LogRow => {
  const row = fields.safeParse(raw);
  if (row.success) return row.data;
  const known = z.object({ id: idText }).safeParse(raw);
  const name = known.success ? `row ${known.data.id}` : 'a row without an id';
  for (const { path, message } of row.error.issues) {
    context.addIssue({ code: 'custom', path, message: `${name}: ${message}` });
  }
  return z.NEVER;
});

export const logPage = z
  .object({ result: z.object({ logs: z.array(logRow), continuation: idText.nullable() }) })
  .transform(({ result }): LogPage => ({ rows: result.logs, continuation: result.continuation }));
