/**
 * The hedge state machine. `advance` looks at one hedge as the ledger has it and says what comes next: moves, new
 * attempts, and when to look again. It is level-triggered: nothing but durable facts decides, so restart at any state
 * and running are the same code.
 *
 * Never a second attempt beside an unresolved one on the same leg; nothing here waits for permission to reduce.
 */
import { unreachable } from '../kernel/assert.ts';
import { type HedgeRecord, legsOf } from '../ledger/state.ts';
import { balance } from './balance.ts';
import { contain, wasLeaving } from './contain.ts';
import { POSITION_DIFFERS, quarantineForPosition } from './doubt.ts';
import { finishEntry, restingOf } from './entering.ts';
import { flatten } from './flatten.ts';
import { enterAsMaker } from './maker.ts';
import { type Advance, type AdvanceContext, moveTo, NOTHING } from './next.ts';
import { describe, flat, hedged, oneSided, unresolved } from './shape.ts';
import { enterSliced } from './sliced.ts';

/** What to do next about one hedge. Moves come first in `facts`; the attempts are among the facts. */
export function advance(hedge: HedgeRecord, context: AdvanceContext): Advance {
  const next = ofState(hedge, context);
  // An order rests while its hedge is being entered and never longer, whatever came between or came late.
  const stray = hedge.state === 'entering' ? [] : restingOf(hedge);
  return stray.length > 0 ? { ...next, cancels: stray } : next;
}

function ofState(hedge: HedgeRecord, context: AdvanceContext): Advance {
  switch (hedge.state) {
    case 'planned':
    case 'entering':
      return enter(hedge, context);
    case 'balancing':
      return isDoubted(hedge, context) ? quarantineForPosition(hedge, context) : balance(hedge, context);
    case 'held':
      return isDoubted(hedge, context) ? quarantineForPosition(hedge, context) : hold(hedge, context);
    case 'exiting':
    case 'unwinding':
      return flatten(hedge, context);
    case 'quarantined':
      return release(hedge, context);
    case 'closed':
    case 'aborted':
      return flat(hedge) ? NOTHING : moveTo(hedge, 'unwinding', 'late_fill', describe(hedge), context);
    default:
      return unreachable(hedge.state);
  }
}

function enter(hedge: HedgeRecord, context: AdvanceContext): Advance {
  const { entry } = hedge.plan;
  switch (entry.style) {
    case 'taker':
      return legsOf(hedge).some(unresolved) ? NOTHING : finishEntry(hedge, context);
    case 'maker_taker':
      return enterAsMaker(hedge, entry, context);
    case 'sliced':
      return enterSliced(hedge, entry, context);
  }
}

function hold(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (flat(hedge)) return moveTo(hedge, 'closed', 'position_gone', describe(hedge), context);
  if (oneSided(hedge)) return moveTo(hedge, 'unwinding', 'leg_gone', describe(hedge), context);
  if (!hedged(hedge)) return moveTo(hedge, 'balancing', 'imbalance', describe(hedge), context);
  return NOTHING;
}

/** A hedge that is being closed goes on with what stands; see `flatten`. */
const isDoubted = (hedge: HedgeRecord, { doubt }: AdvanceContext): boolean =>
  doubt.kind === 'confirmed' && !flat(hedge);

/** Quarantined: what can be reduced still is; a hedge whose orders turned up after all goes on by itself. */
function release(hedge: HedgeRecord, context: AdvanceContext): Advance {
  if (hedge.reason === POSITION_DIFFERS) return contain(hedge, context);
  if (hedge.reason !== 'order_unresolvable') return flatten(hedge, context);
  if (legsOf(hedge).some(unresolved)) return NOTHING;
  return moveTo(hedge, wasLeaving(hedge) ? 'unwinding' : 'balancing', 'order_resolved', describe(hedge), context);
}
