/**
 * One venue's request budget, shared by every connection to it. Entry point: `createBudget`.
 *
 * Each published limit is a token bucket that follows the injected clock. With capacity C and refill rate r chosen so
 * that C + r x window = limit, no sliding window of that length can ever hold more than the limit, and idle time is
 * credited up to C. A reserve share of every bucket is for reductions alone. What does not fit waits in one bounded
 * Bottleneck lane per urgency, first come first served; reductions go before opens, opens before polls. The tokens are
 * counted here: Bottleneck knows real time only, and every job of it costs a timer.
 *
 * A request that fits costs no timer and no turn of the event loop. A clock timer is armed only while somebody waits,
 * so that an idle bot lets simulated time jump. Callers of `acquire` count as active; while parked they do not.
 */
import Bottleneck from 'bottleneck';
import { invariant } from '../kernel/assert.ts';
import { type Failure, failure } from '../kernel/outcome.ts';
import type { Activity } from '../ports/activity.ts';
import type { CancelTimer, Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Urgency } from '../ports/venue.ts';

/** At most `limit` units of weight in any `windowMs`, as the venue publishes it. */
export interface PublishedLimit {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
}

/** Weight per limit name; limits that are not named cost nothing. */
export type Cost = Readonly<Record<string, number>>;
export type Grant = { readonly ok: true } | ({ readonly ok: false } & Failure);

export interface RequestBudget {
  /** Spends `cost`, waiting for it if need be. Fails with `budget_full` or `budget_wait`; never for `reduce`. */
  acquire(cost: Cost, urgency: Urgency): Promise<Grant>;
  /** The venue refused for rate: opens and polls stop for `retryAfterMs` or an exponential, jittered delay. */
  penalise(retryAfterMs?: number): void;
  /** The venue answered well: the next penalty starts small again. */
  recovered(): void;
}

export interface BudgetOptions {
  readonly limits: readonly PublishedLimit[];
  readonly clock: Clock;
  readonly random: Random;
  readonly activity: Activity;
  /** Share of the published limits that this process may use; others on the same address need the rest. */
  readonly share?: number;
  /** Share of each bucket that only reductions may use. */
  readonly reserve?: number;
  /** Requests that may wait per lane (default 200); reductions are not bounded, their callers are. */
  readonly maxQueued?: number;
  /** Longest wait of an open: an older price is no longer wanted. */
  readonly maxOpenWaitMs?: number;
  /** Longest wait of a poll. */
  readonly maxPollWaitMs?: number;
}

const ORDER: readonly Urgency[] = ['reduce', 'open', 'poll'];
const FIRST_PENALTY_MS = 1_000;
const MAX_PENALTY_MS = 120_000;

interface Waiter {
  readonly cost: Cost;
  /** Monotonic instant after which the request is refused; infinite for reductions. */
  readonly until: number;
  readonly settle: (grant: Grant) => void;
}

export function createBudget(options: BudgetOptions): RequestBudget {
  return new Budget(options);
}

