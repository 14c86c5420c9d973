/** The driver with real market sources: pace must not change what venues publish or when. */
import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { createActivity } from '../../src/simulator/activity.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createDriver, type Pace } from '../../src/simulator/driver.ts';
import { createGenerator } from '../../src/simulator/market/generator.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { recordedWorld } from './market/recorded-world.ts';

const START = Date.UTC(2024, 4, 6, 3, 17, 30);

async function trace(pace: Pace, workTurns: number): Promise<{ seen: readonly string[]; hash: string }> {
  const clock = createSimClock(START);
  const io = createSimClock(0);
  const world = recordedWorld(clock, ['binance', 'bybit', 'okx']);
  const source = createGenerator({
    clock,
    random: createSeededRandom('lockstep'),
    exchanges: world.exchanges,
    stepMs: 10 * MINUTE_MS,
    assets: ['BTC', 'APT'],
    endAt: START + 2 * HOUR_MS,
  });
  const activity = createActivity();
  const seen: string[] = [];
  const nextTurn = (): Promise<void> =>
    new Promise((resolve) =>
      setImmediate(() => {
        io.advanceTo(io.now() + 1);
        resolve();
      }),
    );
  let isOver = false;
  const pump = (): void => void (isOver || nextTurn().then(pump));
  const driver = createDriver({
    clock,
    source,
    activity,
    undelivered: () => [],
    onQuiet: async (at) => {
      seen.push(`${at} ${JSON.stringify([...source.published()])}`);
      for (let turn = 0; turn < workTurns; turn++) await nextTurn();
    },
    onStall: () => expect.unreachable('nothing stalls here'),
    pace,
    ioClock: io,
    yieldTurn: nextTurn,
  });
  pump();
  driver.start();
  await driver.done;
  isOver = true;
  return { seen, hash: world.hash() };
}

describe('lockstep', () => {
  it('speed-changes-outcome: one generator gives one sequence, flat-out, paced, and with a bot that lags', async () => {
    const flatOut = await trace({ kind: 'flat-out' }, 0);
    // Twelve steps of ten minutes, two full hours that are not on that grid, and the start.
    expect(flatOut.seen).toHaveLength(15);
    expect(await trace({ kind: 'paced', speed: 36_000 }, 0)).toEqual(flatOut);
    expect(await trace({ kind: 'paced', speed: 720_000 }, 20)).toEqual(flatOut);
  });
});
