/**
 * A venue as one process sees it: requests take time on the way there and back, get lost, come late or twice; lists lag;
 * the private stream has an order or loses it. The exchange behind is never wrong.
 */
import { abs, contractsToBase, floorTo, isNegative, isZero, neg, scale } from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import { HOUR_MS } from '../../src/kernel/instant.ts';
import { failure, type Read } from '../../src/kernel/outcome.ts';
import type { OrderRef, OrderRequest, VenuePosition } from '../../src/market/order.ts';
import type {
  AccountEvent,
  AccountSetup,
  CancelOutcome,
  LookupOutcome,
  SubmitOutcome,
  Venue,
} from '../../src/ports/venue.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import { createModelVenue } from '../../src/simulator/model-venue.ts';
import type { Conditions, SubmitFault } from './conditions.ts';
import type { Dice } from './dice.ts';
import type { VenuePlan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import { REQUEST_TIMEOUT_MS } from './settings.ts';

/** One venue of the world; outlives processes. */
export interface Rig {
  readonly plan: VenuePlan;
  readonly exchange: Exchange;
  readonly conditions: Conditions;
  readonly network: Dice;
}

/** The process that holds the connection. */
export interface Owner {
  isDead(): boolean;
  /** Runs `act` in the process: never when it is dead, later when it is stopped. */
  deliver(act: () => void): void;
  crash(why: string): void;
}

export interface Wire {
  /** An order leaves; `copies` of it will arrive. `isAnswered`: nothing happens to it or to its answer on the way. */
  left(venue: Venue, order: OrderRequest, copies: number, isAnswered: boolean): void;
  arrived(venue: Venue, order: OrderRequest, outcome: SubmitOutcome): void;
  /** An answer to `what` reached the process. */
  answered(venue: Venue, what: string, ok: boolean): void;
}

interface Options {
  readonly rig: Rig;
  readonly account: string;
  readonly route: Venue['route'];
  readonly owner: Owner;
  readonly scheduler: Scheduler;
  readonly wire: Wire;
}

const UNKNOWN: SubmitOutcome = { kind: 'unknown', code: 'timeout', detail: 'no answer' };
const UNANSWERED: ReadonlySet<SubmitFault['kind']> = new Set(['reply_lost', 'accepted_late', 'ack_late']);
/** Share of answers that are as old as their way back; the others are true when they arrive, for half the events. */
const AGED_ANSWERS = 0.4;
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const same = <T>(value: T): T => value;

export class SimVenue implements Venue {
  readonly id: string;
  readonly route: Venue['route'];
  readonly orderMemoryMs = 2 * HOUR_MS;
  /** None: a request on its way may take any time. */
  readonly requestValidityMs = 0;
  readonly #options: Options;
  readonly #inner: Venue;
  #sink: ((event: AccountEvent) => void) | undefined;
  /** A stream keeps its order: nothing is delivered before what was told earlier. */
  #lastDeliveryAt = 0;
  readonly #startedAt: number;

  constructor(options: Options) {
    this.#options = options;
    this.#startedAt = options.scheduler.now;
    this.id = options.rig.plan.id;
    this.route = options.route;
    const { account, route } = options;
    this.#inner = createModelVenue({ exchange: options.rig.exchange, account, route });
    this.orderMemoryMs = this.#inner.orderMemoryMs;
  }

  submit(order: OrderRequest, urgency: 'reduce' | 'open' | 'poll'): Promise<SubmitOutcome> {
    const { owner, rig, scheduler, wire } = this.#options;
    if (owner.isDead()) return never();
    for (const act of rig.conditions.onSubmit.splice(0)) act();
    if (owner.isDead()) return never();
    const armed = rig.conditions.submits.shift();
    // No margin is needed to reduce.
    const fault = armed?.kind === 'refused' && order.reduceOnly ? undefined : armed;
    const isLost = fault?.kind === 'request_lost' || rig.conditions.down > 0;
    const copies =
      isLost || fault?.kind === 'crash_before' || fault?.kind === 'refused'
        ? 0
        : fault?.kind === 'delivered_twice'
          ? 2
          : 1;
    wire.left(this, order, copies, !isLost && !(fault && UNANSWERED.has(fault.kind)));
    if (owner.isDead()) return never();
    if (fault?.kind === 'crash_before') {
      owner.crash('before a request left');
      return never();
    }
    return new Promise((resolve) => {
      let answered = false;
      const answer = (outcome: SubmitOutcome, delayMs: number): void => {
        scheduler.after(delayMs, () =>
          owner.deliver(() => {
            if (answered) return;
            answered = true;
            wire.answered(this, 'submit', outcome.kind === 'acked');
            resolve(outcome);
          }),
        );
      };
      const sentAt = scheduler.now;
      const arrive = (isAnswered: boolean, replyMs: number): void => {
        void this.#inner.submit(order, urgency).then((outcome) => {
          wire.arrived(this, order, outcome);
          // A refusal is final: what is delivered again after it is refused again.
          if (outcome.kind === 'acked' && isAnswered && fault?.kind === 'delivered_twice')
            scheduler.after(fault.delayMs, () => arrive(false, 0));
          const tookMs = scheduler.now - sentAt + replyMs;
          if (isAnswered && tookMs < REQUEST_TIMEOUT_MS) answer(outcome, replyMs);
          else answer(UNKNOWN, Math.max(0, REQUEST_TIMEOUT_MS - (scheduler.now - sentAt)));
        });
      };
      const back = this.#latency();
      if (isLost) return answer(UNKNOWN, REQUEST_TIMEOUT_MS);
      if (fault?.kind === 'refused')
        return answer({ kind: 'rejected', code: fault.code, detail: 'simulated' }, 2 * back);
      if (fault?.kind === 'accepted_late') {
        answer(UNKNOWN, REQUEST_TIMEOUT_MS);
        scheduler.after(fault.delayMs, () => arrive(false, 0));
        return;
      }
      const there = this.#latency() + this.#stall();
      scheduler.after(there, () => {
        if (rig.conditions.banned > 0) {
          wire.arrived(this, order, { kind: 'rejected', code: 'rate_limited', detail: '' });
          return answer({ kind: 'rejected', code: 'rate_limited', detail: 'simulated' }, back);
        }
        arrive(fault?.kind !== 'reply_lost', fault?.kind === 'ack_late' ? fault.delayMs : back);
      });
      if (there > REQUEST_TIMEOUT_MS) answer(UNKNOWN, REQUEST_TIMEOUT_MS);
      if (fault?.kind === 'crash_after') owner.crash('after a request left');
    });
  }

  lookup(ref: OrderRef, urgency: 'reduce' | 'open' | 'poll'): Promise<LookupOutcome> {
    return this.#ask<LookupOutcome>(
      'lookup',
      () => this.#inner.lookup(ref, urgency),
      (code) => ({ kind: 'failed', code, detail: 'simulated' }),
      (outcome) => (this.#isEmpty(outcome) ? { kind: 'not_found' } : outcome),
    );
  }

  cancel(ref: OrderRef): Promise<CancelOutcome> {
    return this.#ask<CancelOutcome>(
      'cancel',
      () => this.#inner.cancel(ref),
      (code) => ({ kind: 'failed', code, detail: 'simulated' }),
    );
  }

  instruments(): ReturnType<Venue['instruments']> {
    return this.#read('instruments', () => this.#inner.instruments());
  }

  prepare(setup: AccountSetup): ReturnType<Venue['prepare']> {
    return this.#read('prepare', () => this.#inner.prepare(setup));
  }

  openOrders(): ReturnType<Venue['openOrders']> {
    return this.#read(
      'openOrders',
      () => this.#inner.openOrders(),
      (rows) => this.#unlessEmpty(rows),
    );
  }

  positions(urgency: 'reduce' | 'open' | 'poll'): ReturnType<Venue['positions']> {
    return this.#read(
      'positions',
      () => this.#inner.positions(urgency),
      (rows) => this.#shown(this.#unlessEmpty(rows)),
    );
  }

  balance(): ReturnType<Venue['balance']> {
    return this.#read('balance', () => this.#inner.balance());
  }

  async fills(sinceAt: number): ReturnType<Venue['fills']> {
    // Venues take whole milliseconds only.
    if (!Number.isInteger(sinceAt)) throw new Error(`fills since ${sinceAt}`);
    return this.#read(
      'fills',
      () => this.#inner.fills(sinceAt),
      (rows) => {
        const { anonymousFills } = this.#options.rig.conditions;
        const told = this.#listed(rows);
        return anonymousFills > 0 ? told.map(({ clientOrderId: _, ...fill }) => fill) : told;
      },
    );
  }

  async payments(sinceAt: number): ReturnType<Venue['payments']> {
    return this.#read(
      'payments',
      () => this.#inner.payments(sinceAt),
      (rows) => (this.#options.rig.conditions.paymentsHidden > 0 ? [] : this.#listed(rows)),
    );
  }

  serverTime(): ReturnType<Venue['serverTime']> {
    return this.#read('serverTime', () => this.#inner.serverTime());
  }

  subscribe(sink: (event: AccountEvent) => void): void {
    this.#sink = sink;
    // The process's monotonic clock counts from its start, and the venue's clock is right.
    this.#tell({
      kind: 'clock',
      reading: { offsetMs: this.#startedAt + 0.3, roundTripMs: 2 * this.#options.rig.plan.latencyMs },
    });
    this.#inner.subscribe((event) => {
      const { conditions } = this.#options.rig;
      if (conditions.down > 0 || conditions.streamSilent > 0) return;
      this.#tell(event);
      if (conditions.streamTwice > 0) this.#tell(event);
    });
  }

  /** The private stream is there again after it was not. */
  reconnected(): void {
    this.#tell({ kind: 'stream', status: 'up', reason: 'reconnected' });
  }

  async close(): Promise<void> {
    this.#sink = undefined;
    await this.#inner.close();
  }

  #tell(event: AccountEvent): void {
    const { owner, rig, scheduler } = this.#options;
    const isShuffled = rig.conditions.streamShuffled > 0;
    const delayMs = this.#latency() + (isShuffled ? rig.network.between(0, 1_200) : 0);
    const at = isShuffled ? scheduler.now + delayMs : Math.max(this.#lastDeliveryAt + 1, scheduler.now + delayMs);
    if (!isShuffled) this.#lastDeliveryAt = Math.ceil(at);
    scheduler.after(at - scheduler.now, () => owner.deliver(() => this.#sink?.(event)));
  }

  #read<T>(what: string, run: () => Promise<Read<T>>, change: (value: T) => T = same): Promise<Read<T>> {
    return this.#ask<Read<T>>(
      what,
      run,
      (code) => failure(code, 'simulated'),
      (read) => {
        if (!read.ok) return read;
        const isShort = this.#options.rig.conditions.shortPage > 0 && (what === 'fills' || what === 'payments');
        return isShort ? failure('incomplete', 'a page was short') : { ...read, value: change(read.value) };
      },
    );
  }

  #ask<T extends { kind: string } | { ok: boolean }>(
    what: string,
    run: () => Promise<T>,
    failed: (code: string) => T,
    change: (value: T) => T = same,
  ): Promise<T> {
    const { owner, rig, scheduler, wire } = this.#options;
    if (owner.isDead()) return never();
    return new Promise((resolve) => {
      const answer = (value: T, delayMs: number): void => {
        const arrive = (): void =>
          owner.deliver(() => {
            wire.answered(this, what, 'ok' in value ? value.ok : value.kind !== 'failed');
            resolve(value);
          });
        if (delayMs > 0) scheduler.after(delayMs, arrive);
        else arrive();
      };
      const { conditions } = rig;
      const there = this.#latency() + this.#stall();
      if (conditions.down > 0 || there > REQUEST_TIMEOUT_MS) return answer(failed('timeout'), REQUEST_TIMEOUT_MS);
      const back = this.#latency();
      const isOld = rig.network.chance(AGED_ANSWERS);
      const judge = (replyMs: number): void => {
        if (conditions.banned > 0) return answer(failed('rate_limited'), replyMs);
        if (conditions.down > 0) return answer(failed('timeout'), REQUEST_TIMEOUT_MS);
        void run().then((value) => answer(change(value), replyMs));
      };
      if (isOld) scheduler.after(there, () => judge(back));
      else scheduler.after(there + back, () => judge(0));
    });
  }

  #latency(): number {
    const { network, plan } = this.#options.rig;
    // Mostly near the base, now and then several times as much.
    return plan.latencyMs - plan.jitterMs * Math.log(1 - network.unit());
  }

  #stall(): number {
    return Math.max(0, this.#options.rig.conditions.stalledUntil - this.#options.scheduler.now);
  }

  /** Whole lots of the share that the list shows. */
  #shown(rows: readonly VenuePosition[]): readonly VenuePosition[] {
    const { conditions, exchange } = this.#options.rig;
    if (conditions.shownShares.size === 0) return rows;
    return rows.flatMap((row) => {
      const { symbol } = splitKey(row.key);
      const share = conditions.shownShares.get(symbol);
      const instrument = exchange.market(symbol)?.instrument;
      if (share === undefined || !instrument) return [row];
      const lot = contractsToBase(instrument.lot, instrument.contractSize);
      const size = floorTo(scale(abs(row.quantity), share.toFixed(4)), lot);
      return isZero(size) ? [] : [{ ...row, quantity: isNegative(row.quantity) ? neg(size) : size }];
    });
  }

  #unlessEmpty<T>(rows: readonly T[]): readonly T[] {
    return this.#options.rig.conditions.wrongEmpty > 0 ? [] : rows;
  }

  #isEmpty(outcome: LookupOutcome): boolean {
    const { conditions } = this.#options.rig;
    if (outcome.kind !== 'found') return false;
    return conditions.wrongEmpty > 0 || this.#isTooYoung(outcome.order.updatedAt);
  }

  #isTooYoung(at: number): boolean {
    const { rig, scheduler } = this.#options;
    return rig.conditions.lagMs > 0 && at > scheduler.now - rig.conditions.lagMs;
  }

  #listed<T extends { readonly at: number }>(rows: readonly T[]): readonly T[] {
    if (this.#options.rig.conditions.wrongEmpty > 0) return [];
    return rows.filter(({ at }) => !this.#isTooYoung(at));
  }
}
