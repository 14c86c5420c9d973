/** The newest of what happened within a while, by the monotonic clock. Bounded: beyond `most` the oldest is forgotten. */
export class SlidingWindow<T> {
  readonly #most: number;
  #items: { readonly atMs: number; readonly value: T }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** `atMs`: never before that of the last one. */
  add(atMs: number, value: T): void {
    this.#items.push({ atMs, value });
    // Cut in halves, so that a full window does not move all of it for every item.
    if (this.#items.length >= 2 * this.#most) this.#items = this.#items.slice(-this.#most);
  }

  /** Oldest first. Looks back from the newest: a full window holds far more than the last minutes. */
  since(atMs: number): T[] {
    const items = this.#items;
    const first = Math.max(0, items.length - this.#most);
    let from = items.length;
    while (from > first && (items[from - 1]?.atMs ?? 0) > atMs) from -= 1;
    return items.slice(from).map(({ value }) => value);
  }

  clear(): void {
    this.#items = [];
  }
}
