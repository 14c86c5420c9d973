/** The notes of a call are those of its own transport, and many transports cost a promise no more than one. */
import { executionAsyncResource } from 'node:async_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/platform/system-clock.ts';
import { run } from '../../src/venues/call.ts';
import { factsOf } from '../../src/venues/registry.ts';
import { type CallNotes, createTransport, type Transport } from '../../src/venues/transport.ts';

const made: Transport[] = [];
afterEach(() => {
  for (const transport of made.splice(0)) transport.close();
});

function transport(): Transport {
  const one = createTransport({
    hosts: { 'nowhere.test': 'http://127.0.0.1:1' },
    ioClock: systemClock(),
    timeoutMs: 1_000,
  });
  made.push(one);
  return one;
}
const call = (): CallNotes => ({ urgency: 'poll', requests: [] });

describe('the notes of a call', () => {
  it('are its own, and hold only the requests of its own transport', async () => {
    const [one, other] = [transport(), transport()];
    const notes = call();
    await one.noting(notes, async () => {
      await Promise.resolve();
      expect(one.notes()).toBe(notes);
      expect(other.notes()).toBeUndefined();
      await Promise.allSettled([
        one.fetch('https://nowhere.test/mine', {}),
        other.fetch('https://nowhere.test/not', {}),
      ]);
    });
    expect(notes.requests.map(({ url, sent, errorCode }) => ({ url, sent, errorCode }))).toEqual([
      { url: 'https://nowhere.test/mine', sent: false, errorCode: 'ECONNREFUSED' },
    ]);
    expect(one.notes()).toBeUndefined();
  });

  it('are one entry in what Node copies to every promise, however many transports made calls', async () => {
    const storages = (): number => Object.getOwnPropertySymbols(executionAsyncResource()).length;
    const within = async (left: number): Promise<number> => {
      await Promise.resolve();
      return left === 0 ? storages() : transport().noting(call(), () => within(left - 1));
    };
    const withOne = await within(1);
    expect(await within(20)).toBe(withOne);
  });
});

it('a failed call is told by the request that has failed, not by a later one that has no end yet', async () => {
  const one = transport();
  const facts = factsOf('bybit');
  if (!facts) throw new Error('no bybit');
  const failed = await run(facts, one, systemClock(), { urgency: 'poll' }, async () => {
    const [first, second] = ['first', 'second'].map((path) => ({
      method: 'GET',
      url: `https://nowhere.test/${path}`,
      sent: false,
    }));
    if (!first || !second) throw new Error('two');
    one.notes()?.requests.push({ ...first, errorCode: 'ENOTFOUND' }, second);
    throw new Error('ccxt gives up with the first');
  });
  expect(failed).toMatchObject({ ok: false, code: 'network_ENOTFOUND', detail: 'GET /first' });
});
