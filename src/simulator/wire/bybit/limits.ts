/**
 * Bybit request limits. Entry points: `BybitLimits.enter` (per IP), `BybitLimits.admit` (per user and endpoint).
 *
 * 600 requests in any 5 s per IP, then HTTP 403 until a 10-minute ban is over; so many requests in any second for each
 * user and endpoint, then retCode 10006 (bybit-exchange.github.io/docs/v5/rate-limit, linear, default tier).
 */
import { type Instant, MINUTE_MS } from '../../../kernel/instant.ts';
import { SlidingWindow } from '../rate-limit.ts';
import { type Answer, refusal, TOO_MANY_VISITS } from './answer.ts';

const IP_LIMIT = 600;
const IP_WINDOW_MS = 5_000;
const BAN_MS = 10 * MINUTE_MS;
const USER_WINDOW_MS = 1_000;

export interface Admission {
  /** Set when the request is over the limit. */
  readonly refused: Answer | undefined;
  /** How much of what it asked for it was given; 1 for a single order or a read. */
  readonly granted: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Windows exist per account and known route, so their number is bounded. One instance serves one client address at a time. */
export class BybitLimits {
  #ip = new SlidingWindow(IP_LIMIT, IP_WINDOW_MS);
  readonly #windows = new Map<string, SlidingWindow>();
  #bannedUntil = 0;

  changeAddress(): void {
    this.#ip = new SlidingWindow(IP_LIMIT, IP_WINDOW_MS);
    this.#bannedUntil = 0;
  }

  /** The answer to a request whose sender is over the IP limit. */
  enter(now: Instant): Answer | undefined {
    if (now >= this.#bannedUntil && this.#ip.take(now, 1)) return undefined;
    if (now >= this.#bannedUntil) this.#bannedUntil = now + BAN_MS;
    return refusal(10_018, '403, access too frequent', 403);
  }

  /** Spends one of `perSecond` requests of `account` on `route`, or as many of `wanted` orders of a batch as are left. */
  admit(account: string, route: string, perSecond: number, now: Instant, wanted = 1): Admission {
    const window = this.#window(`${account} ${route}`, perSecond);
    const granted = Math.min(wanted, perSecond - window.used(now));
    const admitted = granted > 0 && window.take(now, granted);
    return {
      refused: admitted ? undefined : TOO_MANY_VISITS,
      granted,
      headers: {
        'X-Bapi-Limit': String(perSecond),
        'X-Bapi-Limit-Status': String(perSecond - window.used(now)),
        'X-Bapi-Limit-Reset-Timestamp': String(admitted ? now : now + window.waitMs(now, 1)),
      },
    };
  }

  #window(key: string, limit: number): SlidingWindow {
    let window = this.#windows.get(key);
    if (window === undefined) {
      window = new SlidingWindow(limit, USER_WINDOW_MS);
      this.#windows.set(key, window);
    }
    return window;
  }
}
