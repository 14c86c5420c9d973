/** What can happen to one order between the bot and the matching engine, in the words of each venue. */
import { afterEach, describe, expect, it } from 'vitest';
import type { WireResponse } from '../../src/simulator/wire/dialect.ts';
import type { RequestFault } from '../../src/simulator/wire/fault-proxy.ts';
import { type Trouble, troubleOf } from '../../src/simulator/wire/troubles.ts';
import { VENUES, type VenueName } from '../venues/world.ts';
import { clientIdOf, isOrderOf, WireWorld } from './world.ts';

const said = (venue: VenueName, trouble: Trouble): WireResponse => {
  const response = troubleOf(venue, trouble);
  if (!response) throw new Error(`${venue} has no ${trouble}`);
  return response;
};
/** The gateway says so and the order never got through. */
const refused =
  (trouble: Trouble) =>
  (venue: VenueName): RequestFault => ({ kind: 'answer', response: said(venue, trouble) });
/** The gateway says so and the order was accepted all the same. */
const accepted =
  (trouble: Trouble) =>
  (venue: VenueName): RequestFault => ({ kind: 'distort', edit: () => said(venue, trouble) });
const plain = (fault: RequestFault) => (): RequestFault => fault;

interface Hazard {
  readonly title: string;
  readonly fault: (venue: VenueName) => RequestFault;
  /** Whether the bot may know at once what became of the order. */
  readonly outcome: 'unknown' | 'refused' | 'either';
}

const HAZARDS: readonly Hazard[] = [
  { title: 'fault-01-reply-lost-after-acceptance', fault: plain({ kind: 'lose_reply' }), outcome: 'unknown' },
  {
    title: 'fault-01-answer-after-the-deadline',
    fault: plain({ kind: 'answer_late', afterMs: 1_400 }),
    outcome: 'unknown',
  },
  { title: 'fault-02-request-lost', fault: plain({ kind: 'lose_request' }), outcome: 'unknown' },
  {
    title: 'fault-03-accepted-after-lookups-said-absent',
    fault: plain({ kind: 'accept_late', afterMs: 3_000 }),
    outcome: 'unknown',
  },
  { title: 'fault-04-unknown-error-yet-accepted', fault: accepted('unknown_execution'), outcome: 'unknown' },
  { title: 'fault-04-unknown-error-and-lost', fault: refused('unknown_execution'), outcome: 'unknown' },
  { title: 'fault-04-backend-timeout-yet-accepted', fault: accepted('backend_timeout'), outcome: 'unknown' },
  { title: 'fault-04-backend-timeout-and-lost', fault: refused('backend_timeout'), outcome: 'unknown' },
  { title: 'fault-05-service-unavailable', fault: refused('unavailable'), outcome: 'either' },
  { title: 'fault-06-overload', fault: refused('overload'), outcome: 'either' },
  { title: 'fault-07-throttled', fault: refused('throttled'), outcome: 'refused' },
  { title: 'fault-07-banned', fault: refused('banned'), outcome: 'either' },
  { title: 'fault-08-html-yet-accepted', fault: accepted('html'), outcome: 'unknown' },
  { title: 'fault-08-html-and-lost', fault: refused('html'), outcome: 'unknown' },
  { title: 'fault-08-cut-body-yet-accepted', fault: accepted('malformed'), outcome: 'unknown' },
  { title: 'fault-09-duplicate-id-refusal-of-the-accepted-order', fault: accepted('duplicate_id'), outcome: 'unknown' },
  { title: 'fault-17-margin-refused', fault: refused('insufficient_margin'), outcome: 'refused' },
];
/** Bybit bans an address for ten minutes; fewer steps make them short. */
const SLOW_STEP_MS = 2_000;
const worldOf = (venue: VenueName, { title }: Hazard): Promise<WireWorld> =>
  WireWorld.open(venue, title.endsWith('banned') ? { stepMs: SLOW_STEP_MS } : {});
const CASES = HAZARDS.map((hazard) => [hazard.title, hazard] as const);

describe.each(VENUES)('on the wire of %s', { timeout: 90_000 }, (name) => {
  let world: WireWorld;
  afterEach(() => world.close());

  /** What was first recorded of the order that arrived after `before` others. */
  const expectOutcome = ({ outcome }: Hazard, before = 0): void => {
    const order = world.under.arrived[before];
    const id = order && clientIdOf(order);
    const found = world.store.facts.find((fact) => fact.kind === 'outcome' && fact.clientOrderId === id);
    const status = found?.kind === 'outcome' ? found.status : undefined;
    if (outcome === 'unknown') expect(status, world.describe()).toBe('unknown');
    else if (outcome === 'refused') expect(status, world.describe()).toBe('rejected');
    else expect(['unknown', 'rejected'], world.describe()).toContain(status);
  };

  it.each(CASES)('%s of an entry order: hedged or flat, ledger = books', async (_title, hazard) => {
    world = await worldOf(name, hazard);
    world.under.proxy.onRequests({ matches: isOrderOf(name), fault: hazard.fault(name), times: 1 });
    await world.until('the order arrives', () => world.under.arrived.length > 0, 120_000);
    expectOutcome(hazard);
    await world.settled();
    expect(world.under.proxy.struck()).toBe(1);
    expect(world.wrongs()).toEqual([]);
  });

  it.each(CASES)('%s of an exit order: both legs end flat, ledger = books', async (_title, hazard) => {
    world = await worldOf(name, hazard);
    await world.opened();
    const before = world.under.arrived.length;
    world.under.proxy.onRequests({ matches: isOrderOf(name), fault: hazard.fault(name), times: 1 });
    await world.operator({ action: 'pause' });
    await world.operator({ action: 'flatten' });
    await world.until('the order arrives', () => world.under.arrived.length > before, 20_000);
    expectOutcome(hazard, before);
    await world.settled();
    expect(world.under.proxy.struck()).toBe(1);
    expect(world.states).toBe('closed');
    expect([world.position(world.under), world.position(world.partner)]).toEqual(['0', '0']);
    expect(world.wrongs()).toEqual([]);
  });
});
