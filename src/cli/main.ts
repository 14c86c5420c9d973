#!/usr/bin/env node
/** The `tandem` command: this process's terminal and environment, and its exit code. Everything else is in `program.ts`. */
import type { Io } from './context.ts';
import { runProgram } from './program.ts';
import { type TerminalWriter, terminalWriter } from './terminal.ts';

const { stdout, stderr, env } = process;
// The reader of a pipe may leave early; what it did not want is no failure.
stdout.on('error', () => undefined);
stderr.on('error', () => undefined);

let painter: TerminalWriter | undefined;
const io: Io = {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  paint: (text) => {
    painter ??= terminalWriter() ?? ((each) => stdout.write(each));
    return painter(text);
  },
  env,
  interactive: stdout.isTTY === true,
  color: stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
  size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
};

/** A reader that has stopped reading, and does not hang up, is not waited for longer. */
const UNREAD_MS = 5_000;

/** What does not fit into a pipe at once is written when its reader has made room: exiting would cut it off. */
const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((settle) => void stream.write('', () => settle()));

const code = await runProgram(process.argv.slice(2), io);
// Whatever else a command leaves open (a socket that lingers) must not keep the shell waiting.
const exit = (): never => process.exit(code);
const { systemClock } = await import('../platform/system-clock.ts');
systemClock().after(UNREAD_MS, exit);
await Promise.all([written(stdout), written(stderr)]);
exit();
