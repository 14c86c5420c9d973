/** The project's own files as text, for rules about them. Entry points: `filesBelow`, `codeOf`, `importsOf`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const GENERATED = new Set(['node_modules', 'dist', 'dist.next', 'dist.old', 'dist.sim', 'data', '.git']);

/** Every file below a folder of the project (`.` for all of it), without what is generated or installed. */
export function filesBelow(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (GENERATED.has(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [{ path, text: readFileSync(join(ROOT, path), 'utf8') }] : [];
  });
}

/** Strings, templates, regular expressions and comments are all matched, so that none hides in another. */
const TOKENS =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g;

/** The text without comments. */
export const codeOf = (text: string): string =>
  text.replace(TOKENS, (token) => (token.startsWith('/*') || token.startsWith('//') ? ' ' : token));

/** The comments alone. */
export const commentsOf = (text: string): string =>
  [...text.matchAll(TOKENS)]
    .map(([token]) => token)
    .filter((token) => token.startsWith('/*') || token.startsWith('//'))
    .join('\n');

export interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

/** Static and dynamic imports and re-exports. */
export function importsOf(text: string): readonly Import[] {
  const code = codeOf(text);
  const statements = [...code.matchAll(/\b(?:import|export)\s+(type\s)?(?:[\w$*\s{},]+?\sfrom\s*)?['"]([^'"]+)['"]/g)];
  const calls = [...code.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g)];
  return [
    ...statements.map(([, type, from]) => ({ from: from ?? '', typeOnly: type !== undefined })),
    ...calls.map(([, from]) => ({ from: from ?? '', typeOnly: false })),
  ];
}
