/**
 * The one door into the engine. Order is arrival order; a newer quote replaces an unread older one of the same
 * instrument and kind in its place, so a burst of market data can never push out a fill. Everything else is kept.
 */
import type { Instant } from '../kernel/instant.ts';
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

  /** Our wall clock has jumped since these were stamped: frames keep their age. */
  followJump(jumpMs: number): void {
    this.#queue = this.#queue.map((each) =>
      each.kind === 'market' ? { kind: 'market', event: moved(each.event, jumpMs) } : each,
    );
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

function moved(event: MarketEvent, byMs: number): MarketEvent {
  const later = <T extends { readonly receivedAt: Instant }>(frame: T): T => ({
    ...frame,
    receivedAt: frame.receivedAt + byMs,
  });
  switch (event.kind) {
    case 'book':
      return { kind: 'book', book: later(event.book) };
    case 'funding':
      return { kind: 'funding', quote: later(event.quote) };
    case 'mark':
      return { kind: 'mark', mark: later(event.mark) };
    default:
      return event;
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
