/**
 * What differs between two configurations, key by key, and which of it takes on more risk.
 * Entry points: `diffConfigs`, `changesSince`, `withChanges`.
 */
import { loosens as loosenedLimits } from '../risk/loosening.ts';
import { KNOWN_KEYS } from './known-keys.ts';
import { type Config, freezeConfig } from './schema.ts';

export interface ConfigChange {
  /** Dotted. */
  readonly key: string;
  /** JSON texts; empty for absent. */
  readonly before: string;
  readonly after: string;
  /** Takes on more risk than before. */
  readonly loosens: boolean;
  /** False: read at start only. */
  readonly live: boolean;
}

/** Dotted keys that take on more risk when a boolean flips to the given value. */
const LOOSENED_BY_FLAG: ReadonlyMap<string, boolean> = new Map([['paused', false]]);
const ENABLED = /^venues\.\w+\.enabled$/;

/** All changed keys in the schema's order; everything that is set when there is no `before`. */
export function diffConfigs(before: Config | undefined, after: Config): readonly ConfigChange[] {
  const limits = new Set(before ? loosenedLimits(before.risk, after.risk).map((key) => `risk.${key}`) : []);
  const old = before ? leaves(before) : new Map<string, unknown>();
  const now = leaves(after);
  const changed = [...new Set([...old.keys(), ...now.keys()])].filter(
    (key) => JSON.stringify(old.get(key)) !== JSON.stringify(now.get(key)),
  );
  return changed.map((key) => ({
    key,
    before: json(old.get(key)),
    after: json(now.get(key)),
    loosens: before !== undefined && (limits.has(key) || loosensItself(key, old.get(key), now.get(key))),
    // What comes or goes with its section (a venue) has no running part to change.
    live: KNOWN_KEYS.get(key)?.reload === 'live' && old.has(key) && now.has(key),
  }));
}

/**
 * What has changed since a configuration was recorded key by key, as `diffConfigs` tells it. `recorded` are the newest
 * JSON texts by dotted key, empty for absent; a key that was never recorded is new and loosens nothing.
 */
export function changesSince(recorded: ReadonlyMap<string, string>, now: Config): readonly ConfigChange[] {
  if (recorded.size === 0) return diffConfigs(undefined, now);
  const before = structuredClone(now);
  for (const [key, text] of recorded) if (KNOWN_KEYS.has(key)) put(before, key, text);
  const added = diffConfigs(undefined, now).filter(({ key }) => !recorded.has(key));
  return [...diffConfigs(before, now), ...added];
}

function put(config: Config, key: string, text: string): void {
  const path = key.split('.');
  const last = path.pop() ?? '';
  let section: object = config;
  for (const part of path) {
    if (typeof Reflect.get(section, part) !== 'object') {
      if (text === '') return;
      Reflect.set(section, part, {});
    }
    section = Reflect.get(section, part);
  }
  if (text === '') Reflect.deleteProperty(section, last);
  else Reflect.set(section, last, JSON.parse(text));
}

/** `running` with these keys as `candidate` has them. */
export function withChanges(running: Config, candidate: Config, changes: readonly ConfigChange[]): Config {
  const next = structuredClone(running);
  for (const { key } of changes) {
    const path = key.split('.');
    const last = path.pop() ?? '';
    Reflect.set(section(next, path), last, structuredClone(Reflect.get(section(candidate, path), last)));
  }
  return freezeConfig(next);
}

function loosensItself(key: string, before: unknown, after: unknown): boolean {
  if (typeof before === 'boolean' && typeof after === 'boolean') {
    const looser = ENABLED.test(key) ? true : LOOSENED_BY_FLAG.get(key);
    return after === looser;
  }
  if (typeof before !== 'number' || typeof after !== 'number') return false;
  const direction = KNOWN_KEYS.get(key)?.loosens;
  return direction === 'raise' ? after > before : direction === 'lower' && after < before;
}

/** Leaf keys that are set. A venue or another optional section that comes or goes shows as all of its keys. */
function leaves(config: Config): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const key of KNOWN_KEYS.keys()) {
    const value = valueAt(config, key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

function valueAt(config: Config, key: string): unknown {
  let value: unknown = config;
  for (const part of key.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function section(config: Config, path: readonly string[]): object {
  const value = path.length === 0 ? config : valueAt(config, path.join('.'));
  if (typeof value !== 'object' || value === null) throw new TypeError(`no section ${path.join('.')}`);
  return value;
}
