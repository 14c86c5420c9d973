/**
 * The only place where decisions meet effects. Carries out commands through the Venue port and puts what came back
 * into the inbox. It never decides and never retries.
 */
import type { Route, VenueId } from '../kernel/ids.ts';
import { failure } from '../kernel/outcome.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Venue } from '../ports/venue.ts';
import type { Command } from './core.ts';
import type { EngineEvent } from './events.ts';

export interface PerformDeps {
  readonly venues: ReadonlyMap<string, Venue>;
  readonly push: (event: EngineEvent) => void;
  readonly log: Log;
  readonly leverage: () => number;
  /** Assets to prepare; empty = all. */
  readonly assets: ReadonlySet<string>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Starts a command; returns at once. Expected failures come back as events, a throw is a bug and is fatal. */
export function createPerform(deps: PerformDeps, fatal: (error: unknown) => void): (command: Command) => void {
  return (command) => {
    const venue = deps.venues.get(command.account);
    if (!venue) {
      fatal(new Error(`no venue behind account ${command.account}`));
      return;
    }
    // Wire calls count as activity where they are made, so that one parked by its budget lets simulated time pass.
    run(deps, venue, command).then(deps.push).catch(fatal);
  };
}

async function run(deps: PerformDeps, venue: Venue, command: Command): Promise<EngineEvent> {
  const { id, route } = venue;
  switch (command.kind) {
    case 'submit': {
      const sentMs = deps.clock.monotonicMs();
      const outcome = await venue.submit(command.order, command.urgency);
      const tookMs = deps.clock.monotonicMs() - sentMs;
      return { kind: 'submitted', clientOrderId: command.order.clientOrderId, outcome, tookMs };
    }
    case 'cancel': {
      // The port cancels with the urgency of a reduction.
      const outcome = await venue.cancel(command.ref);
      return { kind: 'cancel_answered', clientOrderId: command.ref.clientOrderId, outcome };
    }
    case 'lookup': {
      const outcome = await venue.lookup(command.ref, command.urgency);
      return { kind: 'looked_up', clientOrderId: command.ref.clientOrderId, outcome };
    }
    case 'proof': {
      const { clientOrderId, opens } = command;
      const askedMs = deps.clock.monotonicMs();
      const [positions, balance] = await Promise.all([
        venue.positions('reduce'),
        opens ? venue.balance('reduce') : undefined,
      ]);
      return { kind: 'proof_read', clientOrderId, askedMs, positions, ...(balance && { balance }) };
    }
    case 'payments':
      return { kind: 'payments', route, venue: id, read: await venue.payments(command.sinceAt) };
    case 'positions':
      return {
        kind: 'positions_read',
        route,
        venue: id,
        changes: command.changes,
        askedMs: deps.clock.monotonicMs(),
        read: await venue.positions('poll'),
      };
    case 'truth': {
      const [positions, balance] = await Promise.all([venue.positions('reduce'), venue.balance('reduce')]);
      return { kind: 'truth_read', route, venue: id, askedMs: command.askedMs, positions, balance };
    }
    case 'list':
      return { kind: 'listed', route, venue: id, read: await venue.instruments() };
    case 'boot':
      return boot(deps, venue, route, id);
    case 'reconcile':
      return readAccount(deps, venue, command);
  }
}

async function boot(deps: PerformDeps, venue: Venue, route: Route, id: VenueId): Promise<EngineEvent> {
  const listed = await venue.instruments();
  if (!listed.ok) return { kind: 'booted', route, venue: id, result: listed };
  const instruments = listed.value.filter((each) => deps.assets.size === 0 || deps.assets.has(each.asset));
  if (instruments.length === 0) {
    return {
      kind: 'booted',
      route,
      venue: id,
      result: failure('no_instruments', `${id} lists none of the configured assets`),
    };
  }
  const prepared = await venue.prepare({ instruments, leverage: deps.leverage() });
  return { kind: 'booted', route, venue: id, result: prepared.ok ? { ...listed, value: instruments } : prepared };
}

async function readAccount(
  { clock }: PerformDeps,
  venue: Venue,
  command: Command & { kind: 'reconcile' },
): Promise<EngineEvent> {
  // Fills and payments first: a wallet read later is explained by them or by something still newer, never by less.
  const [fills, payments] = await Promise.all([venue.fills(command.fillsSince), venue.payments(command.paymentsSince)]);
  const positionsAskedMs = clock.monotonicMs();
  const [positions, openOrders, balance] = await Promise.all([
    venue.positions('poll'),
    venue.openOrders(),
    venue.balance(),
  ]);
  return {
    kind: 'reconciled',
    route: venue.route,
    venue: venue.id,
    changes: command.changes,
    positionsAskedMs,
    reads: { positions, openOrders, balance, fills, payments },
  };
}
