/** The newest of what happened within a while, by the monotonic clock. Bounded: beyond `most` the oldest is forgotten. */
export class SlidingWindow<T> {
  readonly #most: number;
  #items: { readonly atMs: number; readonly value: T }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(atMs: number, value: T): void {
    this.#items.push({ atMs, value });
    // Cut in halves, so that a full window does not move all of it for every item.
    if (this.#items.length >= 2 * this.#most) this.#items = this.#items.slice(-this.#most);
  }

  /** Oldest first. */
  since(atMs: number): T[] {
    return this.#items
      .slice(-this.#most)
      .filter((item) => item.atMs > atMs)
      .map(({ value }) => value);
  }

  clear(): void {
    this.#items = [];
  }
}
