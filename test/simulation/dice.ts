/** Draws from one named stream of a seed. */
import type { Random } from '../../src/ports/random.ts';

export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return this.#random.next();
  }

  chance(probability: number): boolean {
    return this.#random.next() < probability;
  }

  /** Uniform in [least, most). */
  between(least: number, most: number): number {
    return least + (most - least) * this.#random.next();
  }

  /** Whole, both ends included. */
  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random.next() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** `count` distinct items, in the order of the list. */
  some<T>(items: readonly T[], count: number): T[] {
    const left = items.map((item, at) => ({ item, at }));
    const picked: { item: T; at: number }[] = [];
    while (picked.length < count && left.length > 0) {
      picked.push(...left.splice(Math.floor(this.#random.next() * left.length), 1));
    }
    return picked.sort((a, b) => a.at - b.at).map(({ item }) => item);
  }
}
