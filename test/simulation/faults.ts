/**
 * The fault classes: how often each happens, how long it lasts, and what it impairs while it does. What each does is in
 * `fault-acts.ts`.
 *
 * `impairs` decides what the oracle may still demand: `venue` - the venue of the fault does not answer (or lies);
 * `market` - this instrument cannot be traded; `process` - the bot cannot act; `ledger` - it cannot write, and may only
 * reduce what is naked, a little later; `sight` - the private stream is silent, so that only the timer's reconciliation
 * sees; `belief` - a list tells for long what is not so, and only the timer finds out that it was wrong; `lists` - fills
 * cannot be read, which impairs the venue while one of them was neither told nor booked; `nothing` - every bound holds.
 */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/kernel/instant.ts';
import type { Dice } from './dice.ts';

export interface FaultClass {
  /** Least and most instances in 24 h of a seed that has the class. */
  readonly perDay: readonly [number, number];
  /** How long it lasts, log-uniform; absent: an instant. */
  readonly lastsMs?: readonly [number, number];
  readonly impairs: 'venue' | 'market' | 'process' | 'ledger' | 'sight' | 'belief' | 'lists' | 'nothing';
  /** Happens to (or begins with) an order that leaves: always, half of the time, or never. */
  readonly atOrder: 'always' | 'half' | 'never';
}

const orders = { perDay: [2, 8], impairs: 'nothing', atOrder: 'always' } as const;
const windowOf = (least: number, most: number): readonly [number, number] => [least, most];

