/**
 * As many orders, reductions and polls as the request budget lets through, for ten minutes of the clock that budget and
 * venues share, with a pause that credits idle time. No answer may say "too many requests".
 */
import { base, px } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { Venue } from '../../src/ports/venue.ts';
import { type CountedActivity, createActivity } from '../../src/simulator/activity.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { perpetualOf } from '../../src/simulator/market/venue-profiles.ts';
import type { WireRequest, WireResponse } from '../../src/simulator/wire/dialect.ts';
import { SlidingWindow } from '../../src/simulator/wire/rate-limit.ts';
import { connectOurs, prepare, startVenue, VENUE_NAMES, type VenueName } from './emulated-venue.ts';
import { type Bench, check, type Figure, num, turn, verdict } from './result.ts';

const START = Date.UTC(2026, 0, 5, 4);
const SYMBOL = perpetualOf('SOL');
/** Share of the run after which everybody rests for a tenth of it: the burst after it is the hardest test. */
const PAUSE_FROM = 0.4;
const PAUSE = 0.1;
const THROTTLED = /"(?:code|retCode|sCode)":"?(?:-1003|-1015|10006|10018|50011|50061)\b/;

/** The fullest that any published window ever was, by the venue's side. */
class Meter {
  refused = 0;
  requests = 0;
  readonly #peaks = new Map<string, { readonly limit: number; used: number }>();
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #clock: SimClock;
  readonly #venue: VenueName;

  constructor(venue: VenueName, clock: SimClock) {
    this.#venue = venue;
    this.#clock = clock;
  }

  see(request: WireRequest, reply: WireResponse): void {
    this.requests += 1;
    if ([403, 418, 429].includes(reply.status) || THROTTLED.test(reply.body)) this.refused += 1;
    const headers = Object.fromEntries(
      Object.entries(reply.headers ?? {}).map(([k, v]) => [k.toLowerCase(), Number(v)]),
    );
    if (this.#venue === 'binance') {
      // The venue's own count.
      this.#peak('weight in 1 min', 2400, headers['x-mbx-used-weight-1m']);
      this.#peak('orders in 10 s', 300, headers['x-mbx-order-count-10s']);
      this.#peak('orders in 1 min', 1200, headers['x-mbx-order-count-1m']);
    } else if (this.#venue === 'bybit') {
      const limit = headers['x-bapi-limit'];
      if (limit !== undefined)
        this.#peak(`${request.path} in 1 s`, limit, limit - (headers['x-bapi-limit-status'] ?? 0));
      this.#count('requests in 5 s', 600, 5_000);
    } else if (request.path === '/api/v5/trade/order' && request.method === 'POST') {
      this.#count('new orders in 2 s', 60, 2_000);
    } else if (OKX_READS[request.path] !== undefined) {
      this.#count(`${request.path} in 2 s`, OKX_READS[request.path] ?? 0, 2_000);
    }
  }

  peaks(): readonly { readonly name: string; readonly used: number; readonly limit: number }[] {
    return [...this.#peaks]
      .map(([name, peak]) => ({ name, ...peak }))
      .sort((a, b) => b.used / b.limit - a.used / a.limit);
  }

  #count(name: string, limit: number, windowMs: number): void {
    // Counts beyond the limit too: a window that judged would hide by how much it was passed.
    const window = this.#windows.get(name) ?? new SlidingWindow(Number.MAX_SAFE_INTEGER, windowMs);
    this.#windows.set(name, window);
    window.take(this.#clock.now(), 1);
    this.#peak(name, limit, window.used(this.#clock.now()));
  }

  #peak(name: string, limit: number, used: number | undefined): void {
    if (used === undefined || Number.isNaN(used)) return;
    const peak = this.#peaks.get(name) ?? { limit, used: 0 };
    peak.used = Math.max(peak.used, used);
    this.#peaks.set(name, peak);
  }
}

/** Published requests per 2 s of the reads that the soak makes; www.okx.com/docs-v5/en. */
const OKX_READS: Readonly<Record<string, number>> = {
  '/api/v5/account/positions': 10,
  '/api/v5/account/balance': 10,
  '/api/v5/account/bills-archive': 5,
};

let ids = 0;

/** A limit that does not cross: an IOC that ends without a fill, so that the run can be as long as wanted. */
function order(key: string, reduceOnly: boolean) {
  ids += 1;
  return {
    clientOrderId: `ts${ids.toString(36).padStart(16, '0')}`,
    key,
    side: reduceOnly ? ('sell' as const) : ('buy' as const),
    quantity: base('1'),
    limitPrice: px(reduceOnly ? '101' : '99'),
    style: 'ioc' as const,
    reduceOnly,
  };
}

