/** A venue whose requests, replies and stream fail as scripted; the exchange behind it is never wrong. */
import { type Base, base, floorTo, scale } from '../../src/kernel/decimal.ts';
import { failure, type Read } from '../../src/kernel/outcome.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import type {
  Fill,
  FundingPayment,
  OrderRef,
  OrderRequest,
  OrderState,
  VenueBalance,
  VenuePosition,
} from '../../src/market/order.ts';
import type { Clock } from '../../src/ports/clock.ts';
import {
  type AccountEvent,
  type AccountSetup,
  type CancelOutcome,
  DUPLICATE_ID,
  type LookupOutcome,
  type SubmitOutcome,
  type Venue,
} from '../../src/ports/venue.ts';

/** What happens to one submit. */
export type SubmitFault =
  /** Accepted; the reply is lost. */
  | { readonly kind: 'reply_lost' }
  /** Never arrives; the sender cannot know. */
  /** Told after a while, with the age of the request. */
  | { readonly kind: 'request_lost'; readonly toldAfterMs?: number }
  | { readonly kind: 'refused'; readonly code: string }
  /** The venue says that it has this id already, and shows no such order. */
  | { readonly kind: 'duplicate' }
  /** Told as unknown at once, accepted by the exchange later. */
  | { readonly kind: 'accepted_late'; readonly delayMs: number }
  /** Waits for its turn before it leaves; then as ever. */
  | { readonly kind: 'leaves_late'; readonly delayMs: number }
  /** Accepted; the acknowledgement takes its time. */
  | { readonly kind: 'ack_late'; readonly delayMs: number }
  /** Delivered again later: accepted twice when the first is over by then and its client id free. */
  | { readonly kind: 'delivered_again'; readonly delayMs: number }
  /** The process dies before or after the request has left. */
  | { readonly kind: 'crash_before' }
  | { readonly kind: 'crash_after' };

/** What happens to one cancel. */
export type CancelFault =
  /** Never arrives. */
  | { readonly kind: 'request_lost' }
  /** Done; the reply is lost. */
  | { readonly kind: 'reply_lost' }
  /** Acknowledged at once, done later: the order may fill in between. */
  | { readonly kind: 'done_late'; readonly delayMs: number }
  /** Not done, and told as not open. */
  | { readonly kind: 'denied' };

/** Switches of one venue; they outlive a crashed process. */
export interface Faults {
  /** For the coming submits, in order. */
  readonly submits: SubmitFault[];
  /** For the coming cancels, in order. */
  readonly cancels: CancelFault[];
  /** Nothing gets through in either direction. */
  down: boolean;
  lookups: 'ok' | 'failing' | 'not_found';
  /** `slow`: an answer is true when it is made and told a few seconds later. */
  /** `nothing_listed`: neither positions nor fills; the balance is true. */
  reads: 'ok' | 'failing' | 'no_positions' | 'nothing_listed' | 'slow';
  stream: 'ok' | 'lost' | 'twice' | 'late';
  /** The venue's lists lack client order ids. */
  anonymousFills: boolean;
  /** Trades that no order of ours made are told by nobody. */
  foreignFillsHidden: boolean;
  /** Payments cannot be read. */
  paymentsFailing: boolean;
  /** The list of positions shows this share of each, rounded to a lot: a lie that lasts. */
  positionShare: number;
  /** Positions come without their liquidation price. */
  liquidationHidden: boolean;
  /** The list of fills shows other prices than at first. */
  fillsRewritten: boolean;
  /** The list of payments shows other amounts than at first. */
  paymentsRewritten: boolean;
  /** Payments of this symbol are not listed yet. */
  hiddenPaymentsOf: string;
  /** Funding payments are not listed yet. */
  paymentsHidden: boolean;
}

export const noFaults = (): Faults => ({
  submits: [],
  cancels: [],
  down: false,
  lookups: 'ok',
  reads: 'ok',
  stream: 'ok',
  anonymousFills: false,
  foreignFillsHidden: false,
  paymentsFailing: false,
  positionShare: 1,
  hiddenPaymentsOf: '',
  fillsRewritten: false,
  paymentsRewritten: false,
  liquidationHidden: false,
  paymentsHidden: false,
});

