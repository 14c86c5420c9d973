/**
 * Seeded randomness: the same seed gives the same numbers on every machine. Entry point: `createSeededRandom`.
 *
 * Generator: sfc32 (Chris Doty-Humphrey, PractRand), state filled from the seed text with the MurmurHash3 mixer.
 */
import { invariant } from '../kernel/assert.ts';
import type { Random } from '../ports/random.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const UINT32_RANGE = 4_294_967_296;
/** sfc32 needs about a dozen rounds before its output no longer shows the seed. */
const WARM_UP_ROUNDS = 15;

/** A root stream. A number and its decimal text are the same seed. */
export function createSeededRandom(seed: string | number): Random {
  return stream(String(seed));
}

/** Standard normal variate from two draws (Box-Muller, one of the pair kept so that no state is hidden). */
export function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

function stream(path: string): Random {
  const draw = sfc32(path);
  return {
    next: () => draw() / UINT32_RANGE,
    tag(length: number): string {
      invariant(Number.isInteger(length) && length >= 0, `tag length ${length}`);
      let text = '';
      while (text.length < length) text += ALPHABET[Math.floor((draw() / UINT32_RANGE) * ALPHABET.length)];
      return text;
    },
    // Seeded by the path of names alone, never by how much was drawn. The length keeps `a`+`bc` apart from `ab`+`c`.
    fork: (name: string) => stream(`${path}\u0000${name.length}\u0000${name}`),
  };
}

/** Uniform 32-bit integers. */
function sfc32(seedText: string): () => number {
  const word = murmurWords(seedText);
  let a = word();
  let b = word();
  let c = word();
  let counter = 1;
  const draw = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) draw();
  return draw;
}

/** MurmurHash3 over the text's UTF-16 units; each call finalises into another 32-bit word. */
function murmurWords(seedText: string): () => number {
  let hash = 1_779_033_703 ^ seedText.length;
  for (let i = 0; i < seedText.length; i++) {
    hash = Math.imul(hash ^ seedText.charCodeAt(i), 3_432_918_353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
    hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
    hash ^= hash >>> 16;
    return hash | 0;
  };
}
