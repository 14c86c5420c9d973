/** The schema of `execution`: how orders are placed and repaired. */
import * as z from 'zod';
import type { EntryStyle } from '../market/order.ts';
import { also, fraction, live, positive, restart, section, whole } from './key.ts';

const FRACTION = 'fraction (1 % is 0.01)';
const MAX_USD = 1e9;
const DAY_MS = 86_400_000;

const usd = () => positive(MAX_USD);
const durationMs = (least = 1) => whole(least, DAY_MS);

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
      restart(
        z.number().min(1).max(125).default(2),
        'times',
        'Leverage set on every instrument; 1 = fully margined. Where a position stands, once that is gone.',
      ),
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
      live(fraction(0.05).gt(0).default(0.001), FRACTION, 'Worst entry price, this far beyond the middle of the book.'),
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
            durationMs().default(6_000),
            'ms',
            'An order without an answer may still be accepted this long; absence is never concluded sooner, nor before its venue refuses it as too old.',
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
