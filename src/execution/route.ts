/**
 * The traffic split. A pair's place in [0, 1) is a stable hash of its two instruments; it trades live while that place
 * is under the live share. So one hedge never straddles, a pair does not flip between ticks, and raising the share
 * only ever adds pairs.
 */
import type { InstrumentKey, Route } from '../kernel/ids.ts';

/** `liveShare` in 0..1: 0 = everything on paper, 1 = everything live. The order of the two keys does not matter. */
export function routeOf(a: InstrumentKey, b: InstrumentKey, liveShare: number): Route {
  const [first, second] = a < b ? [a, b] : [b, a];
  return placeOf(`${first}~${second}`) < liveShare ? 'live' : 'paper';
}

/** FNV-1a with a final avalanche (MurmurHash3's fmix32), so that similar names spread evenly. */
export function placeOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
