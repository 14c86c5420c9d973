/**
 * The paper venue before and after its instruments are known. A venue that is down at start has no instruments; until
 * they arrive every read fails and every order is refused, and nothing blocks. Entry point: `createPaperAccount`.
 */
import type { InstrumentKey } from '../kernel/ids.ts';
import { failure } from '../kernel/outcome.ts';
import type { MarketEvent } from '../market/event.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AccountEvent, Venue } from '../ports/venue.ts';
import { createPaperVenue, type PaperVenue, type PaperVenueOptions } from './paper-venue.ts';

export interface PaperAccountOptions extends Omit<PaperVenueOptions, 'instruments'> {
  /** Taker and maker rates instead of the venue's own. */
  readonly fees?: { readonly takerRate: number; readonly makerRate: number };
  /** Assets to trade; empty: all that the venue lists. */
  readonly assets: ReadonlySet<string>;
}

export interface PaperAccount {
  readonly venue: Venue;
  /** Live data of any venue; what is not this venue's is ignored. */
  onMarket(event: MarketEvent): void;
}

/** A paper account that opens when the first `instruments` event of its venue with one of the assets arrives. */
export function createPaperAccount(options: PaperAccountOptions): PaperAccount {
  let paper: PaperVenue | undefined;
  let sink: ((event: AccountEvent) => void) | undefined;
  /** Listed since the account opened. */
  const closed = new Map<InstrumentKey, string>();
  const waiting = (): ReturnType<typeof failure> =>
    failure('venue_unreachable', `${options.venue} has not listed its instruments yet`);
  const when = <T>(act: (venue: Venue) => Promise<T>, otherwise: () => T): Promise<T> =>
    paper ? act(paper.venue) : Promise.resolve(otherwise());
  const venue: Venue = {
    id: options.venue,
    route: 'paper',
    orderMemoryMs: Number.POSITIVE_INFINITY,
    requestValidityMs: 0,
    instruments: () => when((each) => each.instruments(), waiting),
    prepare: (setup) => when((each) => each.prepare(setup), waiting),
    submit: (order, urgency) =>
      when(
        (each) => each.submit(order, urgency),
        () => ({ kind: 'rejected', code: 'venue_unreachable', detail: 'no instruments yet' }),
      ),
    cancel: (ref) =>
      when(
        (each) => each.cancel(ref),
        () => ({ kind: 'failed', code: 'venue_unreachable', detail: 'no instruments yet' }),
      ),
    lookup: (ref, urgency) =>
      when(
        (each) => each.lookup(ref, urgency),
        () => ({ kind: 'failed', code: 'venue_unreachable', detail: 'no instruments yet' }),
      ),
    openOrders: () => when((each) => each.openOrders(), waiting),
    fills: (sinceAt) => when((each) => each.fills(sinceAt), waiting),
    positions: (urgency) => when((each) => each.positions(urgency), waiting),
    balance: () => when((each) => each.balance(), waiting),
    payments: (sinceAt) => when((each) => each.payments(sinceAt), waiting),
    serverTime: () => when((each) => each.serverTime(), waiting),
    subscribe(listener) {
      sink = listener;
      paper?.venue.subscribe(listener);
    },
    close: async () => paper?.venue.close(),
  };
  return {
    venue,
    onMarket(event) {
      if (!paper && event.kind === 'instruments' && event.venue === options.venue) {
        const instruments = tradable(options, event.instruments);
        // A venue that lists none of the assets has no paper account either.
        if (instruments.length === 0) return;
        paper = createPaperVenue({ ...options, instruments });
        if (sink) paper.venue.subscribe(sink);
      } else if (paper && event.kind === 'instruments' && event.venue === options.venue) {
        const { exchange } = paper;
        const later = tradable(options, event.instruments).filter(
          ({ key, symbol }) => exchange.market(symbol) === undefined && !closed.has(key),
        );
        for (const { key } of later) closed.set(key, 'it was not listed when the paper account opened');
        if (later.length > 0) sink?.({ kind: 'closed', closed: new Map(closed) });
      }
      paper?.onMarket(event);
    },
  };
}

function tradable(options: PaperAccountOptions, instruments: readonly Instrument[]): readonly Instrument[] {
  const { assets, fees } = options;
  return instruments
    .filter((each) => assets.size === 0 || assets.has(each.asset))
    .map((each) => (fees ? { ...each, takerFeeRate: fees.takerRate, makerFeeRate: fees.makerRate } : each));
}
