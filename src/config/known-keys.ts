/** Every key of the schema, by its dotted name. Entry points: `KNOWN_KEYS`, `sectionKeys`, `nearestName`. */
import * as z from 'zod';
import type { KeyMeta } from './key.ts';
import { configSchema } from './schema.ts';

export interface KnownKey extends KeyMeta {
  /** `risk.entry.minNetApr` */
  readonly key: string;
  /** For people: `number`, `true or false`, `list`, or the allowed words. */
  readonly type: string;
  /** Absent when there is none: the key is then optional or required. */
  readonly fallback?: unknown;
  readonly required: boolean;
}

export interface KnownSection {
  /** Empty for the whole file. */
  readonly key: string;
  readonly description: string;
  /** Names right inside, keys and sections. */
  readonly names: readonly string[];
}

interface Unwrapped {
  readonly inner: z.ZodType;
  readonly fallback?: unknown;
  readonly optional: boolean;
}

const keys = new Map<string, KnownKey>();
const sections = new Map<string, KnownSection>();
walk(configSchema, '');

/** Leaf keys in the order of the schema. */
export const KNOWN_KEYS: ReadonlyMap<string, KnownKey> = keys;
export const KNOWN_SECTIONS: ReadonlyMap<string, KnownSection> = sections;

function walk(schema: z.ZodType, key: string): void {
  const { inner, fallback, optional } = unwrap(schema);
  const meta = { ...inner.meta(), ...schema.meta() };
  if (inner instanceof z.ZodObject) {
    const names = Object.keys(inner.shape);
    sections.set(key, { key, description: String(meta.description ?? ''), names });
    for (const name of names) walk(inner.shape[name], key === '' ? name : `${key}.${name}`);
    return;
  }
  const { description, reload, unit, loosens, path } = meta as unknown as KeyMeta;
  keys.set(key, {
    key,
    description,
    reload,
    ...(unit ? { unit } : {}),
    ...(loosens ? { loosens } : {}),
    ...(path ? { path } : {}),
    type: typeName(inner),
    ...(fallback === undefined ? {} : { fallback }),
    required: !optional && fallback === undefined,
  });
}

function unwrap(schema: z.ZodType): Unwrapped {
  if (schema instanceof z.ZodDefault) {
    return { inner: schema.unwrap() as z.ZodType, fallback: schema.def.defaultValue, optional: true };
  }
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodExactOptional) {
    return { inner: schema.unwrap() as z.ZodType, optional: true };
  }
  return { inner: schema, optional: false };
}

function typeName(schema: z.ZodType): string {
  if (schema instanceof z.ZodNumber) return schema.format === 'safeint' ? 'whole number' : 'number';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodEnum) return schema.options.join(', ');
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodRecord) return 'map';
  return 'text';
}

/** The known name that `name` was probably meant to be: at most a third of its letters differ. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (!best || distance < best.distance) best = { name: candidate, distance };
  }
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.name : undefined;
}

/**
 * The known dotted key nearest to an unknown one: first among its neighbours in the section, then any key whose last
 * part is alike, as when a key was written into the wrong section.
 */
export function nearestKey(sectionKey: string, name: string): string | undefined {
  const prefix = sectionKey === '' ? '' : `${sectionKey}.`;
  const neighbour = nearestName(name, sections.get(sectionKey)?.names ?? []);
  if (neighbour) return `${prefix}${neighbour}`;
  const byLast = new Map([...keys.keys(), ...sections.keys()].map((key) => [key.slice(key.lastIndexOf('.') + 1), key]));
  const last = nearestName(name.slice(name.lastIndexOf('.') + 1), byLast.keys());
  return last ? byLast.get(last) : undefined;
}

/** Levenshtein distance with one row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
