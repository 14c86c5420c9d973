/** Operator commands: each is stored, acts through the same machine as everything else, and answers what it began. */
import { moveTo } from '../execution/next.ts';
import { flat, oneSided } from '../execution/shape.ts';
import type { HedgeId } from '../kernel/ids.ts';
import type { ControlGiven, Fact } from '../ledger/facts.ts';
import { accountKey, type HedgeRecord, isFinal } from '../ledger/state.ts';
import { acceptanceOf } from './accept.ts';
import { resetBreakers } from './breakers.ts';
import { alarm, type Core, record, wakeAt } from './core.ts';
import type { AcceptCommand, OperatorCommand, OperatorReply } from './events.ts';
import { forgetOrder } from './orders.ts';
import { forgetAllDoubts } from './positions.ts';

export function onOperator(core: Core, command: OperatorCommand, by: string): OperatorReply {
  switch (command.action) {
    case 'pause':
      if (core.ledger.paused) return done('already paused; nothing opens, what is open is managed');
      return control(core, command, by) ?? done('paused: nothing opens, what is open is managed to its end');
    case 'resume': {
      if (core.settings.paused) return refused('the configuration says `paused: true`; change it there');
      if (core.ledger.killed) return refused('the kill switch is latched; use `tandem kill --reset` first');
      if (!core.ledger.paused) return done('already running');
      return control(core, command, by) ?? done('resumed');
    }
    case 'kill_reset':
      delete core.emergency.killedBy;
      if (!core.ledger.killed) return done('the kill switch is not latched');
      return control(core, command, by) ?? done(`kill switch reset; ${afterReset(core)}`);
    case 'kill':
      return kill(core, by);
    case 'flatten':
      return exitAll(core, command, by, 'flatten');
    case 'close':
      return close(core, command, by);
    case 'accept':
      return accept(core, command, by);
    case 'breaker_reset':
      return { ...resetBreakers(core, command.breaker, by), hedges: [] };
  }
}

function close(core: Core, command: OperatorCommand & { action: 'close' }, by: string): OperatorReply {
  const hedge = core.ledger.hedges.get(command.hedge);
  if (!hedge) return refused(`no hedge ${command.hedge} in this ledger`);
  if (isFinal(hedge.state)) return done(`${hedge.id} is already ${hedge.state}`);
  if (hedge.state === 'exiting' || hedge.state === 'unwinding')
    return done(`${hedge.id} is already ${hedge.state}`, [hedge.id]);
  return control(core, command, by, [exit(core, hedge, 'operator_close')]) ?? done(`closing ${hedge.id}`, [hedge.id]);
}

/** Never by itself: what nobody explains blocks its venue until a human says why it may be believed. */
function accept(core: Core, command: AcceptCommand, by: string): OperatorReply {
  const accepted = acceptanceOf(core, command, by);
  if (!accepted.ok) return refused(accepted.detail);
  if (accepted.facts.length === 0) return done(accepted.detail);
  const failed = control(core, command, by, accepted.facts);
  if (failed) return failed;
  const account = accountKey(command.route, command.venue);
  for (const order of accepted.orders ?? []) forgetOrder(core, order);
  forgetAllDoubts(core, account);
  wakeAt(core, `reconcile:${account}`, core.clock.now());
  return done(accepted.detail, accepted.hedges);
}

const afterReset = (core: Core): string =>
  core.settings.paused || core.ledger.paused ? 'still paused, nothing opens until that ends' : 'hedges may open again';

/** One that cannot be stored is remembered, by this process alone. */
function kill(core: Core, by: string): OperatorReply {
  const reply = exitAll(core, { action: 'kill' }, by, 'kill');
  const waits = reply.ok ? '' : `, which waits until the ledger can be written: ${core.storeFailure}`;
  alarm(core, 'critical', 'killed', core.store.stamp.account, `kill switch by ${by}${waits}`);
  if (reply.ok) {
    delete core.emergency.killedBy;
    return reply;
  }
  core.emergency.killedBy = by;
  const then = 'it is remembered, and closes everything as soon as it can be; what stands alone does not wait for that';
  return refused(`${reply.message}; ${then}. Should this process end before, give it again`);
}

/** After every event: a kill that could not be stored, once anything can be. */
export function killWhenWritable(core: Core): void {
  const by = core.emergency.killedBy;
  if (by !== undefined && core.storeFailure === undefined) kill(core, by);
}

/** A flattening pauses as well: what becomes free would be opened with again at once. */
function exitAll(core: Core, command: StoredCommand, by: string, reason: 'kill' | 'flatten'): OperatorReply {
  const open = [...core.ledger.hedges.values()].filter((hedge) => !isFinal(hedge.state));
  // An unwinding of one leg waits for nothing as it is; beginning anew would only narrow its price caps.
  const moves = open.filter(
    (hedge) =>
      !(hedge.state === 'unwinding' && (flat(hedge) || oneSided(hedge))) &&
      !(hedge.state === 'exiting' && hedge.reason === reason),
  );
  const pause: readonly Fact[] =
    reason === 'flatten' && !core.ledger.paused ? [given(core, { action: 'pause' }, by)] : [];
  const failed = control(core, command, by, [...pause, ...moves.map((hedge) => exit(core, hedge, reason))]);
  if (failed) return failed;
  const latched = reason === 'kill' ? 'kill switch latched; ' : 'paused until `tandem resume`; ';
  const ids = open.map((hedge) => hedge.id);
  return done(ids.length === 0 ? `${latched}no hedge is open` : `${latched}closing ${ids.join(', ')}`, ids);
}

const exit = (core: Core, hedge: HedgeRecord, reason: string): Fact => {
  const [move] = moveTo(hedge, 'exiting', reason, 'operator', { now: core.clock.now() }).facts;
  if (!move) throw new Error('a move has a fact');
  return move;
};

function control(
  core: Core,
  command: StoredCommand,
  by: string,
  more: readonly Fact[] = [],
): OperatorReply | undefined {
  const facts = [given(core, command, by), ...more];
  return record(core, facts) ? undefined : refused(`the ledger cannot be written: ${core.storeFailure}`);
}

const given = ({ clock }: Core, command: StoredCommand, by: string): ControlGiven => ({
  kind: 'control',
  action: command.action,
  subject: subjectOf(command),
  by,
  detail: command.action === 'accept' ? command.note : '',
  at: clock.now(),
});

/** A reset is stored as the breaker's own fact. */
type StoredCommand = Exclude<OperatorCommand, { action: 'breaker_reset' }>;

function subjectOf(command: StoredCommand): string {
  if (command.action === 'close') return command.hedge;
  return command.action === 'accept' ? accountKey(command.route, command.venue) : '';
}

const done = (message: string, hedges: readonly HedgeId[] = []): OperatorReply => ({ ok: true, message, hedges });
const refused = (message: string): OperatorReply => ({ ok: false, message, hedges: [] });
