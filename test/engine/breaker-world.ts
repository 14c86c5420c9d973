/** One way to trip each breaker in a world, and to take its cause away again. */
import type { EngineSettings } from '../../src/engine/settings.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import type { BreakerSwitched } from '../../src/ledger/facts.ts';
import { breakerId } from '../../src/ledger/state.ts';
import type { BreakerLimits } from '../../src/risk/breakers.ts';
import { NEVER_TRIPPING } from '../risk/breaker-limits.ts';
import { World } from './world.ts';
import { SETTINGS, SOL } from './world-setup.ts';

export type Overrides = { readonly [K in keyof BreakerLimits]?: Partial<BreakerLimits[K]> };

/** Settings in which only what is named here can trip. */
export function settingsWith(over: Overrides, risk: Partial<EngineSettings['risk']> = {}): EngineSettings {
  const sections = Object.entries(NEVER_TRIPPING).map(([section, limits]) => [
    section,
    { ...limits, ...Reflect.get(over, section) },
  ]);
  return { ...SETTINGS, risk: { ...SETTINGS.risk, ...risk, breakers: Object.fromEntries(sections) } };
}

/** Every switch of a breaker that is stored. */
export const switches = (world: World): BreakerSwitched[] =>
  world.store.facts.filter((fact) => fact.kind === 'breaker');

export const tripped = (world: World): string[] =>
  [...world.ledger.breakers.values()].filter(({ state }) => state === 'tripped').map(breakerId);

/** Codes of the rules that refuse SOL now. */
export function refusals(world: World): string[] {
  const verdicts = [...world.engine.core.verdicts.values()].filter(({ opportunity }) => opportunity.asset === 'SOL');
  return verdicts.flatMap(({ breaches }) => breaches.map(({ rule }) => rule));
}

export interface Scenario {
  readonly id: string;
  readonly limits: Overrides;
  readonly risk?: Partial<EngineSettings['risk']>;
  cause(world: World): Promise<void>;
  /** What was wrong is over. */
  cure(world: World): Promise<void>;
  /** How long its cooldown lasts at most. */
  readonly cooldownMs: number;
}

const COOLDOWN = { cooldownMinutes: 3 };
const nothing = async (): Promise<void> => undefined;
const refuseAll = (world: World): void => {
  world.faults.beta.submits.push(...Array.from({ length: 200 }, () => ({ kind: 'refused', code: 'margin' }) as const));
};
const acceptAll = async (world: World): Promise<void> => {
  world.faults.beta.submits.length = 0;
};
export const pay = (world: World): void => {
  Object.assign(world.rates, { alpha: 0.00001, beta: 0.001 });
  world.move(SOL, 0);
};
export const calm = (world: World): void => {
  Object.assign(world.rates, { alpha: 0.00001, beta: 0.00001 });
  world.move(SOL, 0);
};
/** The venue's clock, as far ahead of ours. */
export const tellTime = (world: World, skewMs: number): void => {
  const offsetMs = world.clock.now() + world.wallShiftMs + skewMs - world.clock.monotonicMs();
  const event = { kind: 'clock', reading: { offsetMs, roundTripMs: 20 } } as const;
  world.engine.push({ kind: 'account', route: 'live', venue: 'beta', event });
};
/** Opens one hedge and closes it because it pays no more. */
const cycle = async (world: World): Promise<void> => {
  pay(world);
  await world.run(3_000);
  calm(world);
  await world.run(5_000);
};
/** The same, and then there is something to open again. */
const costlyCycle = async (world: World): Promise<void> => {
  await cycle(world);
  pay(world);
  await world.run(2_000);
};
/** Fees of an entry and an exit are lost for sure. */
const FEES_USD = 0.5;
const AT_ONCE = { cooldown: { afterExitMinutes: 0, afterFailureMinutes: 0 } };
const QUICK_EXIT = {
  exit: { ...SETTINGS.risk.exit, confirmMinutes: 0 },
  ...AT_ONCE,
};

