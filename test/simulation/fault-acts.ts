/** What each fault does to a world, and what ends it. Entry point: `begin`. */
import type { OperatorCommand } from '../../src/engine/events.ts';
import {
  abs,
  contracts,
  contractsToBase,
  eq,
  floorTo,
  isZero,
  lt,
  max,
  neg,
  notional,
  scale,
  toNumber,
} from '../../src/kernel/decimal.ts';
import { ACCOUNT, type Bot } from './bot.ts';
import type { Conditions } from './conditions.ts';
import type { Fault } from './faults.ts';
import type { Market } from './market.ts';
import type { Oracle } from './oracle.ts';
import type { Scheduler } from './scheduler.ts';
import { editedSettings } from './settings.ts';
import type { Rig } from './sim-venue.ts';

export interface Levers {
  readonly bot: Bot;
  readonly market: Market;
  readonly oracle: Oracle;
  readonly scheduler: Scheduler;
  readonly rigs: ReadonlyMap<string, Rig>;
  rig(venue: string): Rig;
  symbolOf(asset: string): string;
  /** Given again until a process takes it. */
  operator(command: OperatorCommand): void;
  configure(change: (settings: Bot['settings']) => Bot['settings'], key: string): void;
  health(venue: string, status: 'up' | 'down', reason: string): void;
  /** The feed tells steps that have changed. */
  relist(venue: string, symbol: string): void;
}

type End = (() => void) | undefined;
type Counter = { [K in keyof Conditions]: Conditions[K] extends number ? K : never }[keyof Conditions];

/** Begins a fault; what it returns ends it. */
export function begin(world: Levers, fault: Fault): End {
  const { bot, market } = world;
  const { conditions } = world.rig(fault.venue);
  const [x, y, z] = fault.dice;
  const during = (key: Counter): End => {
    conditions[key] += 1;
    return () => {
      conditions[key] -= 1;
    };
  };
  switch (fault.kind) {
    case 'request_lost':
    case 'reply_lost':
      return arm(conditions, { kind: fault.kind });
    case 'accepted_late':
      return arm(conditions, { kind: 'accepted_late', delayMs: x < 0.5 ? 200 + 3_000 * y : 4_000 + 60_000 * y });
    case 'delivered_twice':
      return arm(conditions, { kind: 'delivered_twice', delayMs: 1 + 3_000 * x });
    case 'refused':
      return arm(conditions, { kind: 'refused', code: 'insufficient_margin' });
    case 'ack_late':
      return arm(conditions, { kind: 'ack_late', delayMs: 300 + 3_000 * x });
    case 'stall':
      conditions.stalledUntil = Math.max(conditions.stalledUntil, world.scheduler.now + fault.forMs);
      return undefined;
    case 'wrong_empty':
      return during('wrongEmpty');
    case 'wrong_positions': {
      const symbol = world.symbolOf(fault.asset);
      conditions.shownShares.set(symbol, x < 0.3 ? 0 : y);
      return () => conditions.shownShares.delete(symbol);
    }
    case 'short_page':
      return during('shortPage');
    case 'lagging_lists':
      conditions.lagMs = 1_000 + 8_000 * x;
      return () => {
        conditions.lagMs = 0;
      };
    case 'anonymous_fills':
      return during('anonymousFills');
    case 'rate_limit':
      return during('banned');
    case 'maintenance': {
      const end = during('down');
      world.health(fault.venue, 'down', 'maintenance');
      return () => {
        end?.();
        if (conditions.down > 0) return;
        world.health(fault.venue, 'up', '');
        bot.reconnect(fault.venue);
        market.resume(fault.venue);
      };
    }
    case 'thin_book':
      market.setDepth(fault.venue, fault.asset, x < 0.5 ? 0 : 40 + 1_000 * y * y);
      return () => market.setDepth(fault.venue, fault.asset, undefined);
    case 'halt':
      return halt(world, fault);
    case 'price_shock':
      // An event of its own: no price moves in the middle of a step.
      world.scheduler.after(1, () => market.shock(fault.asset, (x < 0.5 ? -1 : 1) * (0.01 + 0.2 * y * y)));
      return undefined;
    case 'adl':
    case 'liquidation':
      return take(world, fault, fault.kind);
    case 'lot_change':
    case 'tick_change':
      return changeSteps(world, fault);
    case 'interval_change':
      market.setInterval(fault.venue, fault.asset, [1, 2, 4, 8][Math.floor(x * 4)] ?? 8);
      return undefined;
    case 'feed_silence': {
      const end = during('feedSilent');
      return () => {
        end?.();
        market.resume(fault.venue);
      };
    }
    case 'stream_silence': {
      const end = during('streamSilent');
      return () => {
        end?.();
        if (conditions.streamSilent === 0 && conditions.down === 0) bot.reconnect(fault.venue);
      };
    }
    case 'events_twice':
      return during('streamTwice');
    case 'events_shuffled':
      return during('streamShuffled');
    case 'late_payment':
      return during('paymentsHidden');
    case 'late_settlement':
      market.setPaidLate(fault.venue, fault.asset, fault.forMs);
      return undefined;
    case 'revised_payment':
      return revise(world, fault);
    case 'clock_jump':
      return jump(world, fault);
    case 'process_stall':
      bot.stop();
      return () => bot.resume();
    case 'crash':
      bot.crash('killed');
      return undefined;
    case 'power_loss':
      bot.crash('lost power', { powerLoss: true });
      return undefined;
    case 'crash_at_commit':
      bot.disk.killAfter = { left: Math.floor(x * x * 8), when: y < 0.5 ? 'before' : 'after' };
      return undefined;
    case 'crash_at_request':
      return arm(conditions, { kind: x < 0.5 ? 'crash_before' : 'crash_after' });
    case 'crash_in_recovery':
      bot.killInRecovery = { left: Math.floor(x * 10), when: y < 0.5 ? 'before' : 'after' };
      bot.crash('killed', { restartMs: 500 + 3_000 * z });
      return undefined;
    case 'disk_full':
    case 'disk_busy':
      bot.disk.failing = fault.kind === 'disk_full' ? 'disk_full' : 'busy';
      return () => {
        bot.disk.failing = undefined;
      };
    case 'operator_pause':
      world.operator({ action: 'pause' });
      return () => world.operator({ action: 'resume' });
    case 'operator_close':
      return close(world, x);
    case 'operator_flatten':
      world.operator({ action: 'flatten' });
      return () => world.operator({ action: 'resume' });
    case 'operator_kill':
      world.operator({ action: 'kill' });
      return () => world.operator({ action: 'kill_reset' });
    case 'config_edit': {
      const before = bot.settings;
      world.configure(
        (settings) => editedSettings(settings, fault.dice, [...world.rigs.keys()], fault.asset),
        fault.id,
      );
      return () => world.configure(() => before, fault.id);
    }
    case 'manual_close':
      return manualClose(world, fault);
    case 'manual_open':
      return manualOpen(world, fault);
  }
}

