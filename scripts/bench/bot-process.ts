/** The built bot in a process of its own, on a configuration derived from one of `config/`, watched from outside. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

export interface BotFolder {
  readonly folder: string;
  readonly config: string;
  remove(): void;
}

/** A copy of `config/<name>` with some keys replaced and its ledger in a folder of its own. */
export function botFolder(
  name: string,
  keys: (folder: string) => Readonly<Record<string, string | number>> = () => ({}),
): BotFolder {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'));
  const document = parseDocument(readFileSync(join(ROOT, 'config', name), 'utf8'));
  for (const [key, value] of Object.entries({ 'ledger.path': join(folder, 'bot.db'), ...keys(folder) })) {
    document.setIn(key.split('.'), value);
  }
  const config = join(folder, name);
  writeFileSync(config, document.toString());
  return { folder, config, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface BotProcess {
  readonly child: ChildProcess;
  /** Monotonic ms at which it was spawned. */
  readonly startedAt: number;
  /** Ms from the spawn to the first line that contains `text`; rejects when it ends first. */
  seen(text: string): Promise<number>;
  /** Exit code; rejects on a signal. */
  readonly ended: Promise<number>;
  /** Everything it wrote, for the error of a failed run. */
  output(): string;
  stop(): Promise<void>;
}

export function startBot(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): BotProcess {
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm does not pass signals on in every version: the whole group is told.
    detached: true,
  });
  const lines: string[] = [];
  const waiting: { readonly text: string; readonly found: (ms: number) => void; readonly lost: (e: Error) => void }[] =
    [];
  const onLine = (line: string): void => {
    const at = performance.now() - startedAt;
    lines.push(line);
    if (lines.length > 5_000) lines.shift();
    for (const each of waiting) if (line.includes(each.text)) each.found(at);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', onLine);
  const output = (): string => lines.slice(-40).join('\n');
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const each of waiting) each.lost(new Error(`ended without "${each.text}":\n${output()}`));
      if (code === null) reject(new Error(`ended by ${signal}:\n${output()}`));
      else resolve(code);
    });
  });
  ended.catch(() => undefined);
  return {
    child,
    startedAt,
    seen: (text) => new Promise((found, lost) => waiting.push({ text, found, lost })),
    ended,
    output,
    stop: async () => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
      await ended.catch(() => undefined);
    },
  };
}

/** Resident set of a process in MB (10^6 bytes); undefined when it has ended. */
export function residentMb(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const kib = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim());
    return kib > 0 ? (kib * 1024) / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
