import { describe, expect, it } from 'vitest';
import type { Instant } from '../../src/kernel/instant.ts';
import { type CountedActivity, createActivity } from '../../src/simulator/activity.ts';
import { createSimClock, type SimClock } from '../../src/simulator/clock.ts';
import { createDriver, type Driver, type DriverOptions, type Stall, StallError } from '../../src/simulator/driver.ts';

const START = Date.UTC(2024, 0, 1);
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Rig {
  readonly clock: SimClock;
  readonly activity: CountedActivity;
  /** Stands for real time: one ms passes per turn of the event loop. */
  readonly io: SimClock;
  readonly steps: Instant[];
  readonly undelivered: Set<string>;
  readonly stalls: Stall[];
  readonly driver: Driver;
  run(): Promise<void>;
}

/** A source that steps at `START + offset` for each offset, and a driver around it. */
function rig(offsets: readonly number[], overrides: (rig: Rig) => Partial<DriverOptions> = () => ({})): Rig {
  const clock = createSimClock(START);
  const io = createSimClock(0);
  const steps: Instant[] = [];
  const activity = createActivity();
  const undelivered = new Set<string>();
  const stalls: Stall[] = [];
  let isOver = false;
  const pump = (): void => {
    io.advanceTo(io.now() + 1);
    if (!isOver) setImmediate(pump);
  };
  const made = { clock, activity, io, steps, undelivered, stalls } as unknown as Rig;
  const driver = createDriver({
    clock,
    source: {
      nextAt: () => {
        const offset = offsets[steps.length];
        return offset === undefined ? undefined : START + offset;
      },
      step: (at) => steps.push(at),
    },
    activity,
    undelivered: () => [...undelivered],
    onQuiet: () => undefined,
    onStall: (stall) => stalls.push(stall),
    pace: { kind: 'flat-out' },
    ioClock: io,
    yieldTurn: nextTurn,
    stallMs: 50,
    ...overrides(made),
  });
  return Object.assign(made, {
    driver,
    run: async (): Promise<void> => {
      pump();
      driver.start();
      try {
        await driver.done;
      } finally {
        isOver = true;
      }
    },
  });
}

/** Work that takes `turns` turns of the event loop. */
async function work(activity: CountedActivity, turns: number): Promise<void> {
  activity.begin();
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  activity.end();
}

