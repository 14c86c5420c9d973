/** Own pacing of attempts, on real time: exponential with jitter, without end until stopped. */
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
/** What has not failed for so long begins with the shortest pause again. */
const CALM_MS = 60_000;

export interface Pacing {
  readonly ioClock: Clock;
  readonly random: Random;
}

/** Makes a watch call: it resolves on its next frame and rejects when its connection ends; undefined: nothing is left to watch. */
export type Watch = () => Promise<unknown> | undefined;
/** Begins to make a watch call again and again. */
export type Keep = (watch: Watch) => void;

/** Runs `attempt` until it returns something; undefined when `signal` aborted first. */
export async function keepTrying<T>(
  pacing: Pacing,
  signal: AbortSignal,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const result = await attempt();
    if (result !== undefined) return signal.aborted ? undefined : result;
    await pauseAfter(pacing, signal, failures);
  }
  return undefined;
}

/**
 * One watch call after another until stopped, or until nothing is left to watch. One that fails again soon, though frames
 * came in between, costs the venue as much as before, so its pauses go on growing.
 * One whose connection was cut from here has not failed: it is made again after the shortest pause.
 */
export async function keepWatching(
  pacing: Pacing,
  signal: AbortSignal,
  watch: Watch,
  listener: { told(value: unknown): void; failed(error: unknown): void; cuts(): number },
): Promise<void> {
  let failures = 0;
  let failedMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const cutsBefore = listener.cuts();
    try {
      const next = watch();
      if (next === undefined) return;
      listener.told(await next);
    } catch (error) {
      if (signal.aborted) return;
      listener.failed(error);
      if (listener.cuts() !== cutsBefore) {
        await pauseAfter(pacing, signal, 0);
        continue;
      }
      if (pacing.ioClock.monotonicMs() - failedMs > CALM_MS) failures = 0;
      await pauseAfter(pacing, signal, failures);
      failures += 1;
      failedMs = pacing.ioClock.monotonicMs();
    }
  }
}

/** The pause after a failure; `before`: failures that it follows. Ends early when `signal` aborts. */
function pauseAfter(pacing: Pacing, signal: AbortSignal, before: number): Promise<void> {
  const ceiling = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(before, 10));
  return pause(pacing.ioClock, ceiling * (0.5 + 0.5 * pacing.random.next()), signal);
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
