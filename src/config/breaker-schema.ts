/** The schema of `risk.breakers`: what stops opening when something keeps going wrong. */
import * as z from 'zod';
import { fraction, live, positive, section, whole } from './key.ts';

const DAY_MS = 86_400_000;

const reset = (fallback: 'cooldown' | 'human') =>
  live(
    z.enum(['cooldown', 'human']).default(fallback),
    '',
    'How it ends: by itself after the cooldown, once nothing is wrong any more, or by `tandem breakers reset`.',
  );
/** How a breaker ends again. */
const policy = (minutes: number, fallback: 'cooldown' | 'human' = 'cooldown') => ({
  reset: reset(fallback),
  cooldownMinutes: live(
    z.number().min(0).max(100_000).default(minutes),
    'minutes',
    'Least time that it stays tripped, when no human is needed.',
  ),
});
const windowMinutes = (minutes: number) =>
  live(positive(1_440).default(minutes), 'minutes', 'How far back is counted; never beyond its last trip or reset.');
const durationMs = (ms: number, meaning: string) => live(whole(1, DAY_MS).default(ms), 'ms', meaning);

export const breakersSchema = section(
  z.strictObject({
    errorRate: section(
      z.strictObject({
        rate: live(
          fraction(1).gt(0).default(0.5),
          'fraction (1 % is 0.01)',
          'Trips when this share of the calls to a venue fails: no answer, an unusable one, a throttled one.',
        ),
        minCalls: live(whole(1, 1_000).default(20), 'calls', 'Fewer calls than this prove nothing.'),
        windowMinutes: windowMinutes(5),
        ...policy(15),
      }),
      'Per venue.',
    ),
    latency: section(
      z.strictObject({
        p90Ms: durationMs(
          3_000,
          'Trips when one in ten orders takes this long to be answered. At most three quarters of what an order waits, which is 4 s or a smaller requestDeadlineMs: more counts as that.',
        ),
        minOrders: live(whole(1, 1_000).default(5), 'orders', 'Fewer orders than this prove nothing.'),
        windowMinutes: windowMinutes(60),
        ...policy(30),
      }),
      'Per venue.',
    ),
    rejectedOrders: section(
      z.strictObject({
        rejected: live(
          whole(1, 1_000).default(5),
          'orders',
          'Trips when the venue refused so many of the last opening orders. Not above ofLast.',
        ),
        ofLast: live(whole(1, 1_000).default(10), 'orders', 'Opening orders that are looked at.'),
        windowMinutes: windowMinutes(10),
        ...policy(60),
      }),
      'Per venue.',
    ),
    clockSkew: section(
      z.strictObject({
        skewMs: durationMs(1_000, 'Trips when the venue’s clock and ours differ by this much.'),
        ...policy(5),
      }),
      'Per venue.',
    ),
    staleStreams: section(
      z.strictObject({
        staleMs: durationMs(120_000, 'Trips when market data or the account stream has been down for this long.'),
        ...policy(5),
      }),
      'Per venue.',
    ),
    consecutiveFailures: section(
      z.strictObject({
        failures: live(
          whole(1, 1_000).default(3),
          'hedges',
          'Trips when so many hedges of an asset in a row were aborted, unwound or quarantined.',
        ),
        ...policy(1_440),
      }),
      'Per asset.',
    ),
    churn: section(
      z.strictObject({
        cycles: live(
          whole(1, 1_000).default(3),
          'hedges',
          'Trips when so many hedges of an asset were opened and over again within cycleMinutes each.',
        ),
        windowHours: live(positive(168).default(24), 'hours', 'How far back is counted.'),
        cycleMinutes: live(positive(100_000).default(30), 'minutes', 'A hedge that lives longer is no churn.'),
        ...policy(1_440),
      }),
      'Per asset.',
    ),
    dailyLoss: section(
      z.strictObject({ reset: reset('cooldown') }),
      'Per route. Trips at risk.loss.maxDailyLossUsd; its cooldown ends with the UTC day.',
    ),
    drawdown: section(
      z.strictObject({
        lossUsd: live(
          positive(1e9).default(1_000),
          'USD',
          'Trips when equity is this far below its highest. A reset begins anew from the equity of then.',
        ),
        ...policy(1_440, 'human'),
      }),
      'Per route.',
    ),
    orderRate: section(
      z.strictObject({
        orders: live(whole(1, 5_000).default(120), 'orders', 'Trips when so many orders of any kind were sent.'),
        windowMinutes: windowMinutes(1),
        ...policy(15),
      }),
      'Per route.',
    ),
    restarts: section(
      z.strictObject({
        starts: live(
          whole(2, 100).default(6),
          'starts',
          'Trips when the bot was started so often: one that keeps dying manages what is open and opens nothing.',
        ),
        windowMinutes: windowMinutes(10),
        ...policy(15),
      }),
      'Per route.',
    ),
  }),
  'What stops opening when something keeps going wrong. Nothing here ever stops an exit. A tripped breaker outlives restarts.',
);
