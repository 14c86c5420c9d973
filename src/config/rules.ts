/** Rules between keys. All that fail are reported, each at the key to change. Entry point: `brokenRules`. */
import { resolve } from 'node:path';
import { assetProfiles } from '../simulator/market/assets.ts';
import type { Config } from './schema.ts';

export interface BrokenRule {
  /** Dotted key at which it is told. */
  readonly key: string;
  readonly message: string;
}

interface Rule {
  /** The keys it weighs against each other; it is told at the first. */
  readonly keys: readonly [string, ...string[]];
  /** What is wrong, if anything. `own` is the path of the configuration's file. */
  check(config: Config, own: string): string | undefined;
}

type FileKey = readonly [key: string, of: (config: Config) => string | undefined];
const ledgerPath: FileKey = ['ledger.path', (c) => c.ledger.path];
const OTHER_FILES: readonly FileKey[] = [
  ['operator.socket', (c) => c.operator.socket],
  ['log.file', (c) => c.log.file],
  ['replay.report', (c) => c.replay?.report],
];

const RULES: readonly Rule[] = [
  atMost(
    ['risk.exit.minForwardApr', (c) => c.risk.exit.minForwardApr],
    ['risk.entry.minNetApr', (c) => c.risk.entry.minNetApr],
  ),
  {
    // Sizes are whole lots: between two equal figures there is none.
    keys: ['risk.size.minHedgeNotionalUsd', 'risk.size.hedgeNotionalUsd'],
    check: ({ risk: { size } }) =>
      size.minHedgeNotionalUsd < size.hedgeNotionalUsd
        ? undefined
        : `is ${size.minHedgeNotionalUsd} but must be less than risk.size.hedgeNotionalUsd, which is ${size.hedgeNotionalUsd}, or nothing would ever open`,
  },
  atMost(
    ['risk.size.hedgeNotionalUsd', (c) => c.risk.size.hedgeNotionalUsd],
    ['risk.exposure.maxVenueNotionalUsd', (c) => c.risk.exposure.maxVenueNotionalUsd],
  ),
  atMost(
    ['risk.size.hedgeNotionalUsd', (c) => c.risk.size.hedgeNotionalUsd],
    ['risk.exposure.maxAssetNotionalUsd', (c) => c.risk.exposure.maxAssetNotionalUsd],
  ),
  {
    keys: ['risk.size.hedgeNotionalUsd', 'risk.exposure.maxTotalNotionalUsd'],
    check: ({ risk: { size, exposure } }) =>
      2 * size.hedgeNotionalUsd <= exposure.maxTotalNotionalUsd
        ? undefined
        : `is ${size.hedgeNotionalUsd} per leg, so both legs exceed risk.exposure.maxTotalNotionalUsd, which is ${exposure.maxTotalNotionalUsd}`,
  },
  // Costs priced at a smaller size than the one traded would be underestimated.
  atMost(
    ['risk.size.hedgeNotionalUsd', (c) => c.risk.size.hedgeNotionalUsd],
    ['signal.notionalUsd', (c) => c.signal.notionalUsd],
  ),
  atMost(
    ['execution.leverage', (c) => c.execution.leverage],
    ['risk.exposure.maxLeverage', (c) => c.risk.exposure.maxLeverage],
  ),
  atMost(
    ['execution.exitPriceCapRate', (c) => c.execution.exitPriceCapRate],
    ['execution.exitPriceCapMaxRate', (c) => c.execution.exitPriceCapMaxRate],
  ),
  atMost(
    ['risk.margin.reduceDistanceRate', (c) => c.risk.margin.reduceDistanceRate],
    ['risk.margin.warnDistanceRate', (c) => c.risk.margin.warnDistanceRate],
  ),
  {
    // A position of leverage L is liquidated by a move of a little less than 1 / L: a new hedge would be reduced at once.
    keys: ['risk.margin.warnDistanceRate', 'execution.leverage'],
    check: ({ risk: { margin }, execution: { leverage } }) =>
      margin.warnDistanceRate < 0.9 / leverage
        ? undefined
        : `is ${margin.warnDistanceRate}, but a new position of execution.leverage ${leverage} is only ${(1 / leverage).toFixed(3)} from liquidation: keep it below ${(0.9 / leverage).toFixed(3)}`,
  },
  atMost(
    ['risk.breakers.rejectedOrders.rejected', (c) => c.risk.breakers.rejectedOrders.rejected],
    ['risk.breakers.rejectedOrders.ofLast', (c) => c.risk.breakers.rejectedOrders.ofLast],
  ),
  {
    keys: [
      'execution.sliced.notionalUsd',
      'execution.style',
      'execution.sliced.intervalMs',
      'execution.sliced.deadlineMs',
      'risk.size.hedgeNotionalUsd',
    ],
    check: ({ execution: { style, sliced }, risk: { size } }) => {
      // They leave at 0, 1, 2, ... intervals, before the deadline.
      const reachUsd = Math.ceil(sliced.deadlineMs / sliced.intervalMs) * sliced.notionalUsd;
      if (style !== 'sliced' || reachUsd >= size.hedgeNotionalUsd) return undefined;
      return `is ${sliced.notionalUsd}: in execution.sliced.deadlineMs slices reach ${reachUsd} USD, less than risk.size.hedgeNotionalUsd, which is ${size.hedgeNotionalUsd}; what is too small by then is sold again at a loss`;
    },
  },
  {
    keys: ['execution.lookup.horizonMs', 'execution.lookup'],
    check: ({ execution: { lookup } }) => {
      const neededMs = lookup.minValidityMs + lookup.minLookups * lookup.spacingMs;
      if (neededMs < lookup.horizonMs) return undefined;
      return `is ${lookup.horizonMs} but proving an order absent takes ${neededMs} (minValidityMs + minLookups x spacingMs)`;
    },
  },
  {
    keys: ['venues'],
    check: ({ venues }) => {
      const count = Object.keys(venues).length;
      return count >= 2 ? undefined : `lists ${count} of the at least two venues that a hedge needs`;
    },
  },
  {
    keys: ['venues', 'mode'],
    check: ({ mode, venues }) =>
      mode === 'sim' && Object.values(venues).some(({ hosts }) => hosts)
        ? 'must not set hosts in mode sim, which brings its own venues'
        : undefined,
  },
  {
    keys: ['simulator', 'mode', 'replay'],
    check: ({ mode, replay, simulator }) => {
      if (!simulator) return undefined;
      if (mode !== 'sim') return `is for mode sim, but the mode is ${mode}`;
      return replay ? 'and replay exclude each other: leave one of them out' : undefined;
    },
  },
  {
    keys: ['replay', 'mode'],
    check: ({ mode, replay }) => (replay && mode !== 'sim' ? `is for mode sim, but the mode is ${mode}` : undefined),
  },
  {
    keys: ['simulator.assets'],
    check: ({ simulator }) => {
      const assets = simulator?.assets ?? [];
      const twice = assets.filter((asset, i) => assets.indexOf(asset) < i);
      if (twice.length > 0) return `lists ${twice.join(', ')} more than once`;
      const known = assetProfiles.map(({ asset }) => asset);
      const unknown = assets.filter((asset) => !known.includes(asset));
      if (unknown.length === 0) return undefined;
      return `has ${unknown.join(', ')}, which the simulation does not know; it knows ${known.join(', ')}`;
    },
  },
  {
    keys: ['replay.to', 'replay.from'],
    check: ({ replay }) =>
      replay?.from && replay.to && Date.parse(replay.from) >= Date.parse(replay.to)
        ? 'must be later than replay.from'
        : undefined,
  },
  tolerates('risk.data.maxBookAgeMs', (c) => c.risk.data.maxBookAgeMs),
  tolerates('risk.data.maxFundingAgeMs', (c) => c.risk.data.maxFundingAgeMs),
  {
    keys: ['routing.liveShare', 'mode'],
    check: ({ mode, routing }) =>
      mode === 'paper' && routing.liveShare !== 0
        ? `is ${routing.liveShare} but mode paper has no real accounts: leave it out`
        : undefined,
  },
  ...OTHER_FILES.map(unlike),
  ...[ledgerPath, ...OTHER_FILES].map(apart),
  ...[ledgerPath, ...OTHER_FILES].map(expanded),
];

