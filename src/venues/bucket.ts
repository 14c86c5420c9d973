/** Published limits as token buckets, and what requests cost of them. Used by `budget.ts`. */
import { invariant } from '../kernel/assert.ts';

/** At most `limit` units of weight in any `windowMs`, as the venue publishes it. */
export interface PublishedLimit {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  /** Response header with what the venue counts of it by now, whoever sent it: a neighbour, or this bot before a restart. */
  readonly usedHeader?: string;
}

/** Weight per limit name; limits that are not named cost nothing. */
export type Cost = Readonly<Record<string, number>>;

/** Of a limit, that stays free when the venue counts along: what is on its way is not counted yet. */
const ON_THE_WAY_SHARE = 0.05;
/** Between two reductions while the venue counts more than there should be: the figure may be of another limit. */
const LONGEST_DEBT_MS = 5_000;

/**
 * With capacity C and refill rate r chosen so that C + r x window = limit, no sliding window of that length can ever
 * hold more than the limit, and idle time is credited up to C.
 */
export class Bucket {
  /** Tokens that only reductions may use. */
  readonly reserved: number;
  readonly #capacity: number;
  readonly #ratePerMs: number;
  readonly #limit: number;
  #tokens: number;
  #at: number;

  constructor(limit: PublishedLimit, share: number, reserve: number, now: number) {
    const usable = limit.limit * share;
    invariant(usable >= 1, `${limit.name}: ${limit.limit} x ${share} leaves no request`);
    // Half for bursts, half refilled; small limits keep room for a reduction beside one request of weight 1.
    this.#capacity = Math.min(usable, Math.max(usable / 2, 1 / (1 - reserve)));
    this.#ratePerMs = Math.max(usable - this.#capacity, usable / 20) / limit.windowMs;
    this.#limit = limit.limit;
    this.reserved = Math.max(0, Math.min(Math.max(1, this.#capacity * reserve), this.#capacity - 1));
    this.#tokens = this.#capacity;
    this.#at = now;
    invariant(
      this.#capacity + this.#ratePerMs * limit.windowMs <= limit.limit + 1e-9,
      `${limit.name}: burst and refill exceed ${limit.limit}`,
    );
  }

  /** The largest weight one request can ever have while `kept` tokens stay untouched. */
  largest(kept: number): number {
    return this.#capacity - kept;
  }

  /** Until `weight` can be spent with `kept` tokens left over; never more than a full bucket is waited for. */
  waitMs(weight: number, kept: number, now: number): number {
    this.#refill(now);
    const missing = Math.min(this.#capacity, weight + kept) - this.#tokens;
    // Rounding noise must not park a request that fits.
    return missing <= 1e-9 ? 0 : missing / this.#ratePerMs;
  }

  spend(weight: number): void {
    this.#tokens -= weight;
  }

  /** The venue says that more was used than was counted here: the reserve is all there is. */
  drain(now: number): void {
    this.#refill(now);
    this.#tokens = Math.min(this.#tokens, this.reserved);
  }

  /**
   * The venue counts `used` in its window. Less than was counted here changes nothing. When more is used than should be,
   * even reductions wait between two requests, for `LONGEST_DEBT_MS` at most.
   */
  used(used: number, now: number): void {
    this.#refill(now);
    const spare = this.#limit * ON_THE_WAY_SHARE;
    const debt = Math.min(spare, this.#ratePerMs * LONGEST_DEBT_MS);
    this.#tokens = Math.min(this.#tokens, Math.max(-debt, this.#limit - spare - used));
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#at) * this.#ratePerMs);
    this.#at = now;
  }
}

/** What those wait for who come first. */
export class Claims {
  readonly #weights = new Map<string, number>();

  add(cost: Cost): void {
    for (const [name, weight] of Object.entries(cost)) this.#weights.set(name, this.of(name) + weight);
  }

  of(name: string): number {
    return this.#weights.get(name) ?? 0;
  }
}