function arm(conditions: Conditions, fault: Conditions['submits'][number]): End {
  conditions.submits.push(fault);
  return undefined;
}

function halt(world: Levers, { venue, asset }: Fault): End {
  const symbol = world.symbolOf(asset);
  const set = (trading: boolean): void => {
    world.rig(venue).exchange.setTrading(symbol, trading);
    world.relist(venue, symbol);
  };
  set(false);
  return () => set(true);
}

/** Whole lots of what stands, at least one. */
function shareOf(world: Levers, { venue, asset }: Fault, share: number) {
  const symbol = world.symbolOf(asset);
  const { exchange } = world.rig(venue);
  const held = exchange.positions(ACCOUNT).find((each) => each.symbol === symbol);
  const market = exchange.market(symbol);
  // What only a human holds is not taken.
  if (!held || !market || isZero(world.oracle.own(venue, symbol))) return undefined;
  const { lot } = market.instrument;
  const wanted = floorTo(scale(held.contracts.abs() as typeof held.contracts, share.toFixed(6)), lot);
  return {
    exchange,
    symbol,
    market,
    side: held.contracts.s > 0 ? ('sell' as const) : ('buy' as const),
    count: isZero(wanted) ? lot : wanted,
  };
}

function take(world: Levers, fault: Fault, cause: 'adl' | 'liquidation'): End {
  const [x, y] = fault.dice;
  const part = shareOf(world, fault, x < 0.4 ? 1 : y);
  if (part) part.exchange.forceReduce(ACCOUNT, part.symbol, part.count, cause);
  return undefined;
}

/** A human closes some of what the bot holds. */
function manualClose(world: Levers, fault: Fault): End {
  const [x, y] = fault.dice;
  const part = shareOf(world, fault, x < 0.4 ? 1 : y);
  // Whose share of one position a human closes, when both hold some, is theirs to say.
  if (!part || !isZero(world.oracle.foreignOf(fault.venue, part.symbol))) return undefined;
  part.exchange.place(ACCOUNT, {
    symbol: part.symbol,
    side: part.side,
    type: 'market',
    tif: 'IOC',
    contracts: part.count,
    reduceOnly: true,
  });
  return undefined;
}