export const SCENARIOS: readonly Scenario[] = [
  {
    id: 'error_rate/live/beta',
    limits: { errorRate: { minCalls: 10, windowMinutes: 1, ...COOLDOWN } },
    async cause(world) {
      calm(world);
      await world.run(1_000);
      world.faults.beta.reads = 'failing';
      await world.run(90_000, 1_000);
    },
    async cure(world) {
      world.faults.beta.reads = 'ok';
      pay(world);
    },
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'latency/live/beta',
    limits: { latency: { minOrders: 1, p90Ms: 5_000, ...COOLDOWN } },
    async cause(world) {
      world.faults.beta.submits.push({ kind: 'ack_late', delayMs: 6_000 });
      await world.run(10_000);
      await world.operator({ action: 'flatten' });
      await world.operator({ action: 'resume' });
      await world.run(10_000);
    },
    cure: nothing,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'rejected_orders/live/beta',
    limits: { rejectedOrders: { rejected: 3, ofLast: 5, ...COOLDOWN } },
    risk: AT_ONCE,
    async cause(world) {
      refuseAll(world);
      await world.run(90_000, 1_000);
    },
    cure: acceptAll,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'clock_skew/live/beta',
    limits: { clockSkew: { skewMs: 1_000, ...COOLDOWN } },
    async cause(world) {
      tellTime(world, 1_500);
      await world.run(5_000);
    },
    async cure(world) {
      tellTime(world, 20);
    },
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'stale_streams/live/beta',
    limits: { staleStreams: { staleMs: 20_000, ...COOLDOWN } },
    async cause(world) {
      calm(world);
      await world.run(1_000);
      world.feedDown.add('beta');
      await world.run(25_000, 1_000);
    },
    async cure(world) {
      world.feedDown.clear();
      pay(world);
    },
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'consecutive_failures/live/SOL',
    limits: { consecutiveFailures: { failures: 2, ...COOLDOWN } },
    risk: AT_ONCE,
    async cause(world) {
      refuseAll(world);
      await world.run(60_000, 1_000);
    },
    cure: acceptAll,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'churn/live/SOL',
    limits: { churn: { cycles: 2, ...COOLDOWN } },
    risk: QUICK_EXIT,
    async cause(world) {
      await cycle(world);
      await costlyCycle(world);
    },
    cure: nothing,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'daily_loss/live',
    limits: {},
    risk: { ...QUICK_EXIT, loss: { maxDailyLossUsd: FEES_USD } },
    cause: costlyCycle,
    cure: nothing,
    // Until the UTC day is over.
    cooldownMs: 14 * HOUR_MS,
  },
  {
    id: 'drawdown/live',
    limits: { drawdown: { lossUsd: FEES_USD, reset: 'cooldown', ...COOLDOWN } },
    risk: QUICK_EXIT,
    cause: costlyCycle,
    cure: nothing,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'order_rate/live',
    limits: { orderRate: { orders: 4, windowMinutes: 1, ...COOLDOWN } },
    risk: QUICK_EXIT,
    cause: costlyCycle,
    cure: nothing,
    cooldownMs: 3 * MINUTE_MS,
  },
  {
    id: 'restarts/live',
    limits: { restarts: { starts: 3, windowMinutes: 1, ...COOLDOWN } },
    risk: QUICK_EXIT,
    async cause(world) {
      await cycle(world);
      for (let n = 0; n < 2; n++) {
        world.crash();
        world.boot();
        await world.run(1_000);
      }
      pay(world);
      await world.run(2_000);
    },
    cure: nothing,
    cooldownMs: 3 * MINUTE_MS,
  },
];

/** A world in which one breaker has tripped. */
export async function trippedWorld(scenario: Scenario, over: Partial<Overrides[keyof Overrides]> = {}): Promise<World> {
  const section = Object.keys(scenario.limits)[0] ?? 'dailyLoss';
  const limits: Overrides = { [section]: { ...Reflect.get(scenario.limits, section), ...over } };
  const world = new World({ settings: settingsWith(limits, scenario.risk) });
  world.boot();
  await scenario.cause(world);
  world.check();
  return world;
}
