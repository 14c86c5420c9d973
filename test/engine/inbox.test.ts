import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { Inbox } from '../../src/engine/inbox.ts';

const book = (key: string, n: number): EngineEvent => ({
  kind: 'market',
  event: { kind: 'book', book: { key, bids: [], asks: [], venueAt: n, receivedAt: n } },
});
const mark = (key: string, n: number): EngineEvent => ({
  kind: 'market',
  event: { kind: 'mark', mark: { key, mark: n, venueAt: n, receivedAt: n } },
});
const submitted = (n: number): EngineEvent => ({
  kind: 'submitted',
  tookMs: 1,
  clientOrderId: `order${n}`,
  outcome: { kind: 'acked', venueOrderId: `${n}` },
});

describe('inbox', () => {
  it('fault-40-burst-pushes-out-a-fill: quotes are coalesced, everything else is kept in order', () => {
    const event = fc.oneof(
      fc.tuple(fc.constant('book' as const), fc.constantFrom('a', 'b')),
      fc.tuple(fc.constant('mark' as const), fc.constantFrom('a', 'b')),
      fc.tuple(fc.constant('submitted' as const), fc.constant('')),
      fc.tuple(fc.constant('drain' as const), fc.constant('')),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (script) => {
        const inbox = new Inbox();
        const taken: EngineEvent[] = [];
        const kept: EngineEvent[] = [];
        const newest = new Map<string, EngineEvent>();
        for (const [n, [kind, key]] of script.entries()) {
          if (kind === 'drain') {
            const batch = inbox.drain();
            const quotes = batch.filter((each) => each.kind === 'market');
            // One of each, and it is the newest.
            expect(new Set(quotes)).toEqual(new Set(newest.values()));
            expect(quotes).toHaveLength(newest.size);
            newest.clear();
            taken.push(...batch);
            continue;
          }
          const each = kind === 'book' ? book(key, n) : kind === 'mark' ? mark(key, n) : submitted(n);
          if (kind === 'submitted') kept.push(each);
          else newest.set(kind + key, each);
          inbox.push(each);
        }
        taken.push(...inbox.drain());
        expect(taken.filter((each) => each.kind === 'submitted')).toEqual(kept);
        expect(inbox.size).toBe(0);
      }),
    );
  });

  it('a quote never overtakes: it stands where its first version stood', () => {
    const inbox = new Inbox();
    inbox.push(book('a', 1));
    inbox.push(submitted(2));
    inbox.push(book('a', 3));
    expect(inbox.drain()).toEqual([book('a', 3), submitted(2)]);
    inbox.push(book('a', 4));
    expect(inbox.drain()).toEqual([book('a', 4)]);
  });
});
