/** The queues of resting orders: best price first, then oldest. An order rests here and in its slot, or in neither. */
import { invariant } from '../../kernel/assert.ts';
import { eq, gt } from '../../kernel/decimal.ts';
import type { LiveOrder } from './state.ts';

/** Ids are rising numbers of at least six digits: a longer one is newer. */
export const isNewer = (id: string, than: string): boolean =>
  id.length === than.length ? id > than : id.length > than.length;

/** Puts an order behind better prices and older orders. */
export function enqueue(live: LiveOrder): void {
  const { slot, order } = live;
  const queue = queueOf(live);
  const behind = queue.findIndex((other) => isBehind(other, live));
  queue.splice(behind < 0 ? queue.length : behind, 0, live);
  slot.open.set(order.orderId, live);
}

/** Takes an order out; no effect on one that never rested. */
export function dequeue(live: LiveOrder): void {
  if (!live.slot.open.delete(live.order.orderId)) return;
  const queue = queueOf(live);
  queue.splice(queue.indexOf(live), 1);
}

const queueOf = ({ slot, order }: LiveOrder): LiveOrder[] =>
  order.side === 'buy' ? slot.market.restingBuys : slot.market.restingSells;

function isBehind({ order: other }: LiveOrder, { order }: LiveOrder): boolean {
  invariant(order.price !== undefined && other.price !== undefined, 'only limit orders rest');
  if (eq(other.price, order.price)) return isNewer(other.orderId, order.orderId);
  return order.side === 'buy' ? gt(order.price, other.price) : gt(other.price, order.price);
}
