/**
 * One venue's request budget, shared by every connection to it. Entry point: `createBudget`.
 *
 * Every published limit is a token bucket (`bucket.ts`) that follows the injected clock. A reserve of every bucket is
 * for reductions alone. What does not fit waits in a bounded Bottleneck lane, one per urgency and set of limits, first
 * come first served. Reductions go before opens, opens before polls; who waits for one limit holds up nobody who needs
 * another, and a poll that has waited long goes first once in a while, so that the account can always be read.
 *
 * What the venue says stops whole urgencies: see `throttled`, `banned`, `overloaded`; what it counts: see `counted`.
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
import { Bucket, Claims, type Cost, type PublishedLimit } from './bucket.ts';

export type Grant = { readonly ok: true } | ({ readonly ok: false } & Failure);

export interface RequestBudget {
  /**
   * Spends `cost`, waiting for it if need be. Fails with `budget_full` (never for `reduce`) or `budget_wait`. `sinceMs`:
   * the monotonic instant from which the wait counts, when it began before.
   */
  acquire(cost: Cost, urgency: Urgency, sinceMs?: number): Promise<Grant>;
  /** The longest that a request waits, ms. */
  readonly waitLimitMs: Readonly<Record<Urgency, number>>;
  /** Too many requests: opens and polls stop for `retryAfterMs` or an exponential, jittered delay; reductions have their reserve. */
  throttled(retryAfterMs?: number): void;
  /** The venue shuts this address out: nothing leaves before that is over, it would only make it longer. */
  banned(forMs: number): void;
  /** The venue sheds load and exempts reductions: opens stop for an exponential, jittered delay. */
  overloaded(): void;
  /** What the venue counts in the window of one of its limits, whoever sent it. */
  counted(limit: string, used: number): void;
  /** The venue answered well: the next delay starts small again. */
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

const RANK: Readonly<Record<Urgency, number>> = { reduce: 0, open: 1, poll: 2 };
const URGENCIES = Object.keys(RANK) as readonly Urgency[];
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 120_000;
/** Venues ban for at most three days. */
const MAX_BAN_MS = 3 * 86_400_000;
/** Beyond the announced end of a ban, for clocks that differ a little. */
const BAN_MARGIN_MS = 1_000;
/** Outlasts the ordinary bans; a longer one is for the caller to see. */
const MAX_REDUCE_WAIT_MS = 15 * 60_000;
/** A poll that has waited so long goes first, one in so long. */
const AGED_MS = 5_000;

interface Waiter {
  readonly cost: Cost;
  readonly since: number;
  /** Monotonic instant after which the request is refused. */
  readonly until: number;
  readonly settle: (grant: Grant) => void;
}

interface Lane {
  readonly urgency: Urgency;
  readonly queue: Bottleneck;
  parked: number;
  head: Waiter | undefined;
}

export const createBudget = (options: BudgetOptions): RequestBudget => new Budget(options);

