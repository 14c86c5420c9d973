/**
 * Ordered delivery of exchange events. Operations publish while they change state and flush when the state is whole,
 * so a listener that trades re-entrantly sees finished state, and its own events come after those already queued.
 */
import { invariant } from '../../kernel/assert.ts';
import type { ExchangeEvent } from './api.ts';

/** Far above what one operation and its re-entrant followers emit; more means listeners feed one another for ever. */
const MAX_QUEUED = 100_000;

export class EventQueue {
  readonly #listeners = new Set<(event: ExchangeEvent) => void>();
  #queue: ExchangeEvent[] = [];
  #delivering = false;

  listen(listener: (event: ExchangeEvent) => void): () => void {
    // A wrapper of its own, so that one function listening twice is two listeners.
    const own = (event: ExchangeEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  publish(event: ExchangeEvent): void {
    if (this.#listeners.size === 0) return;
    invariant(this.#queue.length < MAX_QUEUED, `exchange listeners queued more than ${MAX_QUEUED} events`);
    this.#queue.push(event);
  }

  /** Delivers everything queued; nested calls return at once and the outer one delivers. */
  flush(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = 0; next < this.#queue.length; next += 1) {
        const event = this.#queue[next];
        if (event) for (const listener of [...this.#listeners]) listener(event);
      }
    } finally {
      this.#queue = [];
      this.#delivering = false;
    }
  }
}
