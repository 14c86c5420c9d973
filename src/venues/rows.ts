/** zod pieces for venue rows: exact decimal texts, ids and instants, whichever JSON type the venue chose. */
import * as z from 'zod';

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)$/;

/** A plain decimal as text; a finite JSON number is taken at its shortest text. Empty, NaN and exponents fail. */
export const decimalText = z.union([z.string(), z.number()]).transform((value, context) => {
  const text = typeof value === 'number' ? String(value) : value.trim();
  if (DECIMAL.test(text)) return text;
  context.addIssue({ code: 'custom', message: 'not a decimal' });
  return z.NEVER;
});

/** A decimal that venues leave empty or zero when there is none. */
export const optionalDecimal = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => {
    const text = value === null || value === undefined ? '' : String(value).trim();
    return DECIMAL.test(text) && /[1-9]/.test(text) ? text : undefined;
  });

/** A non-empty identifier. */
export const idText = z.union([z.string().min(1), z.number().int().transform(String)]);

/** Epoch milliseconds. */
export const instant = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().int().positive());

export const sideText = z.enum(['buy', 'sell', 'BUY', 'SELL', 'Buy', 'Sell']).transform((side) => {
  return side.toLowerCase() === 'buy' ? ('buy' as const) : ('sell' as const);
});

/** `-x` of a plain decimal text, without arithmetic. */
export function negate(text: string): string {
  if (text.startsWith('-')) return text.slice(1);
  return `-${text.startsWith('+') ? text.slice(1) : text}`;
}
