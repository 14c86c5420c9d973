/**
 * Parses a configuration once: YAML, schema, rules between keys. Every problem is reported at once, with file, line,
 * column and the nearest known key. Entry points: `loadConfig`, `parseConfig`, `formatProblem`.
 */
import { readFileSync } from 'node:fs';
import type * as z from 'zod';
import { issueProblems } from './issues.ts';
import { brokenRules } from './rules.ts';
import { type Config, configSchema, resolveConfig } from './schema.ts';
import { type Problem, readSource, type Source } from './source.ts';

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and parses; a file that cannot be read is a problem like any other. */
export function loadConfig(file: string): Loaded {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, problems: [unreadable(file, error)] };
  }
  return parseConfig(text, file);
}

/** `file` is for messages only. */
export function parseConfig(text: string, file: string): Loaded {
  const source = readSource(text, file);
  if (source.data === undefined && source.problems.length > 0) return refused(source.problems);
  // An empty file, or one of comments only, lacks everything rather than being nothing.
  const data = source.data ?? {};
  const parsed = configSchema.safeParse(data);
  if (!parsed.success) {
    const { issues } = parsed.error;
    return refused([...source.problems, ...issueProblems(source, issues), ...rulesOfTheRest(source, data, issues)]);
  }
  const config = resolveConfig(parsed.data);
  const problems = [...source.problems, ...ruleProblems(source, config)];
  return problems.length > 0 ? refused(problems) : { ok: true, config, text };
}

/** `config/sim.yaml:12:3 risk.entry.minNetAprr: there is no such key; did you mean risk.entry.minNetApr?` */
export function formatProblem({ file, line, column, key, message, nearest }: Problem): string {
  const where = `${file}:${line}:${column}`;
  return `${where} ${key === '' ? '' : `${key}: `}${message}${nearest ? `; did you mean ${nearest}?` : ''}`;
}

export function unreadable(file: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const message = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
  return { file, line: 1, column: 1, key: '', message };
}

function ruleProblems(source: Source, config: Config, ignoring: readonly string[] = []): Problem[] {
  const { file } = source;
  return brokenRules(config, file, ignoring).map(({ key, message }) => ({
    file,
    ...source.at(key.split('.')),
    key,
    message,
  }));
}

/** Rules between the keys that are sound, so that mending one problem does not only then reveal the next. */
function rulesOfTheRest(source: Source, data: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  const dropped = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...issue.path, name]) : [issue.path],
  );
  const rest = structuredClone(data);
  for (const path of dropped) drop(rest, path);
  // The mode is the one key without a default; rules that depend on it are ignored below.
  const modeIsBad = dropped.some((path) => path[0] === 'mode');
  const parsed = configSchema.safeParse(modeIsBad ? { ...Object(rest), mode: 'testnet' } : rest);
  if (!parsed.success) return [];
  const ignoring = dropped.map((path) => path.filter((part) => typeof part === 'string').join('.'));
  return ruleProblems(source, resolveConfig(parsed.data), ignoring);
}

function drop(data: unknown, path: readonly PropertyKey[]): void {
  // One bad entry spoils its list.
  const listAt = path.findIndex((part) => typeof part === 'number');
  const keys = listAt < 0 ? path : path.slice(0, listAt);
  let section: unknown = data;
  for (const key of keys.slice(0, -1)) {
    if (typeof section !== 'object' || section === null) return;
    section = Reflect.get(section, key);
  }
  const last = keys.at(-1);
  if (typeof section === 'object' && section !== null && last !== undefined) Reflect.deleteProperty(section, last);
}

/** By place; a credential's key is unknown as well, and only the first is worth saying. */
function refused(problems: readonly Problem[]): Loaded {
  const secretAt = new Set(problems.filter(({ secret }) => secret).map(({ line, column }) => `${line}:${column}`));
  const told = problems.filter(({ secret, line, column }) => secret || !secretAt.has(`${line}:${column}`));
  return { ok: false, problems: told.sort((a, b) => a.line - b.line || a.column - b.column) };
}
