/**
 * One world of one seed: venues, market, bot and faults on one heap of events. `runWorld` lives through the faults, heals
 * everything, and demands peace by a deadline.
 */
import type { OperatorCommand } from '../../src/engine/events.ts';
import { quote } from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import type { Fact, HedgeState } from '../../src/ledger/facts.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { createModelVenue } from '../../src/simulator/model-venue.ts';
import { wrongsOf } from './books.ts';
import { ACCOUNT, Bot, type BotHooks } from './bot.ts';
import { calm } from './conditions.ts';
import { Dice } from './dice.ts';
import { begin, type Levers } from './fault-acts.ts';
import type { Fault, FaultKind } from './faults.ts';
import { Market } from './market.ts';
import { Oracle, type Violation } from './oracle.ts';
import { type PlanOptions, planOf, START, type VenuePlan, type WorldPlan } from './plan.ts';
import { Scheduler } from './scheduler.ts';
import type { Rig } from './sim-venue.ts';
import { Trace } from './trace.ts';

/** Peace must have come by then, once everything was reconciled. */
const HEAL_MS = 11.5 * MINUTE_MS;
const HEAL_CHECK_MS = 30 * SECOND_MS;
/** The next frame comes this long after an order, a trade or a start. */
const NEXT_FRAME_MS = SECOND_MS;
const FIRST_FRAME_MS = 2.5 * SECOND_MS;
const OPERATOR_RETRY_MS = 5 * SECOND_MS;
const LEAVING: ReadonlySet<HedgeState> = new Set(['exiting', 'unwinding']);
/** So often somebody looks at what only people can end; breakers they let be for a while. */
const WATCH_MS = 10 * MINUTE_MS;
const TRIPPED_MS = HOUR_MS;

export interface WorldResult {
  readonly seed: string;
  readonly hours: number;
  readonly plan: WorldPlan;
  readonly violation: Violation | undefined;
  readonly hash: string;
  readonly trace: readonly string[];
  /** Faults that really happened, per class. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly transitions: ReadonlyMap<string, number>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface RunOptions extends PlanOptions {
  readonly trace?: boolean;
}

export async function runWorld(seed: number | string, options: RunOptions = {}): Promise<WorldResult> {
  return new World(planOf(seed, options), options.trace ?? false).run();
}

class World implements Levers {
  readonly scheduler: Scheduler;
  readonly rigs: ReadonlyMap<string, Rig>;
  readonly market: Market;
  readonly bot: Bot;
  readonly oracle: Oracle;
  readonly #plan: WorldPlan;
  readonly #trace: Trace;
  readonly #happened = new Map<FaultKind, number>();
  readonly #ends = new Set<() => void>();
  /** Of every hedge. */
  readonly #assets = new Map<string, string>();
  readonly #health = new Map<string, 'up' | 'down'>();
  readonly #counters = { orders: 0, fills: 0, commits: 0, starts: 0, alarms: 0 };
  #isHealing = false;

