import { describe, expect, it } from 'vitest';
import { createActivity } from '../../src/simulator/activity.ts';

describe('activity', () => {
  it('is idle at once when nothing is under way, else when the last piece ends', async () => {
    const activity = createActivity();
    await activity.idle();
    activity.begin();
    activity.begin();
    let isIdle = false;
    const waiting = activity.idle().then(() => {
      isIdle = true;
    });
    activity.end();
    await Promise.resolve();
    expect([activity.busy(), isIdle]).toEqual([1, false]);
    activity.end();
    await waiting;
    expect([activity.busy(), activity.completed(), isIdle]).toEqual([0, 2, true]);
  });

  it('ended-twice: throws, because time would pass under work that goes on', () => {
    const activity = createActivity();
    activity.begin();
    activity.end();
    expect(() => activity.end()).toThrow(/more often/);
  });
});