/** Undoes whatever is switched on. */
export function heal(faults: Faults): void {
  Object.assign(faults, { ...noFaults(), submits: faults.submits, cancels: faults.cancels });
  faults.submits.length = 0;
  faults.cancels.length = 0;
}

export interface FaultyVenueOptions {
  readonly inner: Venue;
  readonly clock: Clock;
  readonly faults: Faults;
  /** The process that owns this venue is gone: nothing leaves any more and no reply arrives. */
  readonly isDead: () => boolean;
  readonly crash: () => void;
  readonly onSubmit: (order: OrderRequest) => void;
  /** Default: as the venue behind it. */
  readonly orderMemoryMs?: number;
  readonly requestValidityMs?: number;
}

const LATE_MS = 700;
const SLOW_MS = 3_000;
const NO_ANSWER = { kind: 'failed', code: 'timeout', detail: 'no answer' } as const;
const TIMEOUT = { kind: 'unknown', code: 'timeout', detail: 'no answer' } as const;
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export class FaultyVenue implements Venue {
  readonly id: string;
  readonly route: Venue['route'];
  readonly orderMemoryMs: number;
  readonly requestValidityMs: number;
  readonly #options: FaultyVenueOptions;

  constructor(options: FaultyVenueOptions) {
    this.#options = options;
    this.id = options.inner.id;
    this.route = options.inner.route;
    this.orderMemoryMs = options.orderMemoryMs ?? options.inner.orderMemoryMs;
    this.requestValidityMs = options.requestValidityMs ?? options.inner.requestValidityMs;
  }

  async submit(order: OrderRequest, urgency: 'reduce' | 'open' | 'poll'): Promise<SubmitOutcome> {
    const { inner, clock, faults, isDead, crash, onSubmit } = this.#options;
    if (isDead()) return never();
    onSubmit(order);
    const fault = faults.submits.shift();
    if (faults.down) return TIMEOUT;
    switch (fault?.kind) {
      case undefined:
        return this.#alive(inner.submit(order, urgency));
      case 'request_lost':
        if (fault.toldAfterMs === undefined) return TIMEOUT;
        await this.#wait(fault.toldAfterMs);
        return this.#alive(Promise.resolve({ ...TIMEOUT, stampedAgoMs: fault.toldAfterMs }));
      case 'duplicate':
        return { kind: 'unknown', code: DUPLICATE_ID, detail: 'client order id exists' };
      case 'reply_lost':
        await inner.submit(order, urgency);
        return TIMEOUT;
      case 'refused':
        return { kind: 'rejected', code: fault.code, detail: 'scripted' };
      case 'accepted_late':
        clock.after(fault.delayMs, () => void inner.submit(order, urgency));
        return TIMEOUT;
      case 'leaves_late':
        await this.#wait(fault.delayMs);
        return this.#alive(inner.submit(order, urgency));
      case 'ack_late': {
        const outcome = await inner.submit(order, urgency);
        await this.#wait(fault.delayMs);
        return this.#alive(Promise.resolve(outcome));
      }
      case 'delivered_again':
        clock.after(fault.delayMs, () => void inner.submit(order, urgency));
        return this.#alive(inner.submit(order, urgency));
      case 'crash_before':
        crash();
        return never();
      case 'crash_after':
        await inner.submit(order, urgency);
        crash();
        return never();
    }
  }

  async lookup(ref: OrderRef, urgency: 'reduce' | 'open' | 'poll'): Promise<LookupOutcome> {
    const { inner, faults } = this.#options;
    if (faults.down || faults.lookups === 'failing') {
      return this.#alive(Promise.resolve({ kind: 'failed', code: 'timeout', detail: 'no answer' }));
    }
    if (faults.lookups === 'not_found') return this.#alive(Promise.resolve({ kind: 'not_found' }));
    return this.#alive(inner.lookup(ref, urgency));
  }

  async positions(urgency: 'reduce' | 'open' | 'poll'): Promise<Read<readonly VenuePosition[]>> {
    const { inner, clock, faults } = this.#options;
    if ((faults.reads === 'no_positions' || faults.reads === 'nothing_listed') && !faults.down) {
      return this.#alive(Promise.resolve({ ok: true, value: [], at: clock.now() }));
    }
    const read = await this.#read(inner.positions(urgency));
    if (read.ok && faults.liquidationHidden)
      return { ...read, value: read.value.map(({ liquidationPrice: _, ...each }) => each) };
    if (!read.ok || faults.positionShare === 1) return read;
    const lied = (quantity: Base): Base => floorTo(scale(quantity, faults.positionShare), base('0.5'));
    return { ...read, value: read.value.map((each) => ({ ...each, quantity: lied(each.quantity) })) };
  }

  async fills(sinceAt: number): Promise<Read<readonly Fill[]>> {
    const read = await this.#read(this.#options.inner.fills(sinceAt));
    if (read.ok && this.#options.faults.reads === 'nothing_listed') return { ...read, value: [] };
    if (read.ok && this.#options.faults.foreignFillsHidden)
      return { ...read, value: read.value.filter(({ clientOrderId }) => clientOrderId) };
    if (read.ok && this.#options.faults.fillsRewritten)
      return { ...read, value: read.value.map((fill) => ({ ...fill, price: scale(fill.price, 2) })) };
    if (!read.ok || !this.#options.faults.anonymousFills) return read;
    return {
      ...read,
      value: read.value.map(({ clientOrderId: _, ...fill }) => fill),
    };
  }

  async payments(sinceAt: number): Promise<Read<readonly FundingPayment[]>> {
    const read = await this.#read(this.#options.inner.payments(sinceAt));
    if (this.#options.faults.paymentsFailing) return failure('timeout', 'no answer');
    const { hiddenPaymentsOf } = this.#options.faults;
    if (read.ok && hiddenPaymentsOf !== '')
      return { ...read, value: read.value.filter(({ symbol }) => symbol !== hiddenPaymentsOf) };
    if (read.ok && this.#options.faults.paymentsRewritten)
      return { ...read, value: read.value.map((each) => ({ ...each, amount: scale(each.amount, 2) })) };
    return read.ok && this.#options.faults.paymentsHidden ? { ...read, value: [] } : read;
  }

  instruments(): Promise<Read<readonly Instrument[]>> {
    return this.#read(this.#options.inner.instruments());
  }

  prepare(setup: AccountSetup): Promise<Read<true>> {
    return this.#read(this.#options.inner.prepare(setup));
  }

  openOrders(): Promise<Read<readonly OrderState[]>> {
    return this.#read(this.#options.inner.openOrders());
  }

  balance(): Promise<Read<VenueBalance>> {
    return this.#read(this.#options.inner.balance());
  }

  serverTime(): Promise<Read<number>> {
    return this.#read(this.#options.inner.serverTime());
  }

  async cancel(ref: OrderRef): Promise<CancelOutcome> {
    const { inner, clock, faults, isDead } = this.#options;
    if (isDead()) return never();
    const fault = faults.cancels.shift();
    if (faults.down) return NO_ANSWER;
    switch (fault?.kind) {
      case undefined:
        return this.#alive(inner.cancel(ref));
      case 'request_lost':
        return NO_ANSWER;
      case 'reply_lost':
        await inner.cancel(ref);
        return this.#alive(Promise.resolve(NO_ANSWER));
      case 'done_late':
        clock.after(fault.delayMs, () => void inner.cancel(ref));
        return { kind: 'accepted' };
      case 'denied':
        return { kind: 'not_open' };
    }
  }

  subscribe(sink: (event: AccountEvent) => void): void {
    const { inner, clock, faults, isDead } = this.#options;
    inner.subscribe((event) => {
      if (isDead() || faults.down || faults.stream === 'lost') return;
      if (faults.foreignFillsHidden && event.kind === 'fill' && !event.fill.clientOrderId) return;
      if (faults.stream === 'late') {
        clock.after(LATE_MS, () => {
          if (!isDead()) sink(event);
        });
        return;
      }
      sink(event);
      if (faults.stream === 'twice') sink(event);
    });
  }

  close(): Promise<void> {
    return this.#options.inner.close();
  }

  async #read<T>(reply: Promise<Read<T>>): Promise<Read<T>> {
    const { down, reads } = this.#options.faults;
    const read = await this.#alive(reply);
    if (reads === 'slow') await this.#wait(SLOW_MS);
    return down || reads === 'failing' ? failure('timeout', 'no answer') : read;
  }

  /** A reply that outlives its process is never read. */
  async #alive<T>(reply: Promise<T>): Promise<T> {
    const value = await reply;
    return this.#options.isDead() ? never<T>() : value;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(delayMs, () => resolve()));
  }
}
