/**
 * Premium spikes of one instrument: what opens and closes opportunities. Entry point: `createSpikeSchedule`.
 *
 * Spikes arrive at random, one at a time, up or down alike. Their shapes differ in what they do to somebody who enters
 * on sight: a plateau can pay for days; a fade decays within hours; a reversal turns against its followers; a flash is
 * over in minutes, on a book too wide to catch it, and leaves behind only a running average that still looks good.
 */
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '../../kernel/instant.ts';
import type { Random } from '../../ports/random.ts';
import { standardNormal } from '../random.ts';

export type SpikeKind = 'plateau' | 'fade' | 'reversal' | 'flash';

export interface Spike {
  readonly kind: SpikeKind;
  readonly startAt: Instant;
  /** Peak premium, signed fraction. */
  readonly level: number;
  /** The level is reached linearly until here... */
  readonly topAt: Instant;
  /** ...held until here... */
  readonly holdUntil: Instant;
  /** ...for a reversal, turned to the opposite sign until here (else equal to `holdUntil`)... */
  readonly turnUntil: Instant;
  /** ...and then halves in this time. */
  readonly halfLifeMs: number;
}

export interface SpikeSchedule {
  /** The spike under way at `at`, if any. Instants must not go back. */
  activeAt(at: Instant): Spike | undefined;
}

export interface Quiet {
  readonly fromAt: Instant;
  readonly untilAt: Instant;
}

/** Mean time from the end of a spike to the next. */
const MEAN_PAUSE_MS = 3 * DAY_MS;
/** A decayed spike is over when this many half-lives have passed. */
const HALF_LIVES = 7;
/** Part of its level to which a reversal turns, with the opposite sign. */
const TURN_SHARE = -0.7;
const MEDIAN_LEVEL = 0.0016;
const LEVEL_SPREAD = 0.55;
/** Flashes are taller; few venues' premiums were ever seen beyond this. */
const FLASH_FACTOR = 4;
const MAX_LEVEL = 0.025;

/**
 * @param scale multiplies levels
 * @param fixed a spike that happens for certain; others make room for it
 * @param quiet a window without any spike
 */
export function createSpikeSchedule(
  random: Random,
  beginAt: Instant,
  scale: number,
  { fixed, quiet }: { readonly fixed?: Spike; readonly quiet?: Quiet } = {},
): SpikeSchedule {
  const closed = fixed ? { fromAt: fixed.startAt, untilAt: spikeEndAt(fixed) } : quiet;
  let spike = drawSpike(random, beginAt, scale);
  return {
    activeAt(at): Spike | undefined {
      while (spikeEndAt(spike) <= at) spike = drawSpike(random, spikeEndAt(spike), scale);
      if (closed && at >= closed.fromAt && at < closed.untilAt) return fixed;
      // One that began inside the closed window would appear half-grown at its end.
      const isHidden = closed && spike.startAt < closed.untilAt && at >= closed.untilAt;
      return at >= spike.startAt && !isHidden ? spike : undefined;
    },
  };
}

/** Premium that the spike adds at an instant, signed fraction. */
export function spikePremium(spike: Spike, at: Instant): number {
  if (at < spike.startAt) return 0;
  if (at < spike.topAt) return (spike.level * (at - spike.startAt)) / (spike.topAt - spike.startAt);
  if (at < spike.holdUntil) return spike.level;
  if (at < spike.turnUntil) return spike.level * TURN_SHARE;
  const last = spike.turnUntil > spike.holdUntil ? spike.level * TURN_SHARE : spike.level;
  return last * 0.5 ** ((at - spike.turnUntil) / spike.halfLifeMs);
}

export const spikeEndAt = (spike: Spike): Instant => Math.ceil(spike.turnUntil + HALF_LIVES * spike.halfLifeMs);

function drawSpike(random: Random, afterAt: Instant, scale: number): Spike {
  const pauseMs = -Math.log(1 - random.next()) * MEAN_PAUSE_MS;
  const kind = drawKind(random.next());
  const sign = random.next() < 0.5 ? -1 : 1;
  const size = MEDIAN_LEVEL * Math.exp(LEVEL_SPREAD * standardNormal(random)) * (kind === 'flash' ? FLASH_FACTOR : 1);
  const times = drawTimes(kind, random);
  const startAt = Math.round(afterAt + pauseMs);
  const topAt = Math.round(startAt + times.rampMs);
  const holdUntil = Math.round(topAt + times.holdMs);
  const turnUntil = Math.round(holdUntil + times.turnMs);
  const level = sign * Math.min(size * scale, MAX_LEVEL);
  return { kind, startAt, level, topAt, holdUntil, turnUntil, halfLifeMs: times.halfLifeMs };
}

function drawKind(share: number): SpikeKind {
  if (share < 0.4) return 'flash';
  if (share < 0.65) return 'fade';
  return share < 0.8 ? 'reversal' : 'plateau';
}

interface Times {
  readonly rampMs: number;
  readonly holdMs: number;
  readonly turnMs: number;
  readonly halfLifeMs: number;
}

function drawTimes(kind: SpikeKind, random: Random): Times {
  const between = (low: number, high: number): number => low + (high - low) * random.next();
  switch (kind) {
    case 'flash':
      return {
        rampMs: between(1, 3) * MINUTE_MS,
        holdMs: between(3, 20) * MINUTE_MS,
        turnMs: 0,
        halfLifeMs: between(2, 5) * MINUTE_MS,
      };
    case 'fade':
      return { rampMs: between(5, 20) * MINUTE_MS, holdMs: 0, turnMs: 0, halfLifeMs: between(0.5, 4) * HOUR_MS };
    case 'reversal':
      return {
        rampMs: between(5, 20) * MINUTE_MS,
        holdMs: between(1, 4) * HOUR_MS,
        turnMs: between(2, 8) * HOUR_MS,
        halfLifeMs: between(0.5, 2) * HOUR_MS,
      };
    case 'plateau':
      return {
        rampMs: between(10, 40) * MINUTE_MS,
        holdMs: 4 * HOUR_MS + -Math.log(1 - random.next()) * 20 * HOUR_MS,
        turnMs: 0,
        halfLifeMs: between(1, 3) * HOUR_MS,
      };
  }
}