class Budget implements RequestBudget {
  readonly waitLimitMs: Readonly<Record<Urgency, number>>;
  readonly #buckets: ReadonlyMap<string, Bucket>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #activity: Activity;
  /** In order of urgency; a bounded number, one per urgency and set of limits. */
  readonly #lanes = new Map<string, Lane>();
  readonly #maxQueued: number;
  /** Monotonic instants before which an urgency may not send. */
  readonly #pausedUntil: Record<Urgency, number> = { reduce: -1, open: -1, poll: -1 };
  #waiting = 0;
  #pauses = 0;
  #agedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: BudgetOptions) {
    const { clock, share = 0.9, reserve = 0.2, maxQueued = 200 } = options;
    const now = clock.monotonicMs();
    this.#clock = clock;
    this.#random = options.random;
    this.#activity = options.activity;
    this.#buckets = new Map(options.limits.map((limit) => [limit.name, new Bucket(limit, share, reserve, now)]));
    this.#maxQueued = maxQueued;
    this.waitLimitMs = {
      reduce: MAX_REDUCE_WAIT_MS,
      open: options.maxOpenWaitMs ?? 5_000,
      poll: options.maxPollWaitMs ?? 60_000,
    };
  }

  async acquire(cost: Cost, urgency: Urgency, sinceMs = this.#clock.monotonicMs()): Promise<Grant> {
    for (const [name, weight] of Object.entries(cost)) {
      const bucket = this.#buckets.get(name);
      const kept = urgency === 'reduce' ? 0 : (bucket?.reserved ?? 0);
      invariant(bucket !== undefined && weight <= bucket.largest(kept), `budget can never grant ${name}: ${weight}`);
    }
    const lane = this.#laneOf(cost, urgency);
    if (lane.parked === 0 && this.#fitsBeside(cost, lane, this.#clock.monotonicMs())) {
      this.#spend(cost);
      return { ok: true };
    }
    return this.#park(cost, lane, sinceMs);
  }

  throttled(retryAfterMs = 0): void {
    const now = this.#clock.monotonicMs();
    for (const bucket of this.#buckets.values()) bucket.drain(now);
    this.#pause(['open', 'poll'], Math.max(this.#delayMs(now), retryAfterMs));
  }

  banned(forMs: number): void {
    const jitterMs = BAN_MARGIN_MS * (1 + this.#random.next());
    this.#pause(URGENCIES, Math.min(Math.max(forMs, this.#delayMs(this.#clock.monotonicMs())), MAX_BAN_MS) + jitterMs);
  }

  overloaded(): void {
    this.#pause(['open'], this.#delayMs(this.#clock.monotonicMs()));
  }

  recovered(): void {
    if (this.#clock.monotonicMs() >= this.#pausedUntil.open) this.#pauses = 0;
  }

  counted(limit: string, used: number): void {
    this.#buckets.get(limit)?.used(used, this.#clock.monotonicMs());
  }

  #pause(urgencies: readonly Urgency[], forMs: number): void {
    const until = this.#clock.monotonicMs() + forMs;
    for (const urgency of urgencies) this.#pausedUntil[urgency] = Math.max(this.#pausedUntil[urgency], until);
    this.#serve();
  }

  /** Exponential with jitter. Refusals of what was under way when a pause began are one with its cause. */
  #delayMs(now: number): number {
    if (now >= this.#pausedUntil.open) this.#pauses = Math.min(this.#pauses + 1, 16);
    const ceiling = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, this.#pauses - 1));
    return ceiling * (0.75 + 0.5 * this.#random.next());
  }

  #laneOf(cost: Cost, urgency: Urgency): Lane {
    const name = `${RANK[urgency]} ${Object.keys(cost).sort().join()}`;
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane: Lane = { urgency, queue: new Bottleneck({ maxConcurrent: 1 }), parked: 0, head: undefined };
    const ordered = [...this.#lanes, [name, lane] as const].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#lanes.clear();
    for (const [each, value] of ordered) this.#lanes.set(each, value);
    return lane;
  }

  /** Whether a request may go at once without taking what somebody before it waits for. */
  #fitsBeside(cost: Cost, lane: Lane, now: number): boolean {
    const claims = new Claims();
    if (this.#waiting > 0) {
      for (const other of this.#lanes.values()) {
        if (other.parked === 0 || RANK[other.urgency] > RANK[lane.urgency]) continue;
        // Who comes next there is not known yet.
        if (other.head === undefined) return false;
        if (now >= this.#pausedUntil[other.urgency]) claims.add(other.head.cost);
      }
    }
    return this.#waitMs(cost, lane.urgency, now, claims, lane.urgency !== 'reduce') === 0;
  }

  async #park(cost: Cost, lane: Lane, since: number): Promise<Grant> {
    if (lane.urgency !== 'reduce' && lane.parked >= this.#maxQueued) {
      return failure('budget_full', `${lane.urgency} lane of the request budget is full`);
    }
    const follows = lane.parked > 0;
    lane.parked += 1;
    this.#waiting += 1;
    // A follower waits behind a head that has its timer armed; the first one ends its activity once it is the head.
    if (follows) this.#activity.end();
    return lane.queue.schedule(() => this.#wait(cost, lane, since));
  }

  /** Runs as the head of its lane. */
  #wait(cost: Cost, lane: Lane, since: number): Promise<Grant> {
    return new Promise((resolve) => {
      const settle = (grant: Grant): void => {
        lane.head = undefined;
        lane.parked -= 1;
        this.#waiting -= 1;
        this.#activity.begin();
        // Until the next in the lane has become its head, time must not run away from it.
        if (lane.parked > 0) this.#activity.begin();
        resolve(grant);
      };
      lane.head = { cost, since, until: since + this.waitLimitMs[lane.urgency], settle };
      this.#serve();
      // Ended last: whoever advances simulated time finds the timer armed.
      this.#activity.end();
    });
  }

  /** Grants every head that can go, most urgent first, and arms a timer for the next. */
  #serve(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#waiting === 0) return;
    const now = this.#clock.monotonicMs();
    let soonest = Number.POSITIVE_INFINITY;
    const claims = new Claims();
    const aged = this.#agedPoll(now);
    for (const lane of new Set([...(aged ? [aged] : []), ...this.#lanes.values()])) {
      const { head } = lane;
      if (head === undefined) {
        // Its next head is on the way and serves again; nothing less urgent may overtake it.
        if (lane.parked > 0) break;
        continue;
      }
      // Where reductions wait the reserve is spent already.
      const keepsReserve = lane.urgency !== 'reduce' && !(lane === aged && this.#reductionsWait());
      const waitMs = this.#waitMs(head.cost, lane.urgency, now, claims, keepsReserve);
      if (waitMs > 0) {
        if (now >= head.until) {
          head.settle(failure('budget_wait', `no request budget within ${this.waitLimitMs[lane.urgency]} ms`));
          continue;
        }
        soonest = Math.min(soonest, waitMs, head.until - now);
        if (lane.urgency === 'poll') soonest = Math.min(soonest, this.#untilAged(head, now) || waitMs);
        if (now >= this.#pausedUntil[lane.urgency]) claims.add(head.cost);
        continue;
      }
      this.#spend(head.cost);
      if (lane === aged) this.#agedAt = now;
      head.settle({ ok: true });
      if (lane.parked > 0) break;
    }
    if (soonest === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(Math.max(1, Math.ceil(soonest)), () => this.#serve());
  }

  /** The poll that has waited longest, when it is its turn to go first. */
  #agedPoll(now: number): Lane | undefined {
    let oldest: Lane | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.urgency !== 'poll' || lane.head === undefined || this.#untilAged(lane.head, now) > 0) continue;
      if (oldest?.head === undefined || lane.head.since < oldest.head.since) oldest = lane;
    }
    return oldest;
  }

  #untilAged(head: Waiter, now: number): number {
    return Math.max(0, Math.max(head.since, this.#agedAt) + AGED_MS - now);
  }

  #reductionsWait(): boolean {
    return [...this.#lanes.values()].some((lane) => lane.urgency === 'reduce' && lane.parked > 0);
  }

  /** 0 when `cost` may be spent now, beside what others wait for. */
  #waitMs(cost: Cost, urgency: Urgency, now: number, claims: Claims, keepsReserve: boolean): number {
    let wait = Math.max(0, this.#pausedUntil[urgency] - now);
    for (const [name, weight] of Object.entries(cost)) {
      const bucket = this.#buckets.get(name);
      if (bucket === undefined) continue;
      const kept = (keepsReserve ? bucket.reserved : 0) + claims.of(name);
      wait = Math.max(wait, bucket.waitMs(weight, kept, now));
    }
    return wait;
  }

  #spend(cost: Cost): void {
    for (const [name, weight] of Object.entries(cost)) this.#buckets.get(name)?.spend(weight);
  }
}
