/**
 * An opportunity that passed every limit, sized. Its `#sealed` field makes it impossible to write one as a literal, and
 * `approve` is imported by `assess.ts` alone (a test enforces it), so whatever execution receives went through risk.
 */
import { invariant } from '../kernel/assert.ts';
import { type Base, gte, isMultipleOf, isPositive, lte, type Px } from '../kernel/decimal.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Opportunity } from '../signal/opportunity.ts';

export interface ApprovedLeg {
  readonly instrument: Instrument;
  /**
   * Worst entry price, on the tick: the long leg never pays more, the short leg never takes less. Exposure, margin and
   * depth were checked at it.
   */
  readonly entryLimit: Px;
  /** Mid that the limit was derived from, for slippage reports. */
  readonly mid: number;
}

export interface ApprovedFields {
  readonly opportunity: Opportunity;
  readonly long: ApprovedLeg;
  readonly short: ApprovedLeg;
  /** Of each leg, base units, a multiple of `commonLot`. */
  readonly quantity: Base;
  /** Smallest step that both venues accept. */
  readonly commonLot: Base;
  /** Smallest quantity worth holding, which both venues take and can close again. Not above `quantity`. */
  readonly least: Base;
  readonly leverage: number;
  readonly at: Instant;
}

export class Approved implements ApprovedFields {
  readonly #sealed = true;
  readonly opportunity: Opportunity;
  readonly long: ApprovedLeg;
  readonly short: ApprovedLeg;
  readonly quantity: Base;
  readonly commonLot: Base;
  readonly least: Base;
  readonly leverage: number;
  readonly at: Instant;

  private constructor(fields: ApprovedFields) {
    this.opportunity = fields.opportunity;
    this.long = fields.long;
    this.short = fields.short;
    this.quantity = fields.quantity;
    this.commonLot = fields.commonLot;
    this.least = fields.least;
    this.leverage = fields.leverage;
    this.at = fields.at;
  }

  /** Whether a value really is one: a cast or a look-alike is not. */
  static is(value: unknown): value is Approved {
    return typeof value === 'object' && value !== null && #sealed in value && value.#sealed;
  }

  /** For `approve` below. Throws when the size is one that a venue would refuse: that is a bug in sizing. */
  static seal(key: symbol, fields: ApprovedFields): Approved {
    invariant(key === KEY, 'only risk approves');
    invariant(isPositive(fields.quantity), 'approved quantity must be positive');
    for (const { instrument } of [fields.long, fields.short]) {
      invariant(isMultipleOf(fields.quantity, instrument.lot), `quantity off the lot of ${instrument.key}`);
      invariant(gte(fields.quantity, instrument.minQuantity), `quantity under the minimum of ${instrument.key}`);
      const most = instrument.maxQuantity;
      invariant(!most || lte(fields.quantity, most), `quantity over the maximum of ${instrument.key}`);
    }
    return new Approved(fields);
  }
}

const KEY = Symbol('approved');

/** For `assess.ts` only. */
export const approve = (fields: ApprovedFields): Approved => Approved.seal(KEY, fields);