const MANUAL_RETRY_MS = 30_000;

/** A human opens something of their own where the bot has nothing, and closes it again later. */
function manualOpen(world: Levers, { venue, asset, dice: [x, y] }: Fault): End {
  const symbol = world.symbolOf(asset);
  const { exchange } = world.rig(venue);
  const market = exchange.market(symbol);
  if (!market?.trading || exchange.positions(ACCOUNT).some((each) => each.symbol === symbol)) return undefined;
  const { lot, contractSize } = market.instrument;
  const lots = Math.max(1, Math.floor((50 + 300 * y) / toNumber(market.mark) / toNumber(contractSize) / toNumber(lot)));
  const side = x < 0.5 ? 'buy' : 'sell';
  const trade = (way: 'buy' | 'sell', count: typeof lot): void => {
    const placed = exchange.place(ACCOUNT, {
      symbol,
      side: way,
      type: 'market',
      tif: 'IOC',
      contracts: count,
      reduceOnly: false,
    });
    if (!placed.ok) return;
    const quantity = contractsToBase(placed.order.filled, contractSize);
    world.oracle.foreign(venue, symbol, way === 'buy' ? quantity : neg(quantity));
  };
  const wanted = scale(lot, String(lots));
  trade(side, wanted);
  const close = (): void => {
    const left = world.oracle.foreignOf(venue, symbol);
    if (isZero(left)) return;
    const count = contracts(left.abs().div(contractSize).toFixed());
    const { mark, instrument } = exchange.market(symbol) ?? market;
    const isTooSmall = lt(count, instrument.minContracts) || lt(notional(abs(left), mark), instrument.minNotional);
    // A venue that takes no order as small as what is left takes one that makes it larger.
    trade(left.s > 0 === isTooSmall ? 'buy' : 'sell', isTooSmall ? max(wanted, instrument.minContracts) : count);
    // Halted, or the book was too thin.
    world.scheduler.after(MANUAL_RETRY_MS, close);
  };
  return close;
}

/** Finer steps or a larger minimum, as venues announce them. */
function changeSteps(world: Levers, { kind, venue, asset, dice: [x] }: Fault): End {
  const symbol = world.symbolOf(asset);
  const { exchange } = world.rig(venue);
  const instrument = exchange.market(symbol)?.instrument;
  const planned = world.rig(venue).plan.instruments.find((each) => each.symbol === symbol);
  if (!instrument || !planned) return undefined;
  // Never coarser than planned: what stands stays a multiple.
  if (kind === 'tick_change')
    exchange.changeSteps(symbol, {
      tick: eq(instrument.tick, planned.tick) ? scale(planned.tick, '0.1') : planned.tick,
    });
  else {
    const lot = scale(planned.lot, '0.1');
    exchange.changeSteps(
      symbol,
      x < 0.5 ? { lot, minContracts: lot } : { minContracts: scale(planned.minContracts, '3') },
    );
  }
  world.relist(venue, symbol);
  return undefined;
}

/** One more payment for the newest settlement, as venues correct themselves. */
function revise(world: Levers, { venue, asset, dice: [x] }: Fault): End {
  const symbol = world.symbolOf(asset);
  const { exchange } = world.rig(venue);
  exchange.snapshotSettlement(symbol, world.scheduler.now);
  exchange.payFunding(symbol, world.scheduler.now, ((x - 0.5) * 0.0002).toFixed(9));
  return undefined;
}

function jump(world: Levers, { dice: [x, y], forMs }: Fault): End {
  const { bot } = world;
  const shift = Math.round((x < 0.5 ? -1 : 1) * (y < 0.5 ? 500 + 8_000 * y : 3_600_000 * y));
  // Never added to one another: a clock that is off by more than an hour proves nothing to anybody.
  bot.wallShiftMs = shift;
  return forMs > 0
    ? () => {
        bot.wallShiftMs = 0;
      }
    : undefined;
}

function close(world: Levers, x: number): End {
  const engine = world.bot.running;
  const hedges = engine ? [...engine.core.ledger.hedges.keys()].slice(-4) : [];
  const hedge = hedges[Math.floor(x * hedges.length)];
  if (hedge) world.operator({ action: 'close', hedge });
  return undefined;
}
