/**
 * Virtual time: one heap of events keyed (instant, seeded tiebreak, sequence). Whatever happens in a world is an event
 * of this heap; nothing runs between events but the microtasks of the one before.
 */
import type { CancelTimer } from '../../src/ports/clock.ts';
import type { Random } from '../../src/ports/random.ts';

interface Entry {
  readonly at: number;
  readonly tie: number;
  readonly sequence: number;
  fire: (() => void) | undefined;
}

export class Scheduler {
  now: number;
  /** Events fired so far. */
  fired = 0;
  readonly #heap: Entry[] = [];
  readonly #ties: Random;
  #sequence = 0;

  constructor(startAt: number, ties: Random) {
    this.now = startAt;
    this.#ties = ties;
  }

  /** Runs `fire` once `delayMs` from now. Events of one instant run in a seeded order, unless `tie` says where. */
  after(delayMs: number, fire: () => void, tie?: number): CancelTimer {
    const at = this.now + Math.ceil(Math.max(0, delayMs));
    const entry: Entry = { at, tie: tie ?? this.#ties.next(), sequence: this.#sequence++, fire };
    this.#push(entry);
    return () => {
      entry.fire = undefined;
    };
  }

  /** Instant of the next event; cancelled ones are forgotten on the way. */
  nextAt(): number | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (first.fire) return first.at;
      this.#pop();
    }
    return undefined;
  }

  /** Fires the next event. */
  step(): void {
    const entry = this.#pop();
    if (!entry?.fire) return;
    this.now = Math.max(this.now, entry.at);
    this.fired += 1;
    entry.fire();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let slot = heap.length;
    while (slot > 0) {
      const parentSlot = (slot - 1) >> 1;
      const parent = heap[parentSlot];
      if (!parent || !before(entry, parent)) break;
      heap[slot] = parent;
      slot = parentSlot;
    }
    heap[slot] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || top === last) return top;
    let slot = 0;
    for (;;) {
      const leftSlot = 2 * slot + 1;
      const left = heap[leftSlot];
      if (!left) break;
      const right = heap[leftSlot + 1];
      const childSlot = right && before(right, left) ? leftSlot + 1 : leftSlot;
      const child = heap[childSlot];
      if (!child || !before(child, last)) break;
      heap[slot] = child;
      slot = childSlot;
    }
    heap[slot] = last;
    return top;
  }
}

const before = (a: Entry, b: Entry): boolean =>
  a.at !== b.at ? a.at < b.at : a.tie !== b.tie ? a.tie < b.tie : a.sequence < b.sequence;
