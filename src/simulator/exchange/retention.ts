/** Bounded memory of what happened: newest entries are kept, oldest forgotten. */

/** Keeps the newest `capacity` items, oldest first. Amortised constant time per item. */
export class NewestItems<T> {
  readonly #capacity: number;
  readonly #forget: ((item: T) => void) | undefined;
  #items: T[] = [];

  constructor(capacity: number, forget?: (item: T) => void) {
    this.#capacity = capacity;
    this.#forget = forget;
  }

  push(item: T): void {
    this.#items.push(item);
    // Cutting a quarter at a time keeps the copy out of the common path.
    if (this.#items.length <= this.#capacity * 1.25) return;
    const dropped = this.#items.splice(0, this.#items.length - this.#capacity);
    if (this.#forget) for (const old of dropped) this.#forget(old);
  }

  /** A copy, oldest first, of the items that pass. */
  list(keep?: (item: T) => boolean): readonly T[] {
    return keep ? this.#items.filter(keep) : this.#items.slice();
  }
}
