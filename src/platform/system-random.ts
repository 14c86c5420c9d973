/**
 * Randomness behind the `Random` port. `systemRandom` takes its seed from the operating system; `seededRandom`
 * repeats the same draws for the same seed. Not for keys: a stream's state can be computed from its output.
 */
import { createHash, randomBytes } from 'node:crypto';
import { invariant } from '../kernel/assert.ts';
import type { Random } from '../ports/random.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const WARM_UP_DRAWS = 12;

/** Streams that differ in every process. */
export const systemRandom = (): Random => seededRandom(randomBytes(32).toString('hex'));

/** Streams that are the same for the same seed on every machine. */
export function seededRandom(seed: string | number): Random {
  const next = stream(createHash('sha256').update(`tandem:${seed}`).digest());
  return {
    next,
    tag(length) {
      invariant(Number.isSafeInteger(length) && length >= 0, `tag length ${length}`);
      return Array.from({ length }, () => ALPHABET[Math.floor(next() * ALPHABET.length)]).join('');
    },
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, two 32-bit draws make one 53-bit fraction. */
function stream(digest: Buffer): () => number {
  let a = digest.readUInt32LE(0) | 0;
  let b = digest.readUInt32LE(4) | 0;
  let c = digest.readUInt32LE(8) | 0;
  let counter = digest.readUInt32LE(12) | 1;
  const draw = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    c |= 0;
    return mixed >>> 0;
  };
  for (let i = 0; i < WARM_UP_DRAWS; i += 1) draw();
  return () => ((draw() >>> 5) * 67_108_864 + (draw() >>> 6)) / 9_007_199_254_740_992;
}
