/**
 * The log: pino, one JSON object per line, to standard output or a file. Every line passes one redactor on its way
 * out, whoever wrote it and however deep the secret sits. Logging never throws and never blocks trading (`log-sink.ts`).
 * Entry point: `openLogger`.
 */
import pino from 'pino';
import { iso } from '../kernel/instant.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Sink, type StreamSinkOptions, streamSink } from './log-sink.ts';
import { Redactor } from './redact.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type LogWrite = (fields: object, message: string) => void;

export interface Logger extends Log {
  readonly trace: LogWrite;
  readonly fatal: LogWrite;
  /** A logger whose lines all carry `fields`. */
  child(fields: object): Logger;
  /** Applies to this logger and to every child. */
  setLevel(level: LogLevel): void;
  /** From now on the value is blanked in every line, in any of its usual encodings. */
  registerSecret(value: string): void;
  /** Lines that the sink has given up. */
  lost(): number;
  /** Writes what is buffered; call before the process ends. */
  flush(): void;
}

export interface LoggerOptions extends StreamSinkOptions {
  readonly level: LogLevel;
  /** Stamps the lines. */
  readonly clock: Clock;
  /** Replaces the sink, for tests and for a terminal that shows its own view. */
  readonly write?: (line: string) => void;
  /** Of `write`: what it keeps is written before the process ends. */
  readonly flush?: () => void;
}

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const MAX_ERROR_CAUSES = 4;

/**
 * Fields named `error` or holding an Error anywhere at the top level are written with type, code, message and stack.
 * Throws the system's error when the file cannot be opened.
 */
export function openLogger(options: LoggerOptions): Logger {
  const redactor = new Redactor();
  const sink = options.write ? plainSink(options.write, options.flush) : streamSink(options);
  const threshold = { value: LEVELS.indexOf(options.level) };
  // pino flushes after a fatal line when its stream can.
  const stream = { write: (line: string) => sink.write(clean(redactor, line)), flushSync: sink.flush };
  const root = pino(
    {
      // The threshold is ours, so that one switch reaches children that exist already.
      level: 'trace',
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${iso(options.clock.now())}"`,
      formatters: { level: (level) => ({ level }), log: withErrors },
    },
    stream,
  );
  return facade(root, { redactor, sink, threshold });
}

interface Shared {
  readonly redactor: Redactor;
  readonly sink: Sink;
  readonly threshold: { value: number };
}

function facade(line: pino.Logger, shared: Shared): Logger {
  const writer =
    (level: LogLevel): LogWrite =>
    (fields, message) => {
      if (LEVELS.indexOf(level) >= shared.threshold.value) line[level](fields, message);
    };
  return {
    trace: writer('trace'),
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    fatal: writer('fatal'),
    child: (fields) => facade(line.child(withErrors(fields)), shared),
    setLevel: (level) => {
      shared.threshold.value = LEVELS.indexOf(level);
    },
    registerSecret: (value) => shared.redactor.register(value),
    lost: shared.sink.lost,
    flush: shared.sink.flush,
  };
}

function clean(redactor: Redactor, line: string): string {
  try {
    return `${JSON.stringify(redactor.data(JSON.parse(line)))}\n`;
  } catch {
    // Not JSON after all: what is left is still text that can be searched for secrets.
    return `${redactor.text(line.trimEnd())}\n`;
  }
}

function withErrors(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorFields(value, 0) : value]),
  );
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const inner = cause instanceof Error && depth < MAX_ERROR_CAUSES ? { cause: errorFields(cause, depth + 1) } : {};
  return { type: name, ...code, message, stack, ...inner };
}

function plainSink(write: (line: string) => void, flush: () => void = () => undefined): Sink {
  let lost = 0;
  return {
    write: (line) => {
      try {
        write(line);
      } catch {
        lost += 1;
      }
    },
    flush,
    lost: () => lost,
  };
}
