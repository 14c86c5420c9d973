/** The schema of what decides: `signal` and `risk`. The rest is in `schema.ts` and `execution-schema.ts`. */
import * as z from 'zod';
import { breakersSchema } from './breaker-schema.ts';
import { also, fraction, list, live, positive, section, whole } from './key.ts';

export const VENUE_IDS = ['binance', 'bybit', 'okx'] as const;

const FRACTION = 'fraction (1 % is 0.01)';
const APR = 'fraction per 365 days (10 % is 0.1)';
const MAX_USD = 1e9;
const DAY_MS = 86_400_000;

const usd = () => positive(MAX_USD);
const durationMs = (least = 1) => whole(least, DAY_MS);
const minutes = () => z.number().min(0).max(100_000);
/** At most a week: what has been over for longer is no longer looked at. */
const restMinutes = () => z.number().min(0).max(10_080);

const asset = z.string().regex(/^[A-Z0-9]{1,20}$/, 'should be an asset in capitals, like BTC');
const assets = () => list(asset).default([]);
const venues = () => list(z.enum(VENUE_IDS)).default([]);

export const signalSchema = section(
  z.strictObject({
    horizonHours: live(positive(8_760).default(72), 'hours', 'Expected funding is counted over this horizon.'),
    notionalUsd: live(
      usd().exactOptional(),
      'USD per leg',
      'Size at which fees and slippage are priced. Not below risk.size.hedgeNotionalUsd, which it is when left out.',
    ),
    basisAllowanceRate: also(
      live(
        fraction(0.1).default(0.0005),
        FRACTION,
        'Allowance for the price difference between the legs, of notional, charged once per hedge.',
      ),
      { loosens: 'lower' },
    ),
    reversionHalfLifeHours: also(
      live(
        positive(8_760).default(12),
        'hours',
        'How fast today’s spread is taken to fall back to its 24 h mean. Longer trusts today’s spread more.',
      ),
      { loosens: 'raise' },
    ),
  }),
  'How opportunities are priced.',
);

export const riskSchema = section(
  z.strictObject({
    entry: section(
      z.strictObject({
        minNetApr: live(fraction(100).default(0.1), APR, 'Smallest net return that opens a hedge.'),
        minSpreadPer8h: live(
          fraction(1).default(0.0005),
          'fraction per 8 h',
          'Smallest difference of funding between the legs that opens a hedge.',
        ),
        minConfidence: live(fraction(1).default(0.6), '0 to 1', 'Smallest confidence, from how settled the spread is.'),
        maxBreakEvenHours: live(
          positive(8_760).default(48),
          'hours',
          'Longest time in which expected funding must have paid all costs.',
        ),
      }),
      'When a hedge opens.',
    ),
    exit: section(
      z.strictObject({
        minForwardApr: live(
          fraction(100, -100).default(0.02),
          APR,
          'A hedge closes when its expected funding falls below this. Not above risk.entry.minNetApr.',
        ),
        confirmMinutes: live(
          minutes().default(60),
          'minutes',
          'The exit condition must hold this long without a break.',
        ),
        maxHoldHours: live(
          z.number().min(0).max(87_600).default(0),
          'hours (0 = no limit)',
          'Closes a hedge after this time whatever it earns.',
        ),
      }),
      'When a hedge closes.',
    ),
    size: section(
      z.strictObject({
        hedgeNotionalUsd: live(usd().default(1_000), 'USD per leg', 'Wanted size of a hedge.'),
        minHedgeNotionalUsd: live(usd().default(100), 'USD per leg', 'Smallest hedge worth opening.'),
        maxDepthShare: live(
          fraction(1).gt(0).default(0.1),
          FRACTION,
          'Largest order as a share of what the book shows within the slippage cap.',
        ),
      }),
      'How large a hedge is.',
    ),
    exposure: section(
      z.strictObject({
        maxOpenHedges: live(
          whole(0, 1_000).default(4),
          'hedges',
          'Hedges open at once; 0 opens none. What is open beyond a lowered limit is closed.',
        ),
        maxTotalNotionalUsd: live(usd().default(20_000), 'USD, both legs', 'Sum over both legs of all hedges.'),
        maxVenueNotionalUsd: live(usd().default(10_000), 'USD', 'Sum over the legs on one venue.'),
        maxAssetNotionalUsd: live(usd().default(2_000), 'USD', 'Larger leg of the hedges of one asset.'),
        maxLeverage: live(z.number().min(1).max(125).default(3), 'times', 'Not below execution.leverage.'),
      }),
      'How much may stand at once, per route: real accounts and paper each have all of it. Worst case: everything in flight fills. A limit that is lowered more than a tenth below what stands makes hedges smaller, step by step, the least attractive first; to open nothing more, set `paused`.',
    ),
    data: section(
      z.strictObject({
        maxBookAgeMs: live(durationMs().default(5_000), 'ms', 'An order book older than this opens nothing.'),
        maxFundingAgeMs: live(durationMs().default(120_000), 'ms', 'A funding quote older than this opens nothing.'),
      }),
      'Stale data can close or alarm, never open.',
    ),
    cooldown: section(
      z.strictObject({
        afterExitMinutes: live(
          restMinutes().default(60),
          'minutes',
          'Pause for an asset after one of its hedges closed.',
        ),
        afterFailureMinutes: live(
          restMinutes().default(240),
          'minutes',
          'Pause for an asset after a hedge was aborted, unwound or quarantined.',
        ),
      }),
      'Pauses before the same asset is tried again.',
    ),
    loss: section(
      z.strictObject({
        maxDailyLossUsd: live(usd().default(200), 'USD per UTC day', 'Opening stops for the day beyond this loss.'),
      }),
      'What stops a bad day.',
    ),
    margin: section(
      z.strictObject({
        warnDistanceRate: live(
          fraction(1).gt(0).default(0.2),
          FRACTION,
          'An alarm once the mark of a leg is this near to its liquidation, by the venue’s figure. Below 0.9 / execution.leverage.',
        ),
        reduceDistanceRate: live(
          fraction(1).gt(0).default(0.1),
          FRACTION,
          'From here on both legs are halved together, again and again, until the distance is larger or nothing is left. Not above risk.margin.warnDistanceRate.',
        ),
      }),
      'Distance to liquidation.',
    ),
    breakers: breakersSchema,
    allow: section(
      z.strictObject({
        assets: live(
          assets(),
          'assets',
          'Only these may open; an empty list allows all. Market data of one that is added is read from the next start.',
        ),
        venues: live(venues(), 'venues', 'Only these may open; an empty list allows all.'),
      }),
      'What may open.',
    ),
    deny: section(
      z.strictObject({
        assets: live(
          assets(),
          'assets',
          'These open nothing, whatever is allowed. What is open is managed to its end.',
        ),
        venues: live(
          venues(),
          'venues',
          'These open nothing, whatever is allowed. What is open is managed to its end.',
        ),
      }),
      'What may not open.',
    ),
  }),
  'Limits. Every one is checked for every hedge; all that fail are reported.',
);
