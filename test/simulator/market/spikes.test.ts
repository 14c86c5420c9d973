import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/kernel/instant.ts';
import { createSpikeSchedule, type Spike, spikeEndAt, spikePremium } from '../../../src/simulator/market/spikes.ts';
import { createSeededRandom } from '../../../src/simulator/random.ts';

/** Every spike of `days` days, looked at each minute. */
function spikesOf(
  seed: string,
  days: number,
  options: Parameters<typeof createSpikeSchedule>[3] = {},
): readonly Spike[] {
  const schedule = createSpikeSchedule(createSeededRandom(seed), 0, 1, options);
  const seen = new Set<Spike>();
  for (let at = 0; at < days * DAY_MS; at += MINUTE_MS) {
    const spike = schedule.activeAt(at);
    if (spike) seen.add(spike);
  }
  return [...seen];
}

const FIXED: Spike = {
  kind: 'plateau',
  startAt: 10 * DAY_MS,
  level: 0.005,
  topAt: 10 * DAY_MS + HOUR_MS,
  holdUntil: 11 * DAY_MS,
  turnUntil: 11 * DAY_MS,
  halfLifeMs: HOUR_MS,
};

describe('spikes', () => {
  it('every kind occurs, up and down alike, some gone within the hour and some lasting longer than a day', () => {
    const spikes = Array.from({ length: 20 }, (_, seed) => spikesOf(`kinds ${seed}`, 60)).flat();
    expect(new Set(spikes.map(({ kind }) => kind))).toEqual(new Set(['flash', 'fade', 'reversal', 'plateau']));
    const up = spikes.filter(({ level }) => level > 0).length / spikes.length;
    // About 300 spikes: four standard errors of a fair coin are 0.12.
    expect(Math.abs(up - 0.5)).toBeLessThan(0.12);
    const lengths = spikes.map((spike) => spike.turnUntil - spike.startAt);
    expect(lengths.filter((ms) => ms < HOUR_MS).length).toBeGreaterThan(spikes.length * 0.3);
    expect(lengths.filter((ms) => ms > DAY_MS).length).toBeGreaterThan(spikes.length * 0.03);
  });

  it('shape: ramps up from nothing, holds, turns only when it is a reversal, and dies out', () => {
    for (const spike of Array.from({ length: 10 }, (_, seed) => spikesOf(`shape ${seed}`, 60)).flat()) {
      expect(Math.abs(spikePremium(spike, spike.startAt))).toBe(0);
      expect(spikePremium(spike, spike.topAt)).toBeCloseTo(spike.level, 9);
      const afterHold = spikePremium(spike, spike.holdUntil);
      expect(Math.sign(afterHold)).toBe(spike.kind === 'reversal' ? -Math.sign(spike.level) : Math.sign(spike.level));
      expect(Math.abs(spikePremium(spike, spikeEndAt(spike)))).toBeLessThan(Math.abs(spike.level) / 100);
    }
  });

  it('step-dependence: what is seen at an instant does not depend on how often one looked before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 * DAY_MS }), { maxLength: 8 }), (looks) => {
        const at = 20 * DAY_MS;
        const often = createSpikeSchedule(createSeededRandom('looks'), 0, 1);
        for (const look of [...looks].sort((a, b) => a - b)) often.activeAt(look);
        expect(often.activeAt(at)).toEqual(createSpikeSchedule(createSeededRandom('looks'), 0, 1).activeAt(at));
      }),
    );
  });

  it('a fixed spike happens whole, and no other spike reaches into it or appears half-grown after it', () => {
    for (let seed = 0; seed < 30; seed++) {
      const schedule = createSpikeSchedule(createSeededRandom(seed), 0, 1, { fixed: FIXED });
      for (let at = FIXED.startAt; at < spikeEndAt(FIXED); at += HOUR_MS / 2) expect(schedule.activeAt(at)).toBe(FIXED);
      const next = schedule.activeAt(spikeEndAt(FIXED));
      if (next) expect(next.startAt).toBe(spikeEndAt(FIXED));
    }
  });

  it('a quiet window has no spike', () => {
    const quiet = { fromAt: 5 * DAY_MS, untilAt: 30 * DAY_MS };
    const schedule = createSpikeSchedule(createSeededRandom('quiet'), 0, 1, { quiet });
    for (let at = quiet.fromAt; at < quiet.untilAt; at += HOUR_MS) expect(schedule.activeAt(at)).toBeUndefined();
    expect(spikesOf('quiet', 60, { quiet }).length).toBeGreaterThan(0);
  });
});