describe('lockstep driver', () => {
  it('evaluates the starting instant and every step once, and ends with the source', async () => {
    const evaluated: number[] = [];
    const r = rig([10, 20, 40], () => ({ onQuiet: (at) => void evaluated.push(at - START) }));
    await r.run();
    expect(r.steps.map((at) => at - START)).toEqual([10, 20, 40]);
    expect(evaluated).toEqual([0, 10, 20, 40]);
  });

  it('time-under-work: time and timers stand still while work is in flight, even across several hand-overs', async () => {
    const log: string[] = [];
    const r = rig([10, 20], ({ clock, activity }) => ({
      onQuiet: (at) => {
        if (at !== START + 10) return;
        clock.after(1, () => log.push(`deadline@${clock.now() - START}`));
        void (async () => {
          await work(activity, 15);
          log.push(`first reply@${clock.now() - START}`);
          // A gap with nothing in flight, as when a socket hands over to a parser: the driver sees one idle turn.
          await nextTurn();
          await nextTurn();
          await work(activity, 15);
          log.push(`second reply@${clock.now() - START}`);
        })();
      },
    }));
    await r.run();
    expect(log).toEqual(['first reply@10', 'second reply@10', 'deadline@11']);
  });

  it('waiting-on-time: a pending timer is no work; it is reached in order between steps', async () => {
    const log: string[] = [];
    const r = rig([10, 30], ({ clock, steps }) => ({
      onQuiet: (at) => {
        log.push(`quiet ${at - START} after ${steps.length} steps`);
        if (at === START + 10) clock.after(7, () => log.push(`timer ${clock.now() - START}`));
      },
    }));
    await r.run();
    expect(log).toEqual([
      'quiet 0 after 0 steps',
      'quiet 10 after 1 steps',
      'timer 17',
      'quiet 17 after 1 steps',
      'quiet 30 after 2 steps',
    ]);
  });

  it('timers without delay fire within their instant, before time goes on', async () => {
    const log: string[] = [];
    const r = rig([10], ({ clock, activity }) => ({
      onQuiet: () => {
        clock.after(0, () => {
          void work(activity, 3).then(() => clock.after(0, () => log.push(`retry@${clock.now() - START}`)));
        });
      },
    }));
    await r.run();
    expect(log).toEqual(['retry@0', 'retry@10']);
  });

  it('late-frame: evaluates only after every publication was delivered', async () => {
    const log: string[] = [];
    const r = rig([10], ({ undelivered }) => ({ onQuiet: () => void log.push(`quiet, missing ${undelivered.size}`) }));
    r.undelivered.add('okx book');
    r.io.after(20, () => {
      log.push('delivered');
      r.undelivered.clear();
    });
    await r.run();
    expect(log).toEqual(['delivered', 'quiet, missing 0', 'quiet, missing 0']);
  });

  it('frame-never-arrives, flat-out: fails and names what is missing, at the instant where it went missing', async () => {
    const r = rig([10, 20], ({ undelivered, steps }) => ({
      onQuiet: () => {
        if (steps.length === 1) undelivered.add('bybit|BTC/USDT:USDT book');
      },
    }));
    const error = await r.run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StallError);
    expect((error as StallError).message).toContain('bybit|BTC/USDT:USDT book');
    expect((error as StallError).stall).toMatchObject({ at: START + 10, busy: 0 });
    expect(r.clock.now()).toBe(START + 10);
  });

  it('work-never-ends, flat-out: fails and says how much is in flight', async () => {
    const r = rig([10], ({ activity }) => ({ onQuiet: () => activity.begin() }));
    await expect(r.run()).rejects.toThrow(/1 operation\(s\) in flight/);
    expect(r.clock.now()).toBe(START);
  });

  it('slow-but-alive: progress keeps the guard quiet, however long it takes together', async () => {
    const r = rig([10], ({ activity }) => ({
      // 6 x 30 turns of about 1 ms each: several guards long, never one guard without an end.
      onQuiet: async () => {
        for (let i = 0; i < 6; i++) await work(activity, 30);
      },
    }));
    await r.run();
    expect(r.steps).toHaveLength(1);
  });

  it('livelock: work that always begets work is stopped by the bound on one instant', async () => {
    let isOver = false;
    const r = rig([10], ({ activity }) => ({
      stallMs: 20,
      onQuiet: async () => {
        while (!isOver) await work(activity, 3);
      },
    }));
    await expect(r.run()).rejects.toThrow(StallError);
    isOver = true;
  });

  it('dead-feed, paced: reported once, then not waited for; waited for again after it delivered', async () => {
    const r = rig([1_000, 2_000, 3_000, 4_000], ({ undelivered, steps }) => ({
      pace: { kind: 'paced', speed: 1_000 },
      onQuiet: () => {
        if (steps.length === 0) undelivered.add('okx book');
        if (steps.length === 2) undelivered.delete('okx book');
        if (steps.length === 3) undelivered.add('okx book');
      },
    }));
    await r.run();
    expect(r.steps).toHaveLength(4);
    expect(r.stalls.map(({ at, undelivered }) => [at - START, undelivered])).toEqual([
      [0, ['okx book']],
      [3_000, ['okx book']],
    ]);
  });

  it('bot-throws: `done` rejects with what it threw, whether at once or later', async () => {
    const sync = rig([10], () => ({
      onQuiet: () => {
        throw new Error('bug');
      },
    }));
    await expect(sync.run()).rejects.toThrow('bug');
    const late = rig([10], () => ({ onQuiet: () => nextTurn().then(() => Promise.reject(new Error('late bug'))) }));
    await expect(late.run()).rejects.toThrow('late bug');
  });

  it('stop-mid-work: stops at once, without another evaluation or step', async () => {
    const evaluated: number[] = [];
    const r = rig([10, 20], ({ activity }) => ({
      stallMs: 60_000,
      onQuiet: (at) => {
        evaluated.push(at - START);
        if (at === START + 10) activity.begin();
      },
    }));
    const running = r.run();
    while (evaluated.length < 2) await nextTurn();
    await r.driver.stop();
    await running;
    expect(evaluated).toEqual([0, 10]);
    expect(r.clock.now()).toBe(START + 10);
  });

  it('stop before start, and twice, resolves; a second start is a bug', async () => {
    const { driver } = rig([10]);
    await driver.stop();
    await driver.stop();
    await driver.done;
    expect(() => driver.start()).toThrow(/twice/);
  });

  it('paced: time follows real time at the given speed, no faster, and passes no step unprocessed', async () => {
    const seen: Array<[number, number]> = [];
    const offsets = Array.from({ length: 20 }, (_, i) => (i + 1) * 1_000);
    const r = rig(offsets, ({ clock, io }) => ({
      pace: { kind: 'paced', speed: 100 },
      onQuiet: () => void seen.push([clock.now() - START, io.now()]),
    }));
    await r.run();
    const steps = seen.filter(([at]) => at > 0);
    expect(steps.map(([at]) => at)).toEqual(offsets);
    // 1 000 simulated ms at speed 100 are 10 real ms; never early.
    for (const [at, realMs] of steps) expect(realMs).toBeGreaterThanOrEqual(at / 100);
    expect(steps.at(-1)?.[1]).toBeLessThan(400);
  });

  it('slow-bot, paced: what was missed beyond the bound is dropped instead of caught up in a burst', async () => {
    const stepMs = 1_000;
    const speed = 100;
    const quietMs: number[] = [];
    const offsets = Array.from({ length: 200 }, (_, i) => (i + 1) * stepMs);
    const r = rig(offsets, ({ io, activity, steps }) => ({
      pace: { kind: 'paced', speed },
      stallMs: 60_000,
      onQuiet: () => {
        quietMs.push(io.now());
        if (steps.length === 5) void work(activity, 1_500);
      },
    }));
    await r.run();
    const blockedUntil = quietMs[6] ?? 0;
    expect(blockedUntil).toBeGreaterThan(1_500);
    expect(r.driver.lagMs()).toBeGreaterThan(1_000);
    // 250 real ms of catching up are 25 steps; without the bound all 150 missed steps would follow at once.
    const inBurst = quietMs.filter((ms) => ms > blockedUntil && ms <= blockedUntil + 10 * 60).length;
    expect(inBurst).toBeLessThanOrEqual(25 + 60 + 2);
    expect(r.steps).toHaveLength(200);
  });

  it('speed-changes-outcome: flat-out and paced give the same steps, timers and evaluations', async () => {
    const trace = async (pace: DriverOptions['pace'], slowness: number): Promise<string[]> => {
      const log: string[] = [];
      const r = rig([1_000, 2_500, 2_600, 9_000], ({ clock, activity, steps }) => ({
        pace,
        onQuiet: async (at) => {
          log.push(`evaluate ${at - START} after ${steps.length}`);
          await work(activity, slowness);
          clock.after(700, () => log.push(`timer ${clock.now() - START}`));
        },
      }));
      // Timers re-arm through evaluation; the source's end bounds the run.
      await r.run();
      return log;
    };
    const flatOut = await trace({ kind: 'flat-out' }, 1);
    expect(flatOut).toHaveLength(new Set(flatOut).size);
    expect(await trace({ kind: 'paced', speed: 200 }, 4)).toEqual(flatOut);
    expect(await trace({ kind: 'paced', speed: 5_000 }, 9)).toEqual(flatOut);
  });
});
