import { afterEach, describe, expect, test, vi } from 'vitest';
import { logNotifier } from '../../src/platform/log-notifier.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { countingSleep, countingStalls, systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom, systemRandom } from '../../src/platform/system-random.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Alarm } from '../../src/ports/notifier.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('system clock', () => {
  test('a delay beyond 32 bits does not fire at once', () => {
    vi.useFakeTimers();
    const fired = vi.fn();
    const thirtyDaysMs = 30 * 86_400_000;
    systemClock().after(thirtyDaysMs, fired);
    vi.advanceTimersByTime(thirtyDaysMs - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  test('a cancelled timer never fires, also after its first 32-bit step', () => {
    vi.useFakeTimers();
    const fired = vi.fn();
    const cancel = systemClock().after(30 * 86_400_000, fired);
    vi.advanceTimersByTime(26 * 86_400_000);
    cancel();
    vi.advanceTimersByTime(10 * 86_400_000);
    expect(fired).not.toHaveBeenCalled();
  });

  test('monotonic time never goes back', () => {
    const { monotonicMs } = systemClock();
    const samples = Array.from({ length: 1_000 }, monotonicMs);
    expect(samples).toEqual([...samples].sort((a, b) => a - b));
  });
});

describe('a machine that is suspended', () => {
  function machine() {
    const at = { wall: 1_700_000_000_000, awake: 5_000, sinceBoot: 900_000 };
    const reads = { sinceBoot: 0 };
    const monotonicMs = countingSleep({
      wall: () => at.wall,
      awake: () => at.awake,
      sinceBoot: () => {
        reads.sinceBoot += 1;
        return at.sinceBoot;
      },
    });
    return {
      monotonicMs,
      reads,
      run: (ms: number) => {
        for (const name of ['wall', 'awake', 'sinceBoot'] as const) at[name] += ms;
      },
      sleep: (ms: number) => {
        at.wall += ms;
        at.sinceBoot += ms;
      },
      jump: (ms: number) => {
        at.wall += ms;
      },
    };
  }

  test('fault-51-suspended: an hour asleep is an hour gone', () => {
    const { monotonicMs, run, sleep } = machine();
    const before = monotonicMs();
    run(250);
    sleep(3_600_000);
    run(10);
    expect(monotonicMs() - before).toBe(3_600_260);
    run(1_000);
    sleep(60_000);
    expect(monotonicMs() - before).toBe(3_661_260);
  });

  test('fault-48: a wall clock that jumps, there and back, is no sleep, and the time since boot is hardly read', () => {
    const { monotonicMs, run, jump, reads } = machine();
    const before = monotonicMs();
    for (const ms of [3_600_000, -7_200_000, 3_600_000]) {
      jump(ms);
      run(100);
      monotonicMs();
    }
    expect(monotonicMs() - before).toBe(300);
    expect(reads.sinceBoot).toBe(4);
    for (let i = 0; i < 1_000; i += 1) {
      run(1);
      monotonicMs();
    }
    expect(reads.sinceBoot).toBe(4);
  });
});

describe('a process that stands still', () => {
  test('fault-39-untimed: is noticed by a late beat, or by who asks before it; a slow moment and a quiet hour are none', () => {
    vi.useFakeTimers();
    let nowMs = 0;
    const run = (ms: number): void => {
      for (let i = 0; i < ms; i += 500) {
        nowMs += 500;
        vi.advanceTimersByTime(500);
      }
    };
    const stalls = countingStalls(() => nowMs);
    run(3_600_000);
    expect(stalls()).toBe(0);
    nowMs += 1_900;
    run(500);
    expect(stalls()).toBe(0);
    nowMs += 2_500;
    expect([stalls(), stalls()]).toEqual([1, 1]);
    run(5_000);
    nowMs += 60_000;
    run(5_000);
    expect(stalls()).toBe(2);
  });

  test('its beat keeps no process alive', () => {
    const spy = vi.spyOn(globalThis, 'setInterval');
    countingStalls(() => 0);
    const beat: NodeJS.Timeout = spy.mock.results[0]?.value;
    expect(beat.hasRef()).toBe(false);
    clearInterval(beat);
    spy.mockRestore();
  });
});

describe('random', () => {
  test('one seed gives one stream, and a fork is the same whatever was drawn before', () => {
    const a = seededRandom('seed');
    const b = seededRandom('seed');
    a.next();
    expect(b.next()).not.toBe(a.next());
    expect(a.fork('market').next()).toBe(seededRandom('seed').fork('market').next());
    expect(a.fork('market').next()).not.toBe(a.fork('venue').next());
    expect(a.fork('x').fork('y').next()).not.toBe(a.fork('y').fork('x').next());
  });

  test('draws are uniform in [0, 1)', () => {
    const { next } = seededRandom(7);
    const draws = Array.from({ length: 100_000 }, next);
    expect(Math.min(...draws.slice(0, 50_000), ...draws.slice(50_000))).toBeGreaterThanOrEqual(0);
    expect(draws.every((draw) => draw < 1)).toBe(true);
    // 16 bins of 6,250 expected; the standard deviation of a count is about 77, so 5 of them is far out.
    const bins = new Array<number>(16).fill(0);
    for (const draw of draws) bins[Math.floor(draw * 16)] = (bins[Math.floor(draw * 16)] ?? 0) + 1;
    for (const count of bins) expect(Math.abs(count - 6_250)).toBeLessThan(390);
  });

  test('tags are [a-z0-9] and differ between processes’ seeds', () => {
    const tags = new Set(Array.from({ length: 200 }, () => systemRandom().tag(8)));
    expect(tags.size).toBe(200);
    for (const tag of tags) expect(tag).toMatch(/^[a-z0-9]{8}$/);
    expect(new Set(seededRandom(1).tag(5_000)).size).toBe(36);
  });
});

describe('log notifier', () => {
  const alarm = (over: Partial<Alarm> = {}): Alarm => ({
    at: 1,
    severity: 'warning',
    code: 'venue_down',
    subject: 'okx',
    detail: 'no answer',
    ...over,
  });

  function notifier() {
    let nowMs = 0;
    const clock: Clock = { now: () => 0, monotonicMs: () => nowMs, after: () => () => undefined };
    const lines: Array<Record<string, unknown>> = [];
    const logger = openLogger({ level: 'info', clock, write: (line) => lines.push(JSON.parse(line)) });
    return {
      notify: logNotifier(logger, clock).notify,
      lines,
      wait: (ms: number) => {
        nowMs += ms;
      },
    };
  }

  test('one code and subject speaks once a minute and then says how often it was held back', () => {
    const { notify, lines, wait } = notifier();
    notify(alarm());
    wait(59_999);
    notify(alarm());
    notify(alarm());
    expect(lines).toHaveLength(1);
    wait(1);
    notify(alarm());
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ level: 'warn', alarm: 'venue_down', subject: 'okx', heldBack: 2 });
    wait(60_000);
    notify(alarm());
    expect(lines[2]).not.toHaveProperty('heldBack');
  });

  test('what has become more severe within the minute is written at once, and then held back like any other', () => {
    const { notify, lines } = notifier();
    notify(alarm());
    notify(alarm());
    notify(alarm({ severity: 'critical', detail: 'and now a leg is naked' }));
    notify(alarm({ severity: 'critical' }));
    notify(alarm());
    expect(lines.map(({ level, heldBack }) => [level, heldBack])).toEqual([
      ['warn', undefined],
      ['error', 1],
    ]);
    expect(lines[1]).toMatchObject({ message: 'and now a leg is naked' });
  });

  test('other codes and other subjects are not held back', () => {
    const { notify, lines } = notifier();
    notify(alarm());
    notify(alarm({ subject: 'bybit' }));
    notify(alarm({ code: 'naked_leg', severity: 'critical' }));
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'error']);
  });

  test('memory is bounded under a flood of subjects', () => {
    const { notify, lines } = notifier();
    for (let i = 0; i < 1_001; i += 1) notify(alarm({ subject: `s${i}` }));
    notify(alarm({ subject: 's1000' }));
    expect(lines).toHaveLength(1_001);
    notify(alarm({ subject: 's0' }));
    expect(lines).toHaveLength(1_002);
  });
});
