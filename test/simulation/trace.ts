/** What happened, line by line: hashed always, kept when asked for. The same seed gives the same hash. */
import { createHash } from 'node:crypto';

const CHUNK = 512;

export class Trace {
  readonly lines: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #keep: boolean;
  readonly #clock: { readonly now: number };
  readonly #startAt: number;
  #waiting: string[] = [];

  constructor(clock: { readonly now: number }, keep: boolean) {
    this.#clock = clock;
    this.#startAt = clock.now;
    this.#keep = keep;
  }

  add(text: string): void {
    const line = `${this.#clock.now - this.#startAt} ${text}`;
    this.#waiting.push(line);
    if (this.#keep) this.lines.push(line);
    if (this.#waiting.length >= CHUNK) this.#flush();
  }

  /** Ends the trace. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex').slice(0, 16);
  }

  #flush(): void {
    this.#hash.update(`${this.#waiting.join('\n')}\n`);
    this.#waiting = [];
  }
}

/** `01:02:03.004` into the run. */
export function clockText(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${String(ms % 1_000).padStart(3, '0')}`;
}
