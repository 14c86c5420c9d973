/** An account as the adapters have it in a process that started after a market had left its venue's listing. */
import { type InstrumentKey, splitKey, type UnifiedSymbol } from '../../src/kernel/ids.ts';
import type { Read } from '../../src/kernel/outcome.ts';
import type { Venue } from '../../src/ports/venue.ts';

type Row = { readonly symbol: UnifiedSymbol } | { readonly key: InstrumentKey };

/** Rows of the markets in `unlisted` are left out, whatever the account holds; orders for them are refused unsent. */
export function withoutListing(inner: Venue, unlisted: ReadonlySet<UnifiedSymbol>): Venue {
  if (unlisted.size === 0) return inner;
  const isListed = (row: Row): boolean => !unlisted.has('symbol' in row ? row.symbol : splitKey(row.key).symbol);
  const left = async <T extends Row>(read: Promise<Read<readonly T[]>>): Promise<Read<readonly T[]>> => {
    const rows = await read;
    return rows.ok ? { ...rows, value: rows.value.filter(isListed) } : rows;
  };
  return {
    id: inner.id,
    route: inner.route,
    orderMemoryMs: inner.orderMemoryMs,
    requestValidityMs: inner.requestValidityMs,
    instruments: () => left(inner.instruments()),
    prepare: (setup) => inner.prepare(setup),
    submit: async (order, urgency) =>
      isListed(order)
        ? inner.submit(order, urgency)
        : { kind: 'rejected', code: 'unknown_instrument', detail: order.key },
    cancel: (ref) => inner.cancel(ref),
    lookup: (ref, urgency) => inner.lookup(ref, urgency),
    openOrders: () => left(inner.openOrders()),
    fills: (sinceAt) => left(inner.fills(sinceAt)),
    positions: (urgency) => left(inner.positions(urgency)),
    balance: (urgency) => inner.balance(urgency),
    payments: (sinceAt) => left(inner.payments(sinceAt)),
    serverTime: () => inner.serverTime(),
    subscribe: (sink) =>
      inner.subscribe((event) => {
        if (event.kind === 'fill' && !isListed(event.fill)) return;
        if (event.kind === 'order' && !isListed(event.order)) return;
        sink(event);
      }),
    close: () => inner.close(),
  };
}
