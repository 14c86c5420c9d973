/** What every configuration key says about itself: unit, when a change applies, what it means. */
import * as z from 'zod';

/** `live`: applied within a second of saving. `restart`: read at start only. */
export type Reload = 'live' | 'restart';

export interface KeyMeta {
  readonly description: string;
  readonly reload: Reload;
  /** `ms`, `USD`, `fraction`, ...; absent for words and lists. */
  readonly unit?: string;
  /** Which direction of change takes on more risk, for keys outside the risk limits. */
  readonly loosens?: 'raise' | 'lower';
  /** The text is a path, which may look as random as a credential. */
  readonly path?: true;
}

export function live<S extends z.ZodType>(schema: S, unit: string, description: string): S {
  return described(schema, { description, reload: 'live', unit });
}

export function restart<S extends z.ZodType>(schema: S, unit: string, description: string): S {
  return described(schema, { description, reload: 'restart', unit });
}

/** Adds to what a key says about itself already. */
export function also<S extends z.ZodType>(schema: S, extra: Pick<KeyMeta, 'loosens' | 'path'>): S {
  return schema.meta({ ...schema.meta(), ...extra }) as S;
}

/** A section whose keys all have defaults, so that it may be left out. */
export function section<S extends z.ZodObject>(schema: S, description: string): z.ZodPrefault<S> {
  return schema.prefault({} as z.input<S>).meta({ description }) as z.ZodPrefault<S>;
}

function described<S extends z.ZodType>(schema: S, { unit, ...meta }: KeyMeta): S {
  return schema.meta({ ...meta, ...(unit ? { unit } : {}) }) as S;
}

/** A fraction in [least, most]: 1 % is 0.01. */
export const fraction = (most: number, least = 0): z.ZodNumber => z.number().min(least).max(most);
/** A whole number in [least, most]. */
export const whole = (least: number, most: number): z.ZodNumber => z.int().min(least).max(most);
/** A number above zero, at most `most`. */
export const positive = (most: number): z.ZodNumber => z.number().gt(0).max(most);
export const list = <S extends z.ZodType>(item: S): z.ZodArray<S> => z.array(item).max(200);
