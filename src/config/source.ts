/**
 * A YAML text with the place of everything in it, its syntax problems, and what looks like a credential.
 * Entry point: `readSource`.
 */
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { isSecretField } from '../platform/redact.ts';
import { KNOWN_KEYS } from './known-keys.ts';

export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Dotted; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** The known key that was probably meant. */
  readonly nearest?: string;
  /** A credential stands here; its value is never shown. */
  readonly secret?: true;
}

export type Path = readonly (string | number)[];

export interface Source {
  readonly file: string;
  /** Plain data; undefined when the text cannot be understood. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Where the value at `path` stands; for a missing one, the nearest section around it. */
  at(path: Path): Place;
  /** Where the name of the last part of `path` stands. */
  atName(path: Path): Place;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

const START: Place = { line: 1, column: 1 };
/** A file of this size was not written by hand, and parsing it would stall the trading loop. */
const MAX_CHARACTERS = 200_000;
const MAX_DEPTH = 20;
/** Aliases that expand beyond this are refused. */
const MAX_ALIASES = 100;

/** Our own words: the parser's messages quote the text, which may hold a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit the lines around it',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  DUPLICATE_KEY: 'this key stands twice in its section',
  MISSING_CHAR: 'a character is missing: a colon, comma, quote or bracket',
  MULTIPLE_DOCS: 'a second document begins here (---); one file holds one configuration',
  BLOCK_AS_IMPLICIT_KEY: 'a section cannot begin here; was a line break or a space after the colon left out?',
  MULTILINE_IMPLICIT_KEY: 'a name must stand on one line and end with a colon',
  KEY_OVER_1024_CHARS: 'a name must be short and end with a colon',
  UNEXPECTED_TOKEN: 'this does not belong here',
  BAD_ALIAS: 'an alias names an anchor that is not there',
  TAG_RESOLVE_FAILED: 'tags (!) are not used here',
};

export function readSource(text: string, file: string): Source {
  if (text.length > MAX_CHARACTERS) {
    const message = `the file has ${text.length} characters; a configuration has at most ${MAX_CHARACTERS}`;
    return broken(file, [{ file, ...START, key: '', message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const place = (offset: number | undefined): Place => {
    if (offset === undefined) return START;
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = [...document.errors, ...document.warnings].map(({ code, pos }): Problem => {
    const key = code === 'DUPLICATE_KEY' ? nameAt(document, pos[0]) : '';
    return { file, ...place(pos[0]), key, message: SYNTAX[code] ?? `YAML syntax error (${code})` };
  });
  const secrets = findSecrets(document, (key, offset) => ({
    file,
    ...place(offset),
    key,
    secret: true,
    message:
      'credentials do not belong in this file: set TANDEM_<VENUE>_KEY, _SECRET and _PASSPHRASE in the environment or in .env',
  }));
  const problems = [...syntax, ...secrets];
  if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) return broken(file, problems);
  const data = toData(document);
  if (data === UNUSABLE) {
    const message = 'an alias (*name) has no anchor, aliases repeat too much, or the file is nested too deeply';
    return broken(file, [...problems, { file, ...START, key: '', message }]);
  }
  return {
    file,
    data,
    problems,
    at: (path) => place(offsetOf(document, path)),
    atName: (path) => place(nameOffset(document, path) ?? offsetOf(document, path)),
  };
}

const broken = (file: string, problems: readonly Problem[]): Source => ({
  file,
  data: undefined,
  problems,
  at: () => START,
  atName: () => START,
});

const UNUSABLE = Symbol('unusable');

function toData(document: Document): unknown {
  let deepest = 0;
  visit(document, {
    Node(_, __, ancestors) {
      deepest = Math.max(deepest, ancestors.length);
    },
  });
  // A pair and its value are two steps down.
  if (deepest > 2 * MAX_DEPTH) return UNUSABLE;
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError) return UNUSABLE;
    throw error;
  }
}

function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const isWhole = length === path.length;
    // Something missing is told at the name of the section that lacks it.
    if (!isWhole && length > 0) return nameOffset(document, path.slice(0, length));
    if (isNode(node) && node.range) return node.range[0];
  }
  return undefined;
}

function nameOffset(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return path.length > 1 ? nameOffset(document, path.slice(0, -1)) : undefined;
  const name = String(path.at(-1));
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (pair && isNode(pair.key)) return pair.key.range?.[0];
  return path.length > 1 ? nameOffset(document, path.slice(0, -1)) : undefined;
}

function findSecrets(document: Document, problem: (key: string, offset: number | undefined) => Problem): Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Pair(_, { key, value }, ancestors) {
      if (!isScalar(key)) return undefined;
      const names = ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []));
      const name = String(key.value);
      const dotted = [...names, name].map(displayName).join('.');
      const holds = isSecretField(name) || (isScalar(value) && valueIsSecret(dotted, value.value));
      if (holds || looksSecret(name)) found.push(problem(dotted, key.range?.[0]));
      return undefined;
    },
  });
  return found;
}

/** Dotted name of the key that begins at `offset`; empty when none does. */
function nameAt(document: Document, offset: number): string {
  let found = '';
  visit(document, {
    Pair(_, { key }, ancestors) {
      if (!isScalar(key) || key.range?.[0] !== offset) return undefined;
      const names = ancestors.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []));
      found = [...names, String(key.value)].map(displayName).join('.');
      return visit.BREAK;
    },
  });
  return found;
}

const valueIsSecret = (key: string, value: unknown): boolean =>
  typeof value === 'string' && !mayBeLong(key, value) && looksSecret(value);

/** A path, or words with hyphens that name the account. */
const mayBeLong = (key: string, value: string): boolean =>
  KNOWN_KEYS.get(key)?.path !== undefined || (key === 'account' && /[a-z][-_][a-z]/.test(value));

/** Long, unbroken, letters and digits mixed: no configuration value looks like this, API keys and secrets do. */
export const looksSecret = (text: string): boolean =>
  (/^[\w+/=-]{18,}$/.test(text) && /\d/.test(text) && /[a-z]/i.test(text)) || /-----BEGIN/.test(text);

/** A name as it may be shown: a secret pasted in the wrong place is a name too. */
export const displayName = (name: string): string => (looksSecret(name) ? '[hidden]' : name.slice(0, 60));
