/** The log while the terminal shows the status: lines to a file, the newest serious ones kept for the screen. */
import { streamSink } from '../platform/log-sink.ts';

export interface ScreenLog {
  readonly file: string;
  /** One log line, as the logger made it. */
  write(line: string): void;
  /** What waits, before the process ends. */
  flush(): void;
  /** Warnings and worse, oldest first, and whether the file can be written. */
  notices(): readonly string[];
}

const KEPT = 3;
const SERIOUS: ReadonlySet<unknown> = new Set(['warn', 'error', 'fatal']);

/** Throws the system's error when the file cannot be opened. */
export function openScreenLog(file: string): ScreenLog {
  let trouble: string | undefined;
  const sink = streamSink({
    file,
    onTrouble: (message) => {
      trouble = `${message} (${file})`;
    },
  });
  const kept: string[] = [];
  return {
    file,
    flush: sink.flush,
    write: (line) => {
      sink.write(line);
      const notice = noticeOf(line);
      if (notice === undefined || kept.at(-1) === notice) return;
      kept.push(notice);
      if (kept.length > KEPT) kept.shift();
    },
    notices: () => (trouble === undefined ? kept : [...kept, trouble].slice(-KEPT)),
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
