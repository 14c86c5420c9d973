/** The log while the terminal shows the status: lines to a file, the newest serious ones kept for the screen. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ScreenLog {
  readonly file: string;
  /** One log line, as the logger made it. */
  write(line: string): void;
  /** Warnings and worse, oldest first. */
  notices(): readonly string[];
}

const KEPT = 3;
/** A disk that is stuck costs at most this much memory; then lines are lost. */
const MAX_BUFFERED_BYTES = 4 * 1_048_576;
const SERIOUS: ReadonlySet<unknown> = new Set(['warn', 'error', 'fatal']);

export function openScreenLog(file: string): ScreenLog {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  let lost = 0;
  // A full disk must not end the bot; the screen says that lines are missing.
  stream.on('error', () => {
    lost += 1;
  });
  const kept: string[] = [];
  return {
    file,
    write: (line) => {
      if (stream.destroyed || stream.writableLength > MAX_BUFFERED_BYTES) lost += 1;
      else stream.write(line);
      const notice = noticeOf(line);
      if (notice === undefined || kept.at(-1) === notice) return;
      kept.push(notice);
      if (kept.length > KEPT) kept.shift();
    },
    notices: () => (lost > 0 ? [...kept, `${lost} log lines could not be written to ${file}`].slice(-KEPT) : kept),
  };
}

function noticeOf(line: string): string | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null || !('level' in fields) || !SERIOUS.has(fields.level))
    return undefined;
  const { time, level, message, action, key, after, problem, subject, account, code } = fields as Record<
    string,
    unknown
  >;
  const clockTime = typeof time === 'string' ? time.slice(11, 19) : '';
  // A command, a changed key and a problem of the file say what they are; the rest is about an account or a hedge.
  const named = [action, key === undefined ? undefined : `${key} = ${after}`, problem, subject, account];
  const about = named.find((value) => typeof value === 'string' && value !== '');
  const why = typeof code === 'string' ? ` (${code})` : '';
  return `${clockTime} ${String(level)}${about === undefined ? '' : ` ${about}:`} ${String(message ?? '')}${why}`.trim();
}
