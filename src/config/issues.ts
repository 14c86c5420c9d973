/** Schema violations as problems for people, each at its line. Entry point: `issueProblems`. */
import type * as z from 'zod';
import { isSecretField } from '../platform/redact.ts';
import { KNOWN_KEYS, KNOWN_SECTIONS, nearestKey, nearestName } from './known-keys.ts';
import { displayName, looksSecret, type Path, type Problem, type Source } from './source.ts';

type Issue = z.core.$ZodIssue;

const MAX_SHOWN = 40;

export function issueProblems(source: Source, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => unknownKey(source, path, name));
    if (issue.code === 'invalid_key') return [wrongName(source, path)];
    return [wrongValue(source, path, issue)];
  });
}

function unknownKey(source: Source, path: Path, name: string): Problem {
  const place = source.atName([...path, name]);
  const nearest = nearestKey(dotted(path), name);
  return {
    file: source.file,
    ...place,
    key: dotted([...path, displayName(name)]),
    message: nearest ? 'there is no such key' : `there is no such key${known(path)}`,
    ...(nearest ? { nearest } : {}),
  };
}

/** What there is instead, where that fits a line. */
function known(path: Path): string {
  const names = KNOWN_SECTIONS.get(dotted(path))?.names ?? [];
  return names.length > 0 && names.length <= 8 ? `; here are ${names.join(', ')}` : '';
}

function wrongName(source: Source, path: Path): Problem {
  const message = 'the name of this entry should be an official host like api.bybit.com';
  return {
    file: source.file,
    ...source.atName(path),
    key: dotted(path.map((part) => displayName(String(part)))),
    message,
  };
}

function wrongValue(source: Source, path: Path, issue: Issue): Problem {
  const found = valueAt(source.data, path);
  const wanted = wantedBy(issue, dotted(path));
  const nearest = issue.code === 'invalid_value' ? nearestWord(issue, found) : undefined;
  const message = found === undefined ? `is missing: ${wanted}` : `${wanted}, but is ${shown(path, found)}`;
  const place = source.at(path);
  return { file: source.file, ...place, key: dotted(path), message, ...(nearest ? { nearest } : {}) };
}

function wantedBy(issue: Issue, key: string): string {
  const known = KNOWN_KEYS.get(key);
  const unit = known?.unit ? ` (${known.unit.replace(' (', ': ').replace(')', '')})` : '';
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'object') return 'should be a section with keys of its own, indented below it';
      if (issue.expected === 'array') return 'should be a list like [BTC, ETH]';
      if (issue.expected === 'record') return 'should be a map of official hosts to base URLs';
      if (issue.expected === 'boolean') return 'should be true or false';
      if (issue.expected === 'string') return 'should be text (in quotes, if it looks like a number)';
      return `should be ${issue.expected === 'int' ? 'a whole number' : 'a number'}${unit}`;
    case 'too_small':
      if (issue.origin === 'array') return `should have at least ${issue.minimum} entries`;
      if (issue.origin === 'string') return 'should not be empty';
      return `should be ${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}${unit}`;
    case 'too_big':
      if (issue.origin === 'array') return `should have at most ${issue.maximum} entries`;
      if (issue.origin === 'string') return `should have at most ${issue.maximum} characters`;
      return `should be ${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}${unit}`;
    case 'invalid_value':
      return `should be one of ${issue.values.join(', ')}`;
    default:
      return issue.message;
  }
}

function nearestWord(issue: Extract<Issue, { code: 'invalid_value' }>, found: unknown): string | undefined {
  return typeof found === 'string' ? nearestName(found, issue.values.map(String)) : undefined;
}

/** A value as it may be shown: short, and never one that may be a secret. */
function shown(path: Path, found: unknown): string {
  if (found === null) return 'empty (leave the line out to get the default)';
  if (typeof found === 'object') return Array.isArray(found) ? 'a list' : 'a section';
  if (path.some((part) => typeof part === 'string' && isSecretField(part))) return '[hidden]';
  const text = String(found);
  if (looksSecret(text) || /[@=]/.test(text)) return '[hidden]';
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return typeof found === 'string' ? JSON.stringify(cut) : cut;
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** `venues.okx.hosts`; list positions in brackets: `risk.allow.assets[0]`. */
export const dotted = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
