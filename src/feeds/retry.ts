/** Own pacing of attempts, on real time: exponential with jitter, without end until stopped. */
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/** Runs `attempt` until it returns something; undefined when `signal` aborted first. */
export async function keepTrying<T>(
  pacing: { readonly ioClock: Clock; readonly random: Random },
  signal: AbortSignal,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const result = await attempt();
    if (result !== undefined) return signal.aborted ? undefined : result;
    const ceiling = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    await pause(pacing.ioClock, ceiling * (0.5 + 0.5 * pacing.random.next()), signal);
  }
  return undefined;
}

function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