class Budget implements RequestBudget {
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #activity: Activity;
  readonly #lanes: Readonly<Record<Urgency, Bottleneck>>;
  readonly #maxQueued: number;
  readonly #maxWaitMs: Readonly<Record<Urgency, number>>;
  readonly #parked: Record<Urgency, number> = { reduce: 0, open: 0, poll: 0 };
  readonly #heads = new Map<Urgency, Waiter>();
  #penaltyUntil = Number.NEGATIVE_INFINITY;
  #penalties = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: BudgetOptions) {
    const { clock, share = 0.9, reserve = 0.2, maxQueued = 200 } = options;
    const now = clock.monotonicMs();
    this.#clock = clock;
    this.#random = options.random;
    this.#activity = options.activity;
    this.#buckets = new Map(options.limits.map((limit) => [limit.name, new Bucket(limit, share, reserve, now)]));
    this.#maxQueued = maxQueued;
    const lane = () => new Bottleneck({ maxConcurrent: 1 });
    this.#lanes = { reduce: lane(), open: lane(), poll: lane() };
    this.#maxWaitMs = {
      reduce: Number.POSITIVE_INFINITY,
      open: options.maxOpenWaitMs ?? 5_000,
      poll: options.maxPollWaitMs ?? 60_000,
    };
  }

  async acquire(cost: Cost, urgency: Urgency): Promise<Grant> {
    for (const [name, weight] of Object.entries(cost)) {
      const bucket = this.#buckets.get(name);
      invariant(bucket !== undefined && weight <= bucket.largest(urgency), `budget can never grant ${name}: ${weight}`);
    }
    const now = this.#clock.monotonicMs();
    if (!this.#someoneAhead(urgency) && this.#waitMs(cost, urgency, now) === 0) {
      this.#spend(cost);
      return { ok: true };
    }
    return this.#park(cost, urgency, now);
  }

  penalise(retryAfterMs?: number): void {
    const delay =
      Math.min(MAX_PENALTY_MS, FIRST_PENALTY_MS * 2 ** this.#penalties) * (0.75 + 0.5 * this.#random.next());
    this.#penalties = Math.min(this.#penalties + 1, 16);
    const until = this.#clock.monotonicMs() + Math.max(delay, retryAfterMs ?? 0);
    this.#penaltyUntil = Math.max(this.#penaltyUntil, until);
    this.#serve();
  }

  recovered(): void {
    if (this.#clock.monotonicMs() >= this.#penaltyUntil) this.#penalties = 0;
  }

  #someoneAhead(urgency: Urgency): boolean {
    for (const other of ORDER) {
      if (this.#parked[other] > 0) return true;
      if (other === urgency) return false;
    }
    return false;
  }

  async #park(cost: Cost, urgency: Urgency, now: number): Promise<Grant> {
    if (urgency !== 'reduce' && this.#parked[urgency] >= this.#maxQueued) {
      return failure('budget_full', `${urgency} lane of the request budget is full`);
    }
    const follows = this.#parked[urgency] > 0;
    this.#parked[urgency] += 1;
    // A follower waits behind a head that has its timer armed; the first one ends its activity once it is the head.
    if (follows) this.#activity.end();
    const until = now + this.#maxWaitMs[urgency];
    return this.#lanes[urgency].schedule(() => this.#wait(cost, urgency, until));
  }

  /** Runs as the head of its lane. */
  #wait(cost: Cost, urgency: Urgency, until: number): Promise<Grant> {
    return new Promise((resolve) => {
      const settle = (grant: Grant): void => {
        this.#heads.delete(urgency);
        this.#parked[urgency] -= 1;
        this.#activity.begin();
        // Until the next in the lane has become its head, time must not run away from it.
        if (this.#parked[urgency] > 0) this.#activity.begin();
        resolve(grant);
      };
      this.#heads.set(urgency, { cost, until, settle });
      this.#serve();
      // Ended last: whoever advances simulated time finds the timer armed.
      this.#activity.end();
    });
  }

  /** Grants every head that can go, most urgent first, and arms a timer for the next. */
  #serve(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const now = this.#clock.monotonicMs();
    let soonest = Number.POSITIVE_INFINITY;
    for (const urgency of ORDER) {
      const head = this.#heads.get(urgency);
      if (head === undefined) {
        // Its next head is on the way; nothing less urgent may overtake it.
        if (this.#parked[urgency] > 0) break;
        continue;
      }
      const waitMs = this.#waitMs(head.cost, urgency, now);
      if (waitMs > 0) {
        if (now >= head.until) {
          head.settle(failure('budget_wait', `no request budget within ${this.#maxWaitMs[urgency]} ms`));
          continue;
        }
        soonest = Math.min(soonest, waitMs, head.until - now);
        break;
      }
      this.#spend(head.cost);
      head.settle({ ok: true });
      if (this.#parked[urgency] > 0) break;
    }
    if (soonest < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#clock.after(Math.max(1, Math.ceil(soonest)), () => this.#serve());
    }
  }

  /** 0 when `cost` may be spent now. */
  #waitMs(cost: Cost, urgency: Urgency, now: number): number {
    let wait = urgency === 'reduce' ? 0 : Math.max(0, this.#penaltyUntil - now);
    for (const [name, weight] of Object.entries(cost)) {
      const bucket = this.#buckets.get(name);
      if (bucket !== undefined) wait = Math.max(wait, bucket.waitMs(weight, urgency, now));
    }
    return wait;
  }

  #spend(cost: Cost): void {
    for (const [name, weight] of Object.entries(cost)) this.#buckets.get(name)?.spend(weight);
  }
}

class Bucket {
  readonly #capacity: number;
  readonly #ratePerMs: number;
  readonly #reserved: number;
  #tokens: number;
  #at: number;

  constructor(limit: PublishedLimit, share: number, reserve: number, now: number) {
    const usable = limit.limit * share;
    invariant(usable >= 1, `${limit.name}: ${limit.limit} x ${share} leaves no request`);
    // Half bursts, half refills; a limit of few requests still needs room for one beyond the reserve.
    this.#capacity = Math.min(usable, Math.max(usable / 2, 1 / (1 - reserve)));
    this.#ratePerMs = Math.max(usable - this.#capacity, usable / 20) / limit.windowMs;
    this.#reserved = this.#capacity * reserve;
    this.#tokens = this.#capacity;
    this.#at = now;
    invariant(
      this.#capacity + this.#ratePerMs * limit.windowMs <= limit.limit + 1e-9,
      `${limit.name}: burst and refill exceed ${limit.limit}`,
    );
  }

  /** The largest weight one request can ever have. */
  largest(urgency: Urgency): number {
    return urgency === 'reduce' ? this.#capacity : this.#capacity - this.#reserved;
  }

  waitMs(weight: number, urgency: Urgency, now: number): number {
    if (now > this.#at) {
      this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#at) * this.#ratePerMs);
      this.#at = now;
    }
    const missing = weight + (urgency === 'reduce' ? 0 : this.#reserved) - this.#tokens;
    // Rounding noise must not park a request that fits.
    return missing <= 1e-9 ? 0 : missing / this.#ratePerMs;
  }

  spend(weight: number): void {
    this.#tokens -= weight;
  }
}
