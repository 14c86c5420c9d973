/**
 * An instrument's tick and lot as integers, so that synthetic prices and sizes land exactly on its steps.
 * Entry points: `createGrid`, `synthesizeSide`.
 */
import { invariant } from '../../kernel/assert.ts';
import { type Contracts, contracts, type Px, px, text, toNumber } from '../../kernel/decimal.ts';
import type { BookLevel, ExchangeInstrument } from '../exchange/api.ts';

interface Step {
  /** The step is `units` x 10^-`digits`. */
  readonly units: number;
  readonly digits: number;
  readonly size: number;
}

export interface Grid {
  readonly tick: Step;
  readonly lot: Step;
  /** Base units per contract. */
  readonly contractSize: number;
}

export function createGrid(instrument: ExchangeInstrument): Grid {
  return {
    tick: stepOf(text(instrument.tick)),
    lot: stepOf(text(instrument.lot)),
    contractSize: toNumber(instrument.contractSize),
  };
}

function stepOf(plain: string): Step {
  const digits = plain.split('.')[1]?.length ?? 0;
  const units = Number(plain.replace('.', ''));
  invariant(Number.isSafeInteger(units) && units > 0, `step ${plain}`);
  return { units, digits, size: units / 10 ** digits };
}

const multiple = (count: number, step: Step): string => ((count * step.units) / 10 ** step.digits).toFixed(step.digits);

/** A mark or index near `value`: venues publish these two digits finer than the tick. */
export const finePx = (value: number, grid: Grid): Px => px(value.toFixed(grid.tick.digits + 2));

/** At least one lot, else the nearest multiple. */
export function contractsNear(baseUnits: number, grid: Grid): Contracts {
  const lots = Math.max(1, Math.round(baseUnits / grid.contractSize / grid.lot.size));
  return contracts(multiple(lots, grid.lot));
}

export interface SideShape {
  /** Quote per base, around which both sides stand. */
  readonly mid: number;
  /** Fraction of mid. */
  readonly halfSpread: number;
  /** Distance between levels, fraction of mid; at least one tick. */
  readonly levelStep: number;
  readonly levels: number;
  /** Base units of the level with this index, 0 = best. */
  readonly sizeAt: (level: number) => number;
}

/**
 * One side of a book, best first. The best bid is rounded down to a tick and the best ask up to the tick above the
 * rounded-down mid, so the sides of one shape never touch. Levels that would reach zero are left out.
 */
export function synthesizeSide(side: 'bids' | 'asks', shape: SideShape, grid: Grid): readonly BookLevel[] {
  const sign = side === 'bids' ? -1 : 1;
  const midTicks = shape.mid / grid.tick.size;
  const edge = midTicks * (1 + sign * shape.halfSpread);
  const best = side === 'bids' ? Math.min(Math.floor(edge), Math.floor(midTicks)) : askTicks(edge, midTicks);
  const gap = Math.max(1, midTicks * shape.levelStep);
  const levels: BookLevel[] = [];
  for (let level = 0; level < shape.levels; level++) {
    const ticks = best + sign * Math.round(level * gap);
    if (ticks < 1) break;
    levels.push({ price: px(multiple(ticks, grid.tick)), contracts: contractsNear(shape.sizeAt(level), grid) });
  }
  return levels;
}

const askTicks = (edge: number, midTicks: number): number => Math.max(Math.ceil(edge), Math.floor(midTicks) + 1);
