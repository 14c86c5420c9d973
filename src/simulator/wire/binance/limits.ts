/**
 * Binance's request limits, by the exchange's clock: 2400 weight a minute per address, 300 new orders in 10 s and 1200
 * in a minute per account, 500 funding-history requests in 5 minutes, and a ban (418) for who goes on after 429.
 * One dialect has one client address at a time.
 */
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '../../../kernel/instant.ts';
import { SlidingWindow } from '../rate-limit.ts';
import { type Refused, refuse } from './reply.ts';

export const WEIGHT_PER_MINUTE = 2400;
export const ORDERS_PER_10S = 300;
export const ORDERS_PER_MINUTE = 1200;
const FUNDING_REQUESTS_PER_5M = 500;
/** Requests answered with 429 before the next one is a ban; Binance does not publish its own number. */
const TOLERATED_VIOLATIONS = 10;
const FIRST_BAN_MS = 2 * MINUTE_MS;
const LONGEST_BAN_MS = 3 * DAY_MS;

/** New orders that a request counts as, in each of an account's two windows. */
export interface OrderCost {
  readonly tenSeconds: number;
  readonly minute: number;
}

interface OrderWindows {
  readonly tenSeconds: SlidingWindow;
  readonly minute: SlidingWindow;
}

export class RequestLimits {
  #weight = new SlidingWindow(WEIGHT_PER_MINUTE, MINUTE_MS);
  #funding = new SlidingWindow(FUNDING_REQUESTS_PER_5M, 5 * MINUTE_MS);
  readonly #orders = new Map<string, OrderWindows>();
  #violations = 0;
  #bans = 0;
  #bannedUntil: Instant = 0;

  /** Orders count by account and stay counted. */
  changeAddress(): void {
    this.#weight = new SlidingWindow(WEIGHT_PER_MINUTE, MINUTE_MS);
    this.#funding = new SlidingWindow(FUNDING_REQUESTS_PER_5M, 5 * MINUTE_MS);
    this.#violations = 0;
    this.#bans = 0;
    this.#bannedUntil = 0;
  }

  /** Spends a request's weight, or says why not. */
  admit(now: Instant, weight: number): Refused | undefined {
    if (now < this.#bannedUntil) return this.#banned(now);
    if (this.#weight.take(now, weight)) {
      this.#violations = 0;
      return undefined;
    }
    this.#violations += 1;
    if (this.#violations > TOLERATED_VIOLATIONS) {
      this.#violations = 0;
      this.#bannedUntil = now + Math.min(FIRST_BAN_MS * 2 ** this.#bans, LONGEST_BAN_MS);
      this.#bans += 1;
      return this.#banned(now);
    }
    return tooMany(
      -1003,
      `Too many requests; current limit is ${WEIGHT_PER_MINUTE} requests per minute. Please use the websocket for live updates to avoid polling the API.`,
      this.#weight.waitMs(now, weight),
    );
  }

  /** One request of the budget that fundingRate and fundingInfo share. */
  admitFunding(now: Instant): Refused | undefined {
    if (this.#funding.take(now, 1)) return undefined;
    const msg = `Too many requests; current limit is ${FUNDING_REQUESTS_PER_5M} requests per 5 minutes.`;
    return tooMany(-1003, msg, this.#funding.waitMs(now, 1));
  }

  /** The new order or orders of one request of an account. */
  admitOrder(now: Instant, account: string, cost: OrderCost): Refused | undefined {
    const { tenSeconds, minute } = this.#windows(account);
    const waitMs = Math.max(tenSeconds.waitMs(now, cost.tenSeconds), minute.waitMs(now, cost.minute));
    if (waitMs > 0) {
      const limit =
        tenSeconds.waitMs(now, cost.tenSeconds) > 0
          ? `${ORDERS_PER_10S} orders per 10 SECOND`
          : `${ORDERS_PER_MINUTE} orders per MINUTE`;
      return tooMany(-1015, `Too many new orders; current limit is ${limit}.`, waitMs);
    }
    tenSeconds.take(now, cost.tenSeconds);
    minute.take(now, cost.minute);
    return undefined;
  }

  weightHeaders(now: Instant): Record<string, string> {
    return { 'x-mbx-used-weight-1m': String(this.#weight.used(now)) };
  }

  orderHeaders(now: Instant, account: string): Record<string, string> {
    const { tenSeconds, minute } = this.#windows(account);
    return {
      'x-mbx-order-count-10s': String(tenSeconds.used(now)),
      'x-mbx-order-count-1m': String(minute.used(now)),
    };
  }

  #windows(account: string): OrderWindows {
    const known = this.#orders.get(account);
    if (known) return known;
    const windows = {
      tenSeconds: new SlidingWindow(ORDERS_PER_10S, 10 * SECOND_MS),
      minute: new SlidingWindow(ORDERS_PER_MINUTE, MINUTE_MS),
    };
    this.#orders.set(account, windows);
    return windows;
  }

  #banned(now: Instant): Refused {
    const msg = `Way too many requests; IP banned until ${this.#bannedUntil}. Please use the websocket for live updates to avoid bans.`;
    return { ...refuse(-1003, msg, 418), retryAfterMs: this.#bannedUntil - now };
  }
}

const tooMany = (code: number, msg: string, retryAfterMs: number): Refused => ({
  ...refuse(code, msg, 429),
  retryAfterMs,
});
