/**
 * A seeded mix of everything a network and a gateway do wrong, at a given rate: for simulated venues that somebody else
 * is pointed at. Entry point: `addFaultMix`.
 */
import type { VenueId } from '../../kernel/ids.ts';
import type { Random } from '../../ports/random.ts';
import type { WireRequest } from './dialect.ts';
import type { FaultProxy, FrameFault, RequestFault } from './fault-proxy.ts';
import { type Trouble, troubleOf } from './troubles.ts';

/** Longer than any answer, shorter than the venues' receive windows. */
const LATEST_MS = 1_500;

export interface FaultMixOptions {
  readonly proxy: FaultProxy;
  readonly venue: VenueId;
  readonly random: Random;
  /** Share of requests and of account frames that something happens to, 0 to 1. */
  readonly rate: number;
  readonly isOrder: (request: WireRequest) => boolean;
  /** Streams that tell of one account. */
  readonly isAccountStream: (path: string) => boolean;
}

export function addFaultMix({ proxy, venue, random, rate, isOrder, isAccountStream }: FaultMixOptions): void {
  const strikes = (): boolean => random.next() < rate;
  proxy.onRequests({ matches: (request) => isOrder(request) && strikes(), fault: () => orderFault(venue, random) });
  proxy.onRequests({
    matches: (request) => !isOrder(request) && strikes(),
    fault: () => pick<RequestFault>(random, [{ kind: 'lose_reply' }, { kind: 'lose_request' }, says(venue, 'html')]),
  });
  proxy.onFrames({
    matches: ({ path }) => isAccountStream(path) && strikes(),
    fault: () => pick<FrameFault>(random, [{ kind: 'lose' }, { kind: 'twice' }, { kind: 'late', afterMs: 400 }]),
  });
}

function orderFault(venue: VenueId, random: Random): RequestFault {
  const response = answerOf(venue, 'unknown_execution');
  return pick<RequestFault>(random, [
    { kind: 'lose_request' },
    { kind: 'lose_reply' },
    { kind: 'accept_late', afterMs: Math.floor(random.next() * LATEST_MS) },
    { kind: 'answer_late', afterMs: Math.floor(random.next() * LATEST_MS) },
    { kind: 'answer', response },
    { kind: 'distort', edit: () => response },
    says(venue, 'overload'),
    says(venue, 'malformed'),
  ]);
}

const says = (venue: VenueId, trouble: Trouble): RequestFault => ({
  kind: 'answer',
  response: answerOf(venue, trouble),
});

function answerOf(venue: VenueId, trouble: Trouble) {
  const response = troubleOf(venue, trouble);
  if (!response) throw new Error(`there are no words for ${trouble} on ${venue}`);
  return response;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random.next() * choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}
