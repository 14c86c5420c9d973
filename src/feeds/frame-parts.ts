/** zod pieces of market data frames. */
import * as z from 'zod';

/** A decimal as the venue wrote it, with exponents allowed; empty text is no decimal. */
export const decimalText = z.string().regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i);

/** Absent and empty are undefined; anything else must be a decimal. */
export const optionalDecimal = z
  .union([z.literal(''), decimalText])
  .nullish()
  .transform((value) => (value === '' || value === null ? undefined : value));

/** Epoch milliseconds, as number or text. */
export const instant = z
  .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
  .pipe(z.number().int().positive());

/** Absent, empty and zero are undefined. */
export const optionalInstant = z
  .union([z.number(), z.string().regex(/^\d*$/).transform(Number)])
  .nullish()
  .transform((value) => (value ? value : undefined));
