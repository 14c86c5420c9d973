/**
 * Lines to a file or to standard output, in order and without waiting: one write is under way at a time, what waits is
 * bounded, and what cannot be written is tried again until it can. `flush` waits, but never for long: a full disk, or a
 * reader that has stopped reading, must not keep a process from ending. A file that was renamed or removed, as log
 * rotation does, is made anew. Entry point: `streamSink`.
 */
import { closeSync, fstatSync, mkdirSync, openSync, statSync, write, writeSync } from 'node:fs';
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
  /** Told once when lines cannot be written, once when they can again, and when another file is written. */
  readonly onTrouble?: (message: string) => void;
}

/** A sink that is stuck costs at most this much memory; then lines are lost. */
const MAX_WAITING_BYTES = 4 * 1_048_576;
const RETRY_MS = 250;
const FLUSH_MS = 1_000;
const FLUSH_PAUSE_MS = 10;
/** How often it is looked whether the file still has its name. */
const LOOK_MS = 2_000;
/** A write to a pipe that is under way cannot be seen to end; it does at once unless nobody reads. */
const UNSEEN_MS = 20;
const STDOUT = 1;

/** Throws the system's error when the file cannot be opened. */
export function streamSink({ file, onTrouble }: StreamSinkOptions): Sink {
  return new StreamSink(file, onTrouble);
}

class StreamSink implements Sink {
  readonly #file: string | undefined;
  readonly #tell: (message: string) => void;
  #fd: number;
  #lookedMs = performance.now();
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isUnderWay = false;
  /** While bytes are being written: how long the file is then; undefined for a pipe. */
  #writing: { readonly until: number | undefined } | undefined;
  #isInTrouble = false;
  #isAstray = false;
  #lost = 0;

  constructor(file: string | undefined, tell: (message: string) => void = () => undefined) {
    this.#file = file;
    this.#fd = file === undefined ? STDOUT : opened(file);
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

  readonly flush = (): void => {
    const untilMs = performance.now() + FLUSH_MS;
    this.#awaitWriting(untilMs);
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

  /** What is being written at this moment, by another thread, comes before what waits. */
  #awaitWriting(untilMs: number): void {
    if (!this.#writing) return;
    const { until } = this.#writing;
    if (until === undefined) return sleep(UNSEEN_MS);
    while ((lengthOf(this.#fd) ?? until) < until && performance.now() < untilMs) sleep(1);
  }

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
    this.#follow();
    const before = lengthOf(this.#fd);
    this.#writing = { until: before === undefined ? undefined : before + bytes.length };
    write(this.#fd, bytes, (error, count) => {
      this.#isUnderWay = false;
      this.#writing = undefined;
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

  /** Only between two writes. What was written since the file lost its name is in the one that has a new name. */
  #follow(): void {
    const nowMs = performance.now();
    if (this.#file === undefined || nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    try {
      if (isSame(this.#file, this.#fd)) return;
      const fd = opened(this.#file);
      closeSync(this.#fd);
      this.#fd = fd;
      this.#isAstray = false;
      this.#tell(`the log file was moved or removed; a new one is written`);
    } catch (error) {
      if (this.#isAstray) return;
      this.#isAstray = true;
      this.#tell(`the log file was moved or removed, and no new one can be made: ${error}`);
    }
  }

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

function opened(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return openSync(file, 'a', 0o600);
}

function isSame(file: string, fd: number): boolean {
  const there = statSync(file, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return there?.dev === open.dev && there.ino === open.ino;
}

/** Of a regular file; undefined for a pipe or a terminal, and when it cannot be asked. */
function lengthOf(fd: number): number | undefined {
  try {
    const about = fstatSync(fd);
    return about.isFile() ? about.size : undefined;
  } catch {
    return undefined;
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
