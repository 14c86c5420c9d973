/**
 * Typed access to the parameters of one request. Entry points: `queryParams`, `bodyParams`.
 *
 * Reading never throws: the first wrong parameter is kept in `problem` and a harmless value is returned, so a handler
 * reads everything it needs and then answers `problem` if there is one.
 */
import { isPositive, px } from '../../../kernel/decimal.ts';
import { type Answer, badParameter, PARAMETER_ERROR, refusal } from './answer.ts';

export class Params {
  readonly #values: ReadonlyMap<string, unknown>;
  #problem: Answer | undefined;

  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  /** The answer for the first wrong parameter read so far. */
  get problem(): Answer | undefined {
    return this.#problem;
  }

  reject(name: string, why: string): void {
    this.#problem ??= badParameter(name, why);
  }

  has(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== null && value !== '';
  }

  /** Text, undefined when absent or empty. A JSON number where text belongs is refused, as Bybit does. */
  text(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values.get(name);
    if (typeof value === 'string') return value;
    this.reject(name, 'must be a string');
    return undefined;
  }

  /** Text that must be there; '' after a problem. */
  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined) this.reject(name, 'is required');
    return value ?? '';
  }

  /** One of `allowed`, or `fallback` when absent; without a fallback it must be there. */
  oneOf<T extends string>(name: string, allowed: readonly [T, ...T[]], fallback?: T): T {
    const value = this.text(name);
    if (value === undefined && fallback !== undefined) return fallback;
    const known = allowed.find((item) => item === value);
    if (known === undefined) this.reject(name, value === undefined ? 'is required' : 'invalid');
    return known ?? allowed[0];
  }

  /** Whole number within [min, max], as JSON number or digits. */
  integer(name: string, min: number, max: number): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#values.get(name);
    const whole = typeof value === 'number' ? value : /^\d{1,15}$/.test(String(value)) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(whole) && whole >= min && whole <= max) return whole;
    this.reject(name, `must be a whole number from ${min} to ${max}`);
    return undefined;
  }

  /** Text of a positive decimal without sign or exponent, of at most 20 digits on either side of the point. */
  decimal(name: string): string {
    const value = this.requiredText(name);
    if (value !== '' && !isPositiveDecimal(value)) this.reject(name, 'invalid');
    return value;
  }

  /** Entries of a list; 1 for anything else. Finds no fault. */
  count(name: string): number {
    const value = this.#values.get(name);
    return Array.isArray(value) ? Math.max(1, value.length) : 1;
  }

  /** 1 to `max` objects, each with the parameters `common` beside its own. */
  items(name: string, max: number, common: Readonly<Record<string, string>>): readonly Params[] {
    const value: unknown = this.#values.get(name);
    if (Array.isArray(value) && value.length > 0 && value.length <= max && value.every(isObject)) {
      return value.map((item) => new Params(new Map(Object.entries({ ...item, ...common }))));
    }
    this.reject(name, `must be a list of 1 to ${max} objects`);
    return [];
  }

  flag(name: string): boolean {
    if (!this.has(name)) return false;
    const value = this.#values.get(name);
    if (value === true || value === 'true') return true;
    if (value !== false && value !== 'false') this.reject(name, 'must be a boolean');
    return false;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bounded, because exact arithmetic takes longer the longer its numbers are. */
const PLAIN_DECIMAL = /^\d{1,20}(\.\d{1,20})?$/;
const isPositiveDecimal = (text: string): boolean => PLAIN_DECIMAL.test(text) && isPositive(px(text));

export const queryParams = (query: string): Params => new Params(new Map(new URLSearchParams(query)));

/** Parameters of a JSON object body, or the answer for a body that is none. */
export function bodyParams(body: string): Params | Answer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return refusal(PARAMETER_ERROR, 'Request parameter error: body is not JSON');
  }
  if (!isObject(parsed)) return refusal(PARAMETER_ERROR, 'Request parameter error: body is not an object');
  return new Params(new Map(Object.entries(parsed)));
}