  constructor(plan: WorldPlan, isTraced: boolean) {
    this.#plan = plan;
    this.scheduler = new Scheduler(START, plan.random.fork('order of events'));
    this.#trace = new Trace(this.scheduler, isTraced);
    this.rigs = new Map(plan.venues.map((venue) => [venue.id, this.#rigOf(venue)]));
    this.market = new Market(
      plan,
      this.rigs,
      this.scheduler,
      (venue, frames) => {
        const madeAt = this.scheduler.now;
        this.bot.publish((wallNow) => {
          const events = frames(wallNow);
          const book = events[0];
          if (book?.kind === 'book') this.oracle.framed(venue, splitKey(book.book.key).symbol, madeAt);
          return events;
        });
      },
      (symbol) => this.oracle.restlessForMs(symbol),
    );
    this.bot = new Bot({
      scheduler: this.scheduler,
      rigs: this.rigs,
      settings: plan.settings,
      assets: new Set(plan.assets.map(({ name }) => name)),
      crashes: new Dice(plan.random.fork('crash')),
      hooks: this.#hooks(),
    });
    this.oracle = new Oracle({
      scheduler: this.scheduler,
      startAt: START,
      rigs: this.rigs,
      disk: this.bot.disk,
      settings: () => this.bot.told,
      isRunning: () => this.bot.running !== undefined,
      isAwake: () => this.bot.running !== undefined && !this.bot.isStopped,
    });
    for (const [id, rig] of this.rigs) {
      rig.exchange.listen((event) => {
        if (event.kind !== 'order' || !event.trade) return;
        const { trade } = event;
        this.#counters.fills += 1;
        this.#trace.add(
          `${id} ${trade.cause} ${trade.side} ${trade.contracts.toFixed()} ${trade.symbol} at ${trade.price.toFixed()} ${trade.clientOrderId}`,
        );
        this.market.hurry(assetOf(trade.symbol), NEXT_FRAME_MS);
      });
      this.#health.set(id, 'up');
    }
  }

  async run(): Promise<WorldResult> {
    const end = START + this.#plan.hours * HOUR_MS;
    this.market.start();
    this.bot.boot();
    for (const fault of this.#plan.faults) this.#plant(fault);
    this.#watch();
    await this.#until(end);
    if (!this.oracle.violation) await this.#heal(end);
    return {
      seed: this.#plan.seed,
      hours: this.#plan.hours,
      plan: this.#plan,
      violation: this.oracle.violation,
      hash: this.#trace.digest(),
      trace: this.#trace.lines,
      faults: this.#happened,
      transitions: this.oracle.transitions,
      counters: { ...this.#counters, events: this.scheduler.fired, hedges: this.#hedges() },
    };
  }

  rig(venue: string): Rig {
    const rig = this.rigs.get(venue);
    if (!rig) throw new Error(`no venue ${venue}`);
    return rig;
  }

  symbolOf(asset: string): string {
    return `${asset}/USDT:USDT`;
  }

  operator(command: OperatorCommand): void {
    // An event of its own: nobody commands in the middle of a step.
    this.scheduler.after(1, () => this.#command(command));
  }

  #command(command: OperatorCommand): void {
    const given = this.bot.command(command, (reply) => this.#trace.add(`operator ${command.action}: ${reply.message}`));
    const { action } = command;
    // Beginnings are given up when nobody is there; endings must come through.
    const mustCome = action === 'resume' || action === 'kill_reset';
    if (!given && mustCome) this.scheduler.after(OPERATOR_RETRY_MS, () => this.operator(command));
  }

  /** An order that nothing tells about any more: a human has looked, and says that it was never placed; or a breaker. */
  #watch(): void {
    for (const [venue] of this.rigs) {
      const seenAt = this.scheduler.now + this.bot.wallShiftMs;
      if (this.oracle.hasLostOrder(venue))
        this.operator({ action: 'accept', venue, route: 'live', note: 'looked at', seenAt });
    }
    for (const breaker of this.oracle.trippedFor(TRIPPED_MS)) this.operator({ action: 'breaker_reset', breaker });
    this.scheduler.after(WATCH_MS, () => this.#watch(), 1);
  }

  configure(change: (settings: Bot['settings']) => Bot['settings'], key: string): void {
    this.scheduler.after(1, () => this.#configure(change, key));
  }

  #configure(change: (settings: Bot['settings']) => Bot['settings'], key: string): void {
    this.bot.settings = change(this.bot.settings);
    const at = this.scheduler.now + this.bot.wallShiftMs;
    const changes = [{ kind: 'config', key, before: '', after: '', loosens: false, at }] as const;
    const { settings } = this.bot;
    const tell = (): void => {
      if (this.bot.running && !this.bot.push({ kind: 'settings', settings, changes }))
        this.scheduler.after(OPERATOR_RETRY_MS, tell);
    };
    tell();
  }

  health(venue: string, status: 'up' | 'down', reason: string): void {
    this.#health.set(venue, status);
    this.bot.publish((at) => [{ kind: 'health', health: { venue, status, reason, malformed: 0, at } }]);
  }

  relist(venue: string, symbol: string): void {
    const rig = this.rig(venue);
    // Listings reach the bot over its feed, a little later.
    this.scheduler.after(SECOND_MS, () => {
      const listed = createModelVenue({ exchange: rig.exchange, account: ACCOUNT, route: 'live' });
      void listed.instruments().then((read) => {
        if (!read.ok) return;
        const instruments = read.value.filter((each: Instrument) => each.symbol === symbol);
        this.bot.publish(() => [{ kind: 'instruments', venue, instruments }]);
        this.market.relisted(assetOf(symbol));
      });
    });
  }

  #rigOf(venue: VenuePlan): Rig {
    const clock = { now: () => this.scheduler.now };
    const { id, instruments, idUniqueness, depositUsd } = venue;
    const exchange = createExchange({ venue: id, clock, instruments, clientIdUniqueness: idUniqueness });
    exchange.openAccount(ACCOUNT, quote(depositUsd));
    return { plan: venue, exchange, conditions: calm(), network: new Dice(this.#plan.random.fork(`network ${id}`)) };
  }

  #hooks(): BotHooks {
    return {
      left: (venue, order, copies, isAnswered) => {
        this.#counters.orders += 1;
        this.#trace.add(
          `-> ${venue.id} ${order.clientOrderId} ${order.side} ${order.quantity.toFixed()} at ${order.limitPrice.toFixed()}${order.reduceOnly ? ' reduce' : ''} x${copies}`,
        );
        this.oracle.left(venue, order, copies, isAnswered);
        this.market.hurry(assetOf(splitKey(order.key).symbol), NEXT_FRAME_MS);
      },
      arrived: (venue, order, outcome) => {
        this.#trace.add(
          `${venue.id} answers ${order.clientOrderId}: ${outcome.kind} ${'code' in outcome ? outcome.code : ''}`,
        );
        this.oracle.arrived(venue, order, outcome);
      },
      answered: (venue, what, ok) => this.oracle.answered(venue.id, what, ok),
      committed: (facts) => {
        this.#counters.commits += 1;
        for (const fact of facts) {
          this.#trace.add(`fact ${factText(fact)}`);
          this.#hurryFor(fact);
        }
        this.oracle.committed(facts);
      },
      alarmed: (alarm) => {
        this.#counters.alarms += 1;
        this.#trace.add(`alarm ${alarm.code} ${alarm.subject}: ${alarm.detail}`);
        this.oracle.alarmed(alarm);
      },
      died: (why, lost) => {
        this.#trace.add(`process ended: ${why}${lost > 0 ? `, ${lost} facts lost` : ''}`);
        this.oracle.died();
      },
      started: () => {
        this.#counters.starts += 1;
        this.#trace.add('process started');
        this.oracle.started();
        for (const [venue, status] of this.#health) this.health(venue, status, '');
        for (const { name } of this.#plan.assets) this.market.hurry(name, FIRST_FRAME_MS);
      },
      broke: (error) => {
        this.oracle.fail('bug', error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    };
  }

  /** What is to be closed waits for books. */
  #hurryFor(fact: Fact): void {
    if (fact.kind === 'hedge_planned') this.#assets.set(fact.hedge, fact.asset);
    if (fact.kind !== 'hedge_moved' || !LEAVING.has(fact.to)) return;
    const asset = this.#assets.get(fact.hedge);
    if (asset !== undefined) this.market.hurry(asset, NEXT_FRAME_MS);
  }

  /** With a tie of its own: to take one fault away must not reorder the others. */
  #plant(fault: Fault): void {
    this.scheduler.after(fault.atMs, () => this.#arm(fault), fault.dice[2]);
  }

  #arm(fault: Fault): void {
    if (this.#isHealing) return;
    if (fault.atOrder) this.rig(fault.venue).conditions.onSubmit.push(() => this.#begin(fault));
    else this.#begin(fault);
  }

  #begin(fault: Fault): void {
    if (this.#isHealing) return;
    this.#trace.add(`fault ${fault.id} ${fault.venue} ${fault.asset} for ${fault.forMs} ms`);
    this.#happened.set(fault.kind, (this.#happened.get(fault.kind) ?? 0) + 1);
    const undo = begin(this, fault);
    this.oracle.impair(fault, 1);
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      this.#ends.delete(end);
      this.#trace.add(`fault ${fault.id} ends`);
      undo?.();
      this.oracle.impair(fault, -1);
    };
    this.#ends.add(end);
    this.scheduler.after(fault.forMs, end, fault.dice[2]);
  }

  async #until(end: number): Promise<void> {
    for (let at = this.scheduler.nextAt(); at !== undefined && at <= end; at = this.scheduler.nextAt()) {
      this.scheduler.step();
      await drained();
      this.oracle.tick();
      if (this.oracle.violation) return;
    }
    this.scheduler.now = Math.max(this.scheduler.now, end);
  }

  /** Peace: every fault ends, what was armed is forgotten, nothing opens any more. */
  async #heal(from: number): Promise<void> {
    this.#isHealing = true;
    this.#trace.add('peace');
    for (const end of [...this.#ends]) end();
    for (const { conditions } of this.rigs.values()) {
      conditions.submits.length = 0;
      conditions.onSubmit.length = 0;
      conditions.stalledUntil = 0;
    }
    this.bot.disk.killAfter = undefined;
    this.bot.killInRecovery = undefined;
    if (!this.bot.running) this.bot.boot();
    await drained();
    // After what the end of a fault gives back.
    await this.#until(this.scheduler.now + 2);
    this.operator({ action: 'pause' });
    let wrongs: readonly string[] = [];
    const deadline = from + this.bot.settings.reconcileEveryMs + HEAL_MS;
    for (let at = from + HEAL_CHECK_MS; at <= deadline && !this.oracle.violation; at += HEAL_CHECK_MS) {
      await this.#until(at);
      const { disk, running } = this.bot;
      wrongs = wrongsOf({ facts: disk.facts, ledger: running?.core.ledger }, this.rigs, this.oracle);
      if (wrongs.length === 0) return;
    }
    if (wrongs.length > 0) this.oracle.fail('peace', wrongs.slice(0, 8).join('; '));
  }

  #hedges(): number {
    return this.bot.disk.facts.filter(({ kind }) => kind === 'hedge_planned').length;
  }
}

const assetOf = (symbol: string): string => symbol.slice(0, symbol.indexOf('/'));

function factText(fact: Bot['disk']['facts'][number]): string {
  switch (fact.kind) {
    case 'hedge_moved':
      return `${fact.hedge} ${fact.from} -> ${fact.to}: ${fact.reason} (${fact.detail})`;
    case 'hedge_planned':
      return `${fact.hedge} planned ${fact.quantity.toFixed()} long ${fact.longKey} short ${fact.shortKey}`;
    case 'attempt':
      return `${fact.clientOrderId} ${fact.purpose} ${fact.side} ${fact.quantity.toFixed()}`;
    case 'outcome':
      return `${fact.clientOrderId} is ${fact.status} ${fact.code ?? ''}`;
    case 'fill':
      return `fill ${fact.fill.venue} ${fact.fill.tradeId} ${fact.fill.side} ${fact.fill.quantity.toFixed()} for ${fact.hedge ?? 'nobody'}`;
    case 'payment':
      return `payment ${fact.payment.venue} ${fact.payment.paymentId} ${fact.payment.amount.toFixed()} for ${fact.hedge ?? 'nobody'}`;
    case 'discrepancy':
      return `discrepancy ${fact.id} ${fact.status}: ${fact.detail}`;
    default:
      return fact.kind;
  }
}

/** Everything that microtasks can do is done: a tick that is asked for among them comes after the last of them. */
const drained = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
