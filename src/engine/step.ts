/**
 * Start reading here. `step` takes one event and calls the stages in order: fold what was said, drive the hedges it
 * concerns; `settle` runs once the inbox is empty: rank, exit, enter. Decisions happen in `signal`, `risk` and
 * `execution`; facts become durable in `core.record`; effects leave through `core.send`.
 */
import { accountKey } from '../ledger/state.ts';
import type { MarketEvent } from '../market/event.ts';
import { onAccountEvent } from './account-events.ts';
import type { AccountWatch } from './account-watch.ts';
import { bootAccounts, onBooted, onListed, onReconciled, startReconcile, withAccountFees } from './accounts.ts';
import { noteEvent } from './breaker-evidence.ts';
import { recheckBreakers, tellTripped, watchBreakers } from './breakers.ts';
import { onCancelAnswered } from './cancels.ts';
import { alarm, type Core, record, recordLater } from './core.ts';
import { decide } from './decide.ts';
import { onEmergencyAnswered, watchEmergency } from './emergency.ts';
import type { EngineEvent } from './events.ts';
import { advanceHedges } from './hedges.ts';
import { retryLedger } from './ledger-retry.ts';
import { killWhenWritable, onOperator } from './operator.ts';
import { lookupDue, onLookedUp, onProofRead, onSubmitted, resumeUnresolved } from './orders.ts';
import { onPayments, onSettlementPassed, pollPayments } from './payments.ts';
import { onPositionsRead, pollPositions } from './positions.ts';
import { onTruthRead } from './venue-truth.ts';

/** Startup is recovery: unresolved orders are looked up, accounts booted and reconciled, then hedges driven. */
export function recover(core: Core): void {
  resumeUnresolved(core);
  bootAccounts(core);
  tellTripped(core);
  recheckBreakers(core);
}

/** Folds one event and drives what it concerns. */
export function step(core: Core, event: EngineEvent): void {
  noteEvent(core, event);
  switch (event.kind) {
    case 'market':
      return onMarket(core, event.event);
    case 'account':
      withAccount(core, event.route, event.venue, (watch) => onAccountEvent(core, watch, event.event));
      break;
    case 'listed':
      onListed(core, event);
      break;
    case 'booted':
      withAccount(core, event.route, event.venue, (watch) => onBooted(core, watch, event));
      break;
    case 'submitted':
      onEmergencyAnswered(core, event.clientOrderId, event.outcome);
      onSubmitted(core, event.clientOrderId, event.outcome);
      break;
    case 'cancel_answered':
      onCancelAnswered(core, event.clientOrderId, event.outcome);
      break;
    case 'looked_up':
      onLookedUp(core, event.clientOrderId, event.outcome);
      break;
    case 'proof_read':
      onProofRead(core, event);
      break;
    case 'reconciled':
      withAccount(core, event.route, event.venue, (watch) => onReconciled(core, watch, event));
      break;
    case 'payments':
      withAccount(core, event.route, event.venue, (watch) => onPayments(core, watch, event.read));
      break;
    case 'positions_read':
      withAccount(core, event.route, event.venue, (watch) => onPositionsRead(core, watch, event));
      break;
    case 'truth_read':
      withAccount(core, event.route, event.venue, (watch) => onTruthRead(core, watch, event));
      break;
    case 'history':
      core.market.apply({ kind: 'settled', rates: event.rates });
      return;
    case 'wake':
      onWake(core);
      break;
    case 'settings':
      // A switch that is turned off must work on a full disk too; the change is stored as soon as anything can be.
      core.settings = event.settings;
      if (!record(core, event.changes)) recordLater(core, event.changes);
      recheckBreakers(core);
      markAllDirty(core);
      break;
    case 'operator':
      event.reply(onOperator(core, event.command, event.by));
      break;
  }
  killWhenWritable(core);
  advanceHedges(core);
  watchEmergency(core);
  watchBreakers(core);
}

/** The inbox is empty: decide on everything that changed, then drive the hedges that the decisions moved. */
export function settle(core: Core): void {
  if (core.dirtyAssets.size === 0) return;
  decide(core);
  advanceHedges(core);
}

function onMarket(core: Core, event: MarketEvent): void {
  const before = event.kind === 'funding' ? core.market.get(event.quote.key)?.funding : undefined;
  const wasUp = event.kind === 'health' && core.market.health(event.health.venue)?.status === 'up';
  const asset = core.market.apply(event.kind === 'instruments' ? listedByFeed(core, event) : event);
  if (asset !== undefined) core.dirtyAssets.add(asset);
  if (event.kind === 'funding') onSettlementPassed(core, before, event.quote);
  if (event.kind === 'health') {
    const { venue, status, reason } = event.health;
    if (status === 'down') alarm(core, 'warning', 'venue_down', venue, reason);
    else if (status === 'up' && !wasUp) core.log.info({ venue }, 'market data is up');
    // An exit may have waited for this venue.
    advanceHedges(core);
    watchBreakers(core);
  }
}

/** A feed lists public fees; what an account was told to pay stands. */
const listedByFeed = (core: Core, event: MarketEvent & { kind: 'instruments' }): MarketEvent => ({
  ...event,
  instruments: withAccountFees(core, event.venue, event.instruments, 'feed'),
});

/** Everything whose time has come. */
function onWake(core: Core): void {
  const now = core.clock.now();
  const due: string[] = [];
  for (const [name, at] of core.wakes) if (at <= now) due.push(name);
  for (const name of due) {
    core.wakes.delete(name);
    const colon = name.indexOf(':');
    const what = colon < 0 ? name : name.slice(0, colon);
    const subject = colon < 0 ? '' : name.slice(colon + 1);
    const watch = core.accounts.get(subject);
    if (what === 'lookup') lookupDue(core, subject);
    else if (what === 'boot' && watch) core.send({ kind: 'boot', account: watch.key });
    else if (what === 'reconcile' && watch) startReconcile(core, watch);
    else if (what === 'payments' && watch) pollPayments(core, watch);
    else if (what === 'positions' && watch) pollPositions(core, watch);
    else if (what === 'breakers') recheckBreakers(core);
    else if (what === 'store') retryLedger(core);
    else if (what === 'exposure') markAllDirty(core);
  }
}

function withAccount(
  core: Core,
  route: AccountWatch['route'],
  venue: string,
  act: (watch: AccountWatch) => void,
): void {
  const watch = core.accounts.get(accountKey(route, venue));
  if (watch) act(watch);
}

const markAllDirty = (core: Core): void => {
  for (const asset of core.market.assets()) core.dirtyAssets.add(asset);
};
