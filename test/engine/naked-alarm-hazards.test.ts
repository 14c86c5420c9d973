/** When people hear of a naked leg whose venue does not answer: through the notifier that the bot runs with. */
import { describe, expect, it } from 'vitest';
import { abs, add, contracts, gte } from '../../src/kernel/decimal.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import { logNotifier } from '../../src/platform/log-notifier.ts';
import { openLogger } from '../../src/platform/logger.ts';
import type { Alarm } from '../../src/ports/notifier.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { World } from './world.ts';
import { ACCOUNT, COMMON_LOT, SETTINGS, SOL, START } from './world-setup.ts';

const OUTAGE_MS = 10 * MINUTE_MS;
const FIRST_WITHIN_MS = 5 * SECOND_MS;
/** Market data of the other venue comes so often; an alarm is not later than the next of it. */
const STEP_MS = SECOND_MS;
const PRODUCTION = { ...SETTINGS, execution: { ...SETTINGS.execution, nakedLimitMs: 8_000 } };

interface Line {
  readonly alarm: string;
  readonly at: number;
}

/** What the log shows of `alarms`: one code and subject is held back for a minute. */
function told(alarms: readonly Alarm[]): Line[] {
  const clock = createSimClock(START);
  const lines: Line[] = [];
  const log = openLogger({ level: 'info', clock, write: (line) => void lines.push(JSON.parse(line)) });
  const notifier = logNotifier(log, clock);
  for (const alarm of alarms) {
    clock.advanceTo(alarm.at);
    notifier.notify(alarm);
  }
  return lines;
}

const unreachable = (world: World): void => {
  world.faults.beta.down = true;
  world.feedDown.add('beta');
};

/** By the ledger: what the bot knows. */
const isKnownNaked = (world: World): boolean => {
  const { long, short } = world.hedge();
  return gte(abs(add(long.holding.quantity, short.holding.quantity)), COMMON_LOT[SOL]);
};

describe('fault-18-unreachable: the first alarm comes within five seconds, then one a minute', () => {
  it.each([
    {
      name: 'the second leg of an entry was lost',
      strip: async (world: World) => {
        world.faults.beta.submits.push({ kind: 'request_lost' });
        world.boot();
        await world.run(1);
        unreachable(world);
      },
      left: ['9.5', '0'],
    },
    {
      name: 'half of the other leg was taken away',
      strip: async (world: World) => {
        await world.opened();
        await world.operator({ action: 'pause' });
        unreachable(world);
        world.exchanges.alpha.forceReduce(ACCOUNT, SOL, contracts('5'), 'adl');
        await world.run(1);
      },
      left: ['4.5', '-9.5'],
    },
  ])('$name', async ({ strip, left }) => {
    const world = new World({ settings: PRODUCTION });
    await strip(world);
    expect(isKnownNaked(world)).toBe(true);
    const knownAt = world.clock.now();
    world.alarms.length = 0;
    await world.run(OUTAGE_MS, STEP_MS);
    expect([world.position('alpha'), world.position('beta')]).toEqual(left);

    const lines = told(world.alarms);
    const naked = lines.filter(({ alarm }) => alarm === 'naked_leg' || alarm === 'naked_too_long');
    expect(naked[0]?.alarm).toBe('naked_leg');
    expect((naked[0]?.at ?? 0) - knownAt).toBeLessThanOrEqual(FIRST_WITHIN_MS);
    const minutely = lines.filter(({ alarm }) => alarm === 'naked_too_long').map(({ at }) => at);
    expect(minutely).toHaveLength(10);
    const gaps = minutely.map((at, i) => at - (minutely[i - 1] ?? knownAt));
    expect(gaps.shift()).toBeLessThanOrEqual(8_000 + STEP_MS);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(MINUTE_MS);
      expect(gap).toBeLessThanOrEqual(MINUTE_MS + STEP_MS);
    }
  });
});