export const FAULTS = {
  /** fault-02 */
  request_lost: orders,
  /** fault-01 */
  reply_lost: orders,
  /** fault-03 */
  accepted_late: orders,
  /** fault-19 */
  delivered_twice: { ...orders, perDay: [1, 3] },
  /** fault-17 */
  refused: orders,
  /** fault-11 */
  ack_late: orders,
  /** fault-18 */
  stall: { perDay: [1, 5], lastsMs: windowOf(300, 20 * SECOND_MS), impairs: 'venue', atOrder: 'half' },
  /** fault-28 */
  wrong_empty: { perDay: [1, 5], lastsMs: windowOf(SECOND_MS, 5 * MINUTE_MS), impairs: 'venue', atOrder: 'half' },
  /** fault-29 */
  short_page: {
    perDay: [1, 4],
    lastsMs: windowOf(10 * SECOND_MS, 20 * MINUTE_MS),
    impairs: 'lists',
    atOrder: 'half',
  },
  /** fault-10 */
  lagging_lists: {
    perDay: [1, 4],
    lastsMs: windowOf(10 * SECOND_MS, 10 * MINUTE_MS),
    impairs: 'venue',
    atOrder: 'half',
  },
  /** fault-22 */
  anonymous_fills: { perDay: [1, 3], lastsMs: windowOf(MINUTE_MS, 4 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-07 */
  rate_limit: { perDay: [1, 5], lastsMs: windowOf(2 * SECOND_MS, 5 * MINUTE_MS), impairs: 'venue', atOrder: 'half' },
  /** fault-30 */
  maintenance: { perDay: [1, 4], lastsMs: windowOf(5 * SECOND_MS, 30 * MINUTE_MS), impairs: 'venue', atOrder: 'half' },
  /** fault-16 */
  thin_book: { perDay: [1, 6], lastsMs: windowOf(5 * SECOND_MS, 10 * MINUTE_MS), impairs: 'market', atOrder: 'half' },
  /** fault-32 */
  halt: { perDay: [1, 3], lastsMs: windowOf(10 * SECOND_MS, 30 * MINUTE_MS), impairs: 'market', atOrder: 'half' },
  price_shock: { perDay: [1, 4], impairs: 'nothing', atOrder: 'half' },
  /** fault-22 */
  adl: { perDay: [1, 5], impairs: 'nothing', atOrder: 'never' },
  /** fault-22 */
  liquidation: { perDay: [1, 4], impairs: 'nothing', atOrder: 'never' },
  /** fault-21 */
  lot_change: { perDay: [1, 2], impairs: 'nothing', atOrder: 'half' },
  /** fault-21 */
  tick_change: { perDay: [1, 2], impairs: 'nothing', atOrder: 'half' },
  /** fault-27 */
  interval_change: { perDay: [1, 3], impairs: 'nothing', atOrder: 'never' },
  /** fault-24 */
  feed_silence: { perDay: [1, 5], lastsMs: windowOf(3 * SECOND_MS, 30 * MINUTE_MS), impairs: 'venue', atOrder: 'half' },
  /** fault-25 */
  stream_silence: { perDay: [1, 4], lastsMs: windowOf(5 * SECOND_MS, HOUR_MS), impairs: 'sight', atOrder: 'half' },
  /** fault-12 */
  events_twice: { perDay: [1, 3], lastsMs: windowOf(MINUTE_MS, 6 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-14 */
  events_shuffled: { perDay: [1, 3], lastsMs: windowOf(MINUTE_MS, 6 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-27 */
  late_payment: { perDay: [1, 4], lastsMs: windowOf(MINUTE_MS, 2 * HOUR_MS), impairs: 'nothing', atOrder: 'never' },
  /** fault-27 */
  late_settlement: {
    perDay: [1, 4],
    lastsMs: windowOf(2 * SECOND_MS, 10 * MINUTE_MS),
    impairs: 'nothing',
    atOrder: 'never',
  },
  /** fault-27 */
  revised_payment: { perDay: [1, 4], impairs: 'nothing', atOrder: 'never' },
  /** fault-48 */
  clock_jump: { perDay: [1, 3], lastsMs: windowOf(SECOND_MS, 2 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-39 */
  process_stall: { perDay: [1, 4], lastsMs: windowOf(200, 90 * SECOND_MS), impairs: 'process', atOrder: 'half' },
  /** fault-33 */
  crash: { perDay: [1, 5], impairs: 'nothing', atOrder: 'half' },
  /** fault-33 */
  crash_at_commit: { perDay: [1, 6], impairs: 'nothing', atOrder: 'half' },
  /** fault-33 */
  crash_at_request: { perDay: [1, 6], impairs: 'nothing', atOrder: 'always' },
  /** fault-34 */
  crash_in_recovery: { perDay: [1, 4], impairs: 'nothing', atOrder: 'half' },
  /** fault-41 */
  power_loss: { perDay: [1, 4], impairs: 'nothing', atOrder: 'half' },
  /** fault-42 */
  disk_full: { perDay: [1, 3], lastsMs: windowOf(SECOND_MS, 5 * MINUTE_MS), impairs: 'ledger', atOrder: 'half' },
  /** fault-43 */
  disk_busy: { perDay: [1, 3], lastsMs: windowOf(500, 10 * SECOND_MS), impairs: 'ledger', atOrder: 'half' },
  operator_pause: { perDay: [1, 3], lastsMs: windowOf(MINUTE_MS, 2 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-58 */
  operator_close: { perDay: [1, 5], impairs: 'nothing', atOrder: 'half' },
  /** fault-60 */
  operator_flatten: { perDay: [1, 3], lastsMs: windowOf(MINUTE_MS, HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-60 */
  operator_kill: { perDay: [1, 2], lastsMs: windowOf(SECOND_MS, HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-55 */
  config_edit: { perDay: [1, 4], lastsMs: windowOf(MINUTE_MS, 4 * HOUR_MS), impairs: 'nothing', atOrder: 'half' },
  /** fault-61 */
  manual_close: { perDay: [1, 3], impairs: 'nothing', atOrder: 'never' },
  /** fault-23 */
  manual_open: { perDay: [1, 2], lastsMs: windowOf(MINUTE_MS, HOUR_MS), impairs: 'nothing', atOrder: 'never' },
  /** fault-28 */
  wrong_positions: {
    perDay: [1, 2],
    lastsMs: windowOf(10 * SECOND_MS, 20 * MINUTE_MS),
    impairs: 'belief',
    atOrder: 'half',
  },
} as const satisfies Record<string, FaultClass>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];
export const faultClass = (kind: FaultKind): FaultClass => FAULTS[kind];

/** One instance: everything that was drawn for it, so that taking another one away does not change it. */
export interface Fault {
  readonly id: string;
  readonly kind: FaultKind;
  /** Into the run. With `atOrder`, the first order to the venue from then on starts it. */
  readonly atMs: number;
  readonly forMs: number;
  readonly venue: string;
  readonly asset: string;
  readonly atOrder: boolean;
  /** Uniform in [0, 1), for whatever the class needs. */
  readonly dice: readonly [number, number, number];
}

/** So many times as often does a class happen where a world is dense in it. */
const DENSITY = 3;

/** All instances of one class in a run; dense: more of them, and mostly at orders where the class can be. */
export function schedules(
  kind: FaultKind,
  hours: number,
  listed: readonly { readonly venue: string; readonly asset: string }[],
  dice: Dice,
  isDense: boolean,
): Fault[] {
  const { perDay, lastsMs, atOrder } = faultClass(kind);
  const days = (hours / 24) * (isDense ? DENSITY : 1);
  const count = Math.max(1, Math.round(dice.between(perDay[0], perDay[1]) * days));
  const atOrderShare = { always: 1, half: isDense ? 0.8 : 0.5, never: 0 }[atOrder];
  return Array.from({ length: count }, (_, number): Fault => {
    const { venue, asset } = dice.pick(listed);
    const forMs = lastsMs ? Math.round(lastsMs[0] * (lastsMs[1] / lastsMs[0]) ** dice.unit()) : 0;
    const isAtOrder = dice.unit() < atOrderShare;
    const atMs = Math.round(dice.between(0, hours * HOUR_MS * 0.97));
    return {
      id: `${kind}#${number + 1}`,
      kind,
      atMs,
      forMs,
      venue,
      asset,
      atOrder: isAtOrder,
      dice: [dice.unit(), dice.unit(), dice.unit()],
    };
  });
}
