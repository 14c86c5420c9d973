/** Counts work in flight for the lockstep driver. Entry point: `createActivity`. */
import { invariant } from '../kernel/assert.ts';
import type { Activity } from '../ports/activity.ts';

export interface CountedActivity extends Activity {
  /** Pieces of work under way. */
  busy(): number;
  /** Pieces of work that ended since the start; rising means progress. */
  completed(): number;
  /**
   * Resolves when nothing is under way; at once when that is so already. New work may have begun by the time the
   * caller runs again: check `busy()`.
   */
  idle(): Promise<void>;
}

/** An idle counter. `end` without `begin` throws: it would let time pass under work that is still going on. */
export function createActivity(): CountedActivity {
  let busy = 0;
  let completed = 0;
  let waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  return {
    begin(): void {
      busy++;
    },
    end(): void {
      invariant(busy > 0, 'activity ended more often than it began');
      busy--;
      completed++;
      if (busy > 0) return;
      waiting?.resolve();
      waiting = undefined;
    },
    busy: () => busy,
    completed: () => completed,
    idle(): Promise<void> {
      if (busy === 0) return Promise.resolve();
      waiting ??= deferred();
      return waiting.promise;
    },
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
