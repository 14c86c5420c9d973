/**
 * Request parameters. `parseParams` reads the raw text, `readParams` checks them against a shape and yields typed
 * values; the first fault in the shape's order is the answer, as on Binance.
 */
import { DAY_MS } from '../../../kernel/instant.ts';
import { ILLEGAL_CHARACTERS, missing, ok, type Refused, type Result, refuse } from './reply.ts';

export type Params = ReadonlyMap<string, string>;
/** Reads one sent, non-empty value. */
export type Parse<T> = (raw: string, name: string) => Result<T>;
/** Reads one parameter that may be absent. */
export type Field<T> = (raw: string | undefined, name: string) => Result<T>;
type Shape = Readonly<Record<string, Field<unknown>>>;
type Values<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** Query and form body together; Binance accepts parameters in either, and refuses one sent twice. */
export function parseParams(query: string, body: string): Result<Params> {
  const params = new Map<string, string>();
  for (const text of [query, body]) {
    for (const [name, value] of new URLSearchParams(text)) {
      if (params.has(name)) return refuse(-1101, `Duplicate values for parameter '${name}'.`);
      params.set(name, value);
    }
  }
  return ok(params);
}

export function readParams<S extends Shape>(params: Params, shape: S): Result<Values<S>> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape)) {
    const result = field(params.get(name), name);
    if (!result.ok) return result;
    values[name] = result.value;
  }
  return ok(values as Values<S>);
}

export const required =
  <T>(parse: Parse<T>): Field<T> =>
  (raw, name) =>
    raw === undefined || raw === '' ? missing(name) : parse(raw, name);

export const optional =
  <T>(parse: Parse<T>): Field<T | undefined> =>
  (raw, name) => {
    if (raw === undefined) return ok(undefined);
    return raw === '' ? refuse(-1105, `Parameter '${name}' was empty.`) : parse(raw, name);
  };

export const defaulting =
  <T>(parse: Parse<T>, fallback: T): Field<T> =>
  (raw, name) =>
    raw === undefined ? ok(fallback) : parse(raw, name);

const illegal = (name: string, range: string): Refused =>
  refuse(ILLEGAL_CHARACTERS, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);

export const matching =
  (pattern: RegExp): Parse<string> =>
  (raw, name) =>
    pattern.test(raw) ? ok(raw) : illegal(name, pattern.source);

/** Plain unsigned decimal text. */
export const decimalText = matching(/^([0-9]{1,20})(\.[0-9]{1,20})?$/);
/** An id of an order or trade: decimal digits of any length. */
export const idText = matching(/^[0-9]{1,25}$/);

export const integer: Parse<number> = (raw, name) => {
  const digits = matching(/^[0-9]{1,15}$/)(raw, name);
  return digits.ok ? ok(Number(digits.value)) : digits;
};

/** Rows wanted; values outside 1 to `max` are refused. */
export const rowLimit =
  (max: number): Parse<number> =>
  (raw, name) => {
    const value = integer(raw, name);
    if (!value.ok) return value;
    if (value.value < 1 || value.value > max) return refuse(-1130, `Data sent for parameter '${name}' is not valid.`);
    return value;
  };

/** One of `values`, otherwise the given refusal. */
export const oneOf =
  <T extends string>(values: readonly T[], otherwise: Refused): Parse<T> =>
  (raw) => {
    const found = values.find((value) => value === raw);
    return found === undefined ? otherwise : ok(found);
  };

export const flag: Parse<boolean> = (raw, name) =>
  raw === 'true' || raw === 'false'
    ? ok(raw === 'true')
    : refuse(-1130, `Data sent for parameter '${name}' is not valid.`);

/** Optional time range and its rows, shared by the history routes. */
export const timeRange = { startTime: optional(integer), endTime: optional(integer) };

/** Refuses a range that runs backwards or, when both ends are sent, is longer than `maxDays`. */
export function checkRange(start: number | undefined, end: number | undefined, maxDays = 100_000): Refused | undefined {
  if (start === undefined || end === undefined) return undefined;
  if (start > end) return refuse(-1023, 'Start time is greater than end time.');
  return end - start > maxDays * DAY_MS
    ? refuse(-4165, `Invalid time interval. Maximum time interval is ${maxDays} days.`)
    : undefined;
}
