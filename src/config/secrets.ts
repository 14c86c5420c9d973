/**
 * Credentials and the arming switch. They come from the environment or from a private `.env` file only, never from
 * YAML, and are never printed: a `Secret` shows as `[redacted]` however it is written.
 * Entry points: `readCredentials`, `checkShape`, `armed`.
 */
import { readFileSync, statSync } from 'node:fs';
import { inspect } from 'node:util';
import type { Mode, VenueId } from '../kernel/ids.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that does not print itself. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself: for signing, and for registering with the log's redaction. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[redacted]';
  }
  toJSON(): string {
    return '[redacted]';
  }
  [inspect.custom](): string {
    return '[redacted]';
  }
}

export interface Credentials {
  readonly key: Secret;
  readonly secret: Secret;
  /** OKX only. */
  readonly passphrase?: Secret;
}

export interface CredentialProblem {
  /** `env_file_mode`, `env_file_unreadable`, `env_file_line`, `missing`, `shape`. */
  readonly code: string;
  /** Names variables and files, never values. */
  readonly detail: string;
}

export interface CredentialsRead {
  /** Complete ones only. */
  readonly byVenue: ReadonlyMap<VenueId, Credentials>;
  readonly problems: readonly CredentialProblem[];
}

export interface CredentialSources {
  readonly env: Environment;
  /** Usually `.env` beside the working directory; absent files are fine. The environment wins over it. */
  readonly envFile: string;
  readonly venues: readonly VenueId[];
}

const NEEDS_PASSPHRASE: ReadonlySet<VenueId> = new Set(['okx']);
const VARIABLE = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;
/** Readable or writable by the group or by others. */
const NOT_PRIVATE = 0o077;

/** A venue without any variable set is left out without a problem; a half-set one is a problem. */
export function readCredentials({ env, envFile, venues }: CredentialSources): CredentialsRead {
  const file = readEnvFile(envFile);
  const problems = [...file.problems];
  const byVenue = new Map<VenueId, Credentials>();
  for (const venue of venues) {
    const names = variablesOf(venue);
    const values = names.map((name) => env[name] || file.values.get(name) || undefined);
    const missing = names.filter((_, i) => values[i] === undefined);
    const [key, secret, passphrase] = values;
    if (key !== undefined && secret !== undefined && missing.length === 0) {
      const word = passphrase === undefined ? {} : { passphrase: new Secret(passphrase) };
      byVenue.set(venue, { key: new Secret(key), secret: new Secret(secret), ...word });
    } else if (missing.length < names.length) {
      problems.push({ code: 'missing', detail: `${missing.join(' and ')} not set, though others of ${venue} are` });
    }
  }
  return { byVenue, problems };
}

/** The names of all that a venue needs. */
export const variablesOf = (venue: VenueId): readonly string[] =>
  (NEEDS_PASSPHRASE.has(venue) ? ['KEY', 'SECRET', 'PASSPHRASE'] : ['KEY', 'SECRET']).map((part) =>
    variable(venue, part),
  );

const variable = (venue: VenueId, part: string): string => `TANDEM_${venue.toUpperCase()}_${part}`;

interface Shape {
  readonly part: 'key' | 'secret' | 'passphrase';
  readonly pattern: RegExp;
  readonly wanted: string;
}

const PEM = '-----BEGIN[^-]*PRIVATE KEY-----[\\s\\S]*';
/** What the venues issue today, as their API management pages show them. */
const SHAPES: Readonly<Record<VenueId, readonly Shape[]>> = {
  binance: [
    { part: 'key', pattern: /^[A-Za-z0-9]{64}$/, wanted: '64 letters and digits' },
    {
      part: 'secret',
      pattern: new RegExp(`^([A-Za-z0-9]{64}|${PEM})$`),
      wanted: '64 letters and digits, or a PEM key',
    },
  ],
  bybit: [
    { part: 'key', pattern: /^[A-Za-z0-9]{18}$/, wanted: '18 letters and digits' },
    {
      part: 'secret',
      pattern: new RegExp(`^([A-Za-z0-9]{36}|${PEM})$`),
      wanted: '36 letters and digits, or a PEM key',
    },
  ],
  okx: [
    {
      part: 'key',
      pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
      wanted: 'five groups of hexadecimal digits',
    },
    { part: 'secret', pattern: /^[0-9A-F]{32}$/i, wanted: '32 hexadecimal digits' },
    { part: 'passphrase', pattern: /^\S{8,32}$/, wanted: '8 to 32 characters without spaces' },
  ],
};

/** What looks wrong about one venue's credentials, for the operator's check. Says lengths, never values. */
export function checkShape(venue: VenueId, credentials: Credentials): readonly CredentialProblem[] {
  return (SHAPES[venue] ?? []).flatMap(({ part, pattern, wanted }) => {
    const value = credentials[part]?.reveal() ?? '';
    if (pattern.test(value)) return [];
    const quoted = /^["'].*["']$/.test(value) ? ' and is in quotes' : '';
    const detail = `${variable(venue, part.toUpperCase())} has ${value.length} characters${quoted}; expected ${wanted}`;
    return [{ code: 'shape', detail }];
  });
}

/** Whether orders may go to real money: mode live needs a second, separate switch. */
export function armed(
  mode: Mode,
  env: Environment,
): { readonly ok: true } | { readonly ok: false; readonly reason: string } {
  if (mode !== 'live') return { ok: true };
  if (env.TANDEM_ARM === 'live') return { ok: true };
  const found = env.TANDEM_ARM === undefined ? 'not set' : 'set to something else';
  return { ok: false, reason: `mode live also needs TANDEM_ARM=live in the environment; it is ${found}` };
}

function readEnvFile(path: string): { values: ReadonlyMap<string, string>; problems: readonly CredentialProblem[] } {
  const values = new Map<string, string>();
  let lines: string[];
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & NOT_PRIVATE) !== 0) {
      const detail = `${path} has mode 0${mode.toString(8)} and was not read: others could read it too. Fix: chmod 600 ${path}`;
      return { values, problems: [{ code: 'env_file_mode', detail }] };
    }
    lines = readFileSync(path, 'utf8').split(/\r?\n/);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT') return { values, problems: [] };
    return { values, problems: [{ code: 'env_file_unreadable', detail: `${path} cannot be read (${code})` }] };
  }
  const problems: CredentialProblem[] = [];
  lines.forEach((line, i) => {
    if (/^\s*(#|$)/.test(line)) return;
    const [, name, value] = VARIABLE.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, unquoted(value));
    else problems.push({ code: 'env_file_line', detail: `${path}:${i + 1} is not NAME=value` });
  });
  return { values, problems };
}

function unquoted(value: string): string {
  const [, quote, inner] = /^(["'])(.*)\1$/.exec(value) ?? [];
  if (inner === undefined) return value;
  return quote === '"' ? inner.replaceAll('\\n', '\n') : inner;
}
