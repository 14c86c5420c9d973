/**
 * The one door into the engine. Order is arrival order; a newer quote replaces an unread older one of the same
 * instrument and kind in its place, so a burst of market data can never push out a fill. Everything else is kept.
 */
import type { MarketEvent } from '../market/event.ts';
import type { EngineEvent } from './events.ts';

export class Inbox {
  #queue: EngineEvent[] = [];
  readonly #quoteAt = new Map<string, number>();

  push(event: EngineEvent): void {
    const quote = event.kind === 'market' ? quoteId(event.event) : undefined;
    if (quote !== undefined) {
      const at = this.#quoteAt.get(quote);
      if (at !== undefined) {
        this.#queue[at] = event;
        return;
      }
      this.#quoteAt.set(quote, this.#queue.length);
    }
    this.#queue.push(event);
  }

  /** Takes everything that is there. */
  drain(): readonly EngineEvent[] {
    const taken = this.#queue;
    this.#queue = [];
    this.#quoteAt.clear();
    return taken;
  }

  get size(): number {
    return this.#queue.length;
  }
}

/** What may be coalesced: bounded by instruments x kinds, so the queue is bounded by that plus orders in flight. */
function quoteId(event: MarketEvent): string | undefined {
  switch (event.kind) {
    case 'book':
      return `b${event.book.key}`;
    case 'funding':
      return `f${event.quote.key}`;
    case 'mark':
      return `m${event.mark.key}`;
    default:
      return undefined;
  }
}
