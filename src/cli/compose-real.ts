/** The real world: system time, real venues, decisions whenever the inbox runs empty. */
import { systemClock } from '../platform/system-clock.ts';
import { systemRandom } from '../platform/system-random.ts';
import type { World } from './compose-world.ts';

export function openRealWorld(): World {
  return {
    clock: systemClock(),
    random: systemRandom(),
    activity: { begin: () => undefined, end: () => undefined },
    lockstep: false,
    hosts: () => undefined,
    run: () => ({ done: new Promise(() => undefined), stop: async () => undefined }),
    close: async () => undefined,
  };
}