async function soakVenue(name: VenueName, minutes: number): Promise<Figure> {
  const clock = createSimClock(START);
  const activity = createActivity();
  const meter = new Meter(name, clock);
  const server = await startVenue(name, clock, ['SOL'], (request, reply) => meter.see(request, reply));
  const venue = await connectOurs(server, clock, activity);
  const counts = { opened: 0, reduced: 0, polled: 0, turnedAway: 0 };
  try {
    const run = work(venue, instrumentKey(name, SYMBOL), clock, minutes * MINUTE_MS, counts);
    await advance(clock, activity, run);
  } finally {
    await venue.close();
    await server.close();
  }
  check(counts.opened > 0 && counts.reduced > 0 && counts.polled > 0, `${name}: ${JSON.stringify(counts)}`);
  check(meter.refused === 0, `${name} refused ${meter.refused} requests for their rate`);
  const [top] = meter.peaks();
  check(top, 'no window was counted');
  return {
    what: `${name}: ${meter.requests} requests (${counts.opened} opens, ${counts.reduced} reductions, ${counts.polled} polls)`,
    measured: `fullest window ${num((100 * top.used) / top.limit)} % (${top.used} of ${top.limit}, ${top.name})`,
    against: `${meter.refused} refused for rate`,
    target: '<= 100 %, 0 refused',
    verdict: verdict(top.used <= top.limit),
  };
}

async function work(
  venue: Venue,
  key: string,
  clock: SimClock,
  lengthMs: number,
  counts: { opened: number; reduced: number; polled: number; turnedAway: number },
): Promise<void> {
  await prepare(venue);
  // Something to reduce.
  const opened = await venue.submit({ ...order(key, false), quantity: base('10'), limitPrice: px('101') }, 'open');
  check(opened.kind === 'acked', `the position was not opened: ${JSON.stringify(opened)}`);
  const from = clock.now();
  const pauseAt = from + lengthMs * PAUSE_FROM;
  const pauseEnd = pauseAt + lengthMs * PAUSE;
  const loop = async (act: () => Promise<void>): Promise<void> => {
    while (clock.now() < from + lengthMs) {
      if (clock.now() >= pauseAt && clock.now() < pauseEnd) {
        await new Promise<void>((resolve) => clock.after(pauseEnd - clock.now(), resolve));
      }
      await act();
    }
  };
  const submit = (reduceOnly: boolean) => async (): Promise<void> => {
    const outcome = await venue.submit(order(key, reduceOnly), reduceOnly ? 'reduce' : 'open');
    if (outcome.kind === 'acked') counts[reduceOnly ? 'reduced' : 'opened'] += 1;
    // An open that waited too long for the budget never left; anything else is a fault of the run.
    else if (outcome.code === 'budget_wait' || outcome.code === 'budget_full') counts.turnedAway += 1;
    else throw new Error(`order was ${JSON.stringify(outcome)}`);
  };
  const poll = (read: () => Promise<{ readonly ok: boolean }>) => async (): Promise<void> => {
    counts[(await read()).ok ? 'polled' : 'turnedAway'] += 1;
  };
  const polls = [
    poll(() => venue.positions('poll')),
    poll(() => venue.balance()),
    poll(() => venue.payments(clock.now() - MINUTE_MS)),
  ];
  await Promise.all([submit(false), submit(false), submit(true), ...polls].map(loop));
}

/** Time passes only when nothing is under way. */
async function advance(clock: SimClock, activity: CountedActivity, run: Promise<void>): Promise<void> {
  let over = false;
  const ended = run.finally(() => {
    over = true;
  });
  ended.catch(() => undefined);
  while (!over) {
    await activity.idle();
    await turn();
    await turn();
    if (over || activity.busy() > 0) continue;
    const next = clock.nextTimerAt();
    if (next !== undefined) clock.advanceTo(next);
    else clock.advanceTo(clock.now() + 1);
  }
  await ended;
}

export const soak: Bench = {
  name: 'soak',
  run: async ({ smoke }) => {
    const minutes = smoke ? 0.5 : 10;
    const figures: Figure[] = [];
    for (const name of VENUE_NAMES) figures.push(await soakVenue(name, minutes));
    return {
      name: 'soak',
      about:
        `${minutes} minutes of simulated time with opens, reductions and polls all waiting for the budget, and a rest in the ` +
        'middle that lets it fill. Counted by the emulated venues, which refuse as the real ones do.',
      figures,
    };
  },
};
