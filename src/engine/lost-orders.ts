/**
 * Orders of unknown fate that the venue may have forgotten: its silence proves nothing any more. Each is a stored
 * difference that blocks its venue, until the order is found after all or an operator says that it was never placed.
 */
import { NAKED_TOO_LONG } from '../execution/doubt.ts';
import { moveTo } from '../execution/next.ts';
import { forced } from '../execution/shape.ts';
import { text } from '../kernel/decimal.ts';
import { splitKey } from '../kernel/ids.ts';
import { type AttemptRecord, isFinal, orderFateId } from '../ledger/state.ts';
import { alarm, type Core, record } from './core.ts';

const LOST = 'its fate is unknown for so long that a silent venue proves nothing';

/** Stores the difference and quarantines the order's hedge. */
export function noteLost(core: Core, attempt: AttemptRecord): void {
  const { intent, status } = attempt;
  const { clientOrderId, route, key, purpose, side, quantity } = intent;
  const { venue } = splitKey(key);
  const id = orderFateId(route, venue, clientOrderId);
  const at = core.clock.now();
  if (!core.ledger.discrepancies.has(id)) {
    const detail = `${purpose} ${side} ${text(quantity)} ${key} (${clientOrderId}): ${LOST}`;
    const what = { kind: 'discrepancy', what: 'order_fate', status: 'open' } as const;
    record(core, [{ ...what, id, venue, route, ledger: status, venueSays: 'not found', detail, at }]);
  }
  const hedge = core.ledger.hedges.get(intent.hedge);
  if (!hedge || isFinal(hedge.state) || hedge.state === 'quarantined') return;
  const detail = `${LOST}; see tandem accept ${venue} --route ${route}`;
  // A forced exit goes on beside it: quarantine would stop reducing what is known to stand.
  if (forced(hedge) || (hedge.state === 'unwinding' && hedge.reason === NAKED_TOO_LONG))
    return alarm(core, 'critical', 'order_unresolvable', hedge.id, detail);
  record(core, moveTo(hedge, 'quarantined', 'order_unresolvable', detail, { now: at }).facts);
  alarm(core, 'critical', 'quarantined', hedge.id, detail);
}