/**
 * Of a configuration that the schema accepts, whose file is `own`. Rules that weigh a key in `ignoring` (or one inside it)
 * are left out.
 */
export function brokenRules(config: Config, own: string, ignoring: readonly string[] = []): readonly BrokenRule[] {
  const overlaps = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
  return RULES.flatMap(({ keys, check }) => {
    if (keys.some((key) => ignoring.some((other) => overlaps(key, other)))) return [];
    const message = check(config, own);
    return message === undefined ? [] : [{ key: keys[0], message }];
  });
}

type Named = readonly [key: string, value: (config: Config) => number];

function atMost([lowKey, low]: Named, [highKey, high]: Named): Rule {
  return {
    keys: [lowKey, highKey],
    check: (config) =>
      low(config) <= high(config)
        ? undefined
        : `is ${low(config)} but must not exceed ${highKey}, which is ${high(config)}`,
  };
}

/** Simulated data is as old as the simulator's step before the next arrives. */
function tolerates(key: string, limitMs: (config: Config) => number): Rule {
  return {
    keys: [key, 'simulator', 'mode', 'replay'],
    check: (config) => {
      const { mode, replay, simulator } = config;
      const stepMs = (simulator?.stepSeconds ?? 0) * 1_000;
      if (mode !== 'sim' || replay || limitMs(config) > stepMs) return undefined;
      const why = `simulated data comes every ${stepMs} ms (simulator.stepSeconds), so nothing would ever open`;
      return `is ${limitMs(config)} but ${why}: set it to ${2 * stepMs} or more, or simulator.stepSeconds lower`;
    },
  };
}

/** What lies beside a ledger, by the end of its name. */
const BESIDE_LEDGER = ['', '-wal', '-shm', '-journal', '.lock', '.lock.json', '.world.jsonl', '.previous'];

/** Two writers of one file destroy what the other has written. */
function unlike([key, of]: FileKey, index: number): Rule {
  return {
    keys: [key, ledgerPath[0], ...OTHER_FILES.map(([other]) => other)],
    check: (config) => {
      const file = of(config);
      if (file === undefined) return undefined;
      const own = resolve(file);
      if (BESIDE_LEDGER.some((end) => own === `${resolve(config.ledger.path)}${end}`))
        return `is ${file}, a file of the ledger (ledger.path): give it another name`;
      const same = OTHER_FILES.slice(0, index).find(([, at]) => resolve(at(config) ?? '') === own);
      return same && `is ${file}, as ${same[0]} is: give it another name`;
    },
  };
}

/** What is written there would destroy the settings. */
function apart([key, of]: FileKey): Rule {
  return {
    keys: [key],
    check: (config, own) => {
      const file = of(config);
      if (file === undefined || resolve(file) !== resolve(own)) return undefined;
      return `is ${file}, this configuration itself: give it another name`;
    },
  };
}

function expanded([key, of]: FileKey): Rule {
  return {
    keys: [key],
    check: (config) =>
      of(config)?.startsWith('~') && of(config) !== `${config.ledger.path}.sock`
        ? `is ${of(config)}, but only a shell expands ~: write the whole path`
        : undefined,
  };
}
