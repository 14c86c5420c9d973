/**
 * OKX request limits: so many per 2 s for each endpoint, counted per IP or per user, for some endpoints apart for each
 * instrument. Bulk endpoints count orders, not requests, and one order alone counts towards the endpoint for one. Source:
 * the rate limit line of each endpoint in www.okx.com/docs-v5/en. Entry point: `OkxLimits.admit`.
 */
import type { Instant } from '../../../kernel/instant.ts';
import { SlidingWindow } from '../rate-limit.ts';
import { Refused } from './reply.ts';

const WINDOW_MS = 2_000;
/** New and amended orders of one sub-account over all endpoints and instruments. */
const ACCOUNT_ORDERS = 1_000;

export interface Limit {
  /** Requests, or orders on a bulk endpoint, per 2 s. */
  readonly count: number;
  readonly per: 'ip' | 'user';
  readonly perInstrument?: boolean;
  /** Counts towards the sub-account's order limit as well. */
  readonly places?: boolean;
}

export interface Demand {
  /** Method and path. */
  readonly route: string;
  readonly limit: Limit;
  /** Empty for a public endpoint. */
  readonly account: string;
  /** Known instrument ids only, one for each order; a single empty text when the request names none. */
  readonly instruments: readonly string[];
}

/** Windows exist per route, account and listed instrument, so their number is bounded. */
export class OkxLimits {
  readonly #windows = new Map<string, SlidingWindow>();

  /** Spends the request's weight at `now`, or says which limit it would break. */
  admit(demand: Demand, now: Instant): Refused | undefined {
    const { limit, route } = demand;
    const caller = limit.per === 'user' ? demand.account : '';
    const weights = new Map<string, number>();
    for (const instrument of limit.perInstrument ? demand.instruments : ['']) {
      weights.set(instrument, (weights.get(instrument) ?? 0) + 1);
    }
    for (const [instrument, weight] of weights) {
      if (!this.#window(`${route} ${caller} ${instrument}`, limit.count).take(now, weight)) {
        return new Refused('50011');
      }
    }
    if (!limit.places) return undefined;
    const orders = this.#window(`orders ${demand.account}`, ACCOUNT_ORDERS);
    return orders.take(now, demand.instruments.length) ? undefined : new Refused('50061');
  }

  #window(key: string, limit: number): SlidingWindow {
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = new SlidingWindow(limit, WINDOW_MS);
      this.#windows.set(key, window);
    }
    return window;
  }
}
