/** The schema of what decides: `signal`, `risk` and `execution`. The rest is in `schema.ts`. */
import * as z from 'zod';
import type { EntryStyle } from '../market/order.ts';
import { also, fraction, list, live, positive, restart, section, whole } from './key.ts';

export const VENUE_IDS = ['binance', 'bybit', 'okx'] as const;

const FRACTION = 'fraction (1 % is 0.01)';
const APR = 'fraction per 365 days (10 % is 0.1)';
const MAX_USD = 1e9;
const DAY_MS = 86_400_000;

const usd = () => positive(MAX_USD);
const durationMs = (least = 1) => whole(least, DAY_MS);
const minutes = () => z.number().min(0).max(100_000);

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
          fraction(1).default(0.0003),
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
        maxOpenHedges: live(whole(0, 1_000).default(4), 'hedges', 'Hedges open at once; 0 opens none.'),
        maxTotalNotionalUsd: live(usd().default(20_000), 'USD, both legs', 'Sum over both legs of all hedges.'),
        maxVenueNotionalUsd: live(usd().default(10_000), 'USD', 'Sum over the legs on one venue.'),
        maxAssetNotionalUsd: live(usd().default(2_000), 'USD', 'Larger leg of the hedges of one asset.'),
        maxLeverage: live(z.number().min(1).max(125).default(3), 'times', 'Not below execution.leverage.'),
      }),
      'How much may stand at once. Worst case: everything in flight fills.',
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
        afterExitMinutes: live(minutes().default(60), 'minutes', 'Pause for an asset after one of its hedges closed.'),
        afterFailureMinutes: live(
          minutes().default(240),
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
    allow: section(
      z.strictObject({
        assets: live(assets(), 'assets', 'Only these may open; an empty list allows all.'),
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

const makerSchema = section(
  z.strictObject({
    deadlineMs: live(
      whole(1_000, 1_800_000).default(60_000),
      'ms',
      'From the plan until nothing more is entered; what is held by then is kept, or unwound when it is too small.',
    ),
    repriceMs: live(
      whole(100, 600_000).default(2_000),
      'ms',
      'A resting order stays this long before it may be replaced at another price.',
    ),
    maxReprices: live(
      whole(0, 100).default(10),
      'orders',
      'Resting orders after the first, refused ones counted. The last one rests until the deadline.',
    ),
  }),
  'Style maker_taker: a post-only order on the leg with the wider book, each fill hedged at once on the other.',
);

const slicedSchema = section(
  z.strictObject({
    notionalUsd: live(
      usd().default(250),
      'USD per leg',
      'Size of one slice, and the largest difference between the legs on the way; more where a venue takes no order that small.',
    ),
    intervalMs: live(whole(100, 600_000).default(5_000), 'ms', 'Between two slices.'),
    deadlineMs: live(
      whole(1_000, 3_600_000).default(120_000),
      'ms',
      'From the plan until no slice follows; what is held by then is kept, or unwound when it is too small.',
    ),
  }),
  'Style sliced: both legs at once, in parts over time.',
);

export const executionSchema = section(
  z.strictObject({
    style: live(
      z.enum(['taker', 'maker_taker', 'sliced'] as const satisfies readonly EntryStyle[]).default('taker'),
      '',
      'How hedges are entered from now on. taker: both legs at once. maker_taker: one leg rests, the other takes. sliced: both legs in parts. Exits always take on both legs.',
    ),
    maker: makerSchema,
    sliced: slicedSchema,
    leverage: also(
      restart(z.number().min(1).max(125).default(2), 'times', 'Leverage set on every instrument; 1 = fully margined.'),
      { loosens: 'raise' },
    ),
    marginReserveRate: also(
      live(
        fraction(0.95).default(0.2),
        FRACTION,
        'Share of each venue’s free margin that an opening leaves untouched.',
      ),
      { loosens: 'lower' },
    ),
    entryPriceCapRate: also(
      live(
        fraction(0.05).gt(0).default(0.001),
        FRACTION,
        'Worst entry price, this far beyond the best opposite level.',
      ),
      { loosens: 'raise' },
    ),
    exitPriceCapRate: live(
      fraction(0.1).gt(0).default(0.002),
      FRACTION,
      'Worst price of the first reducing order, this far beyond the best opposite level.',
    ),
    exitPriceCapMaxRate: live(
      fraction(0.5).gt(0).default(0.02),
      FRACTION,
      'Reducing orders widen their cap on every attempt up to this. Not below execution.exitPriceCapRate.',
    ),
    enterDeadlineMs: live(
      durationMs(100).default(15_000),
      'ms',
      'Both entry orders should have a known end by then; an alarm repeats until they have.',
    ),
    balanceDeadlineMs: live(durationMs(100).default(60_000), 'ms', 'Time for bringing unequal legs to equal size.'),
    retryDelayMs: live(durationMs().default(1_000), 'ms', 'Pause between two attempts on one leg.'),
    maxCompletions: live(
      whole(0, 20).default(2),
      'orders',
      'Orders that complete a short leg before the other leg is trimmed instead.',
    ),
    maxReduceAttempts: live(
      whole(1, 100).default(8),
      'orders',
      'Reducing orders of one leg before the hedge is quarantined for the operator.',
    ),
    nakedLimitMs: also(
      live(
        durationMs(100).default(8_000),
        'ms',
        'A hedge whose legs stay unequal longer is flattened, as soon as both venues answer. Told after 3 s.',
      ),
      { loosens: 'raise' },
    ),
    lookup: section(
      z.strictObject({
        minValidityMs: also(
          live(
            durationMs().default(30_000),
            'ms',
            'An order without an answer may still be accepted this long; absence is never concluded sooner.',
          ),
          { loosens: 'lower' },
        ),
        minLookups: also(
          live(
            whole(3, 20).default(3),
            'lookups',
            'Lookups that must all find nothing before an order counts as absent.',
          ),
          { loosens: 'lower' },
        ),
        spacingMs: live(durationMs().default(2_000), 'ms', 'Least time between two lookups of one order.'),
        horizonMs: live(
          whole(1, 259_200_000).default(5_400_000),
          'ms',
          'An order still unknown after this time quarantines its hedge. Never later than its venue forgets unfilled orders: Binance 3 days, Bybit 24 h, OKX 2 h.',
        ),
      }),
      'How an order without an answer is resolved.',
    ),
  }),
  'How orders are placed and repaired.',
);
