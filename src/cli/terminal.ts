/**
 * Writes to the terminal without ever waiting for it. Node's own stream waits, with the whole process, while nobody reads:
 * a line that was cut or Ctrl-S would stop a bot that holds positions. Entry points: `terminalWriter`, `nonBlocking`.
 */
import { constants, openSync, writeSync } from 'node:fs';

/** False when the text was dropped, because an earlier one has not been taken yet. */
export type TerminalWriter = (text: string) => boolean;

/** The terminal that standard output is, or the controlling one; undefined when neither can be opened a second time. */
export function terminalWriter(): TerminalWriter | undefined {
  for (const path of ['/proc/self/fd/1', '/dev/tty']) {
    try {
      return nonBlocking(openSync(path, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK));
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** `fd` must not block. What it does not take at once of a text is written before the next one. */
export function nonBlocking(fd: number): TerminalWriter {
  let rest = Buffer.alloc(0);
  const drain = (): boolean => {
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      // A terminal that is gone takes nothing more.
      if (!isFull(error)) rest = Buffer.alloc(0);
    }
    return rest.length === 0;
  };
  return (text) => {
    if (!drain()) return false;
    rest = Buffer.from(text);
    drain();
    return true;
  };
}

const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN';
