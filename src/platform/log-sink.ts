/**
 * Lines to a file or to standard output, in order and without waiting: one write is under way at a time, what waits is
 * bounded, and what cannot be written is tried again until it can. `flush` waits, but never for long: a full disk, or a
 * reader that has stopped reading, must not keep a process from ending. Entry point: `streamSink`.
 */
import { mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Sink {
  /** Never throws. */
  write(line: string): void;
  /** Writes what waits, within a second, or gives it up. Never throws. */
  flush(): void;
  /** Lines that were given up. */
  lost(): number;
}

export interface StreamSinkOptions {
  /** Appended to; made with mode 0600, its folder with 0700. Absent: standard output. */
  readonly file?: string;
  /** Told once when lines cannot be written, and once when they can again. */
  readonly onTrouble?: (message: string) => void;
}

/** A sink that is stuck costs at most this much memory; then lines are lost. */
const MAX_WAITING_BYTES = 4 * 1_048_576;
const RETRY_MS = 250;
const FLUSH_MS = 1_000;
const FLUSH_PAUSE_MS = 10;
const STDOUT = 1;

/** Throws the system's error when the file cannot be opened. */
export function streamSink({ file, onTrouble }: StreamSinkOptions): Sink {
  if (file === undefined) return new StreamSink(STDOUT, onTrouble);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return new StreamSink(openSync(file, 'a', 0o600), onTrouble);
}

class StreamSink implements Sink {
  readonly #fd: number;
  readonly #tell: (message: string) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isUnderWay = false;
  #isInTrouble = false;
  #lost = 0;

  constructor(fd: number, tell: (message: string) => void = () => undefined) {
    this.#fd = fd;
    this.#tell = tell;
  }

  readonly lost = (): number => this.#lost;

  readonly write = (line: string): void => {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#lost += 1;
      this.#troubled('it is too slow, and lines are lost');
      return;
    }
    this.#keep(bytes);
    this.#soon(0);
  };

  /** What is being written at this moment is on its way already. */
  readonly flush = (): void => {
    const untilMs = performance.now() + FLUSH_MS;
    for (let rest = this.#take(); rest.length > 0; ) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        if (!isBusy(error) || performance.now() >= untilMs) {
          this.#lost += linesIn(rest);
          return;
        }
        sleep(FLUSH_PAUSE_MS);
      }
    }
  };

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #take(): Buffer {
    const all = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return all;
  }

  /** Not at once, so that a flush right behind a line writes it itself, and lines of one burst go together. */
  #soon(delayMs: number): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    if (delayMs === 0) setImmediate(this.#begin);
    else setTimeout(this.#begin, delayMs).unref();
  }

  readonly #begin = (): void => {
    const bytes = this.#take();
    if (bytes.length === 0) {
      this.#isUnderWay = false;
      return;
    }
    write(this.#fd, bytes, (error, count) => {
      this.#isUnderWay = false;
      const rest = bytes.subarray(error ? 0 : count);
      if (rest.length > 0) {
        this.#waiting.unshift(rest);
        this.#waitingBytes += rest.length;
      }
      if (error && !isBusy(error)) this.#troubled(error.message);
      if (!error) this.#recovered();
      if (this.#waiting.length > 0) this.#soon(error ? RETRY_MS : 0);
    });
  };

  #troubled(why: string): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#tell(`the log cannot be written: ${why}`);
  }

  #recovered(): void {
    if (!this.#isInTrouble) return;
    this.#isInTrouble = false;
    this.#tell(`the log is written again; lines lost since the start: ${this.#lost}`);
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** There is nothing else to do: the process is ending. */
const sleep = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
