/**
 * Gives a command that closes hedges, waits for the end, and says what the venues really hold afterwards. A position
 * that could not be read is unknown, never flat. Entry points: `closeAndLook`, `closingText`, `closingExit`.
 */
import type { OperatorCommand, OperatorReply } from '../engine/events.ts';
import type { StatusSnapshot } from '../engine/status.ts';
import { accountKey } from '../ledger/state.ts';
import type { Clock } from '../ports/clock.ts';
import { tandemFor } from './command-line.ts';
import type { ControlClient } from './control-client.ts';
import type { AccountPositions, OpenOrder } from './control-protocol.ts';
import { CommandFailure, EXIT, type ExitCode } from './exit-codes.ts';
import { inert, venueOf } from './format.ts';

export interface LegFound {
  /** `<route>|<venue>` */
  readonly account: string;
  readonly key: string;
  /** Base units, long positive, as decimal text; absent when the venue's answer is missing. */
  readonly quantity?: string;
  /** Another open hedge holds the same instrument, so that this position need not be this hedge's. */
  readonly sharedWith?: string;
}

export interface ClosingReport {
  /** The bot's own words. */
  readonly message: string;
  readonly waitedSeconds: number;
  readonly hedges: readonly {
    readonly id: string;
    /** `closed` once it is final. */
    readonly state: string;
    /** Why it is in that state; absent once it is final. */
    readonly reason?: string;
    readonly detail?: string;
    readonly legs: readonly LegFound[];
  }[];
  /** Positions that are still there. */
  readonly left: readonly LegFound[];
  /** Orders that may still fill. Looked at for `everything` only. */
  readonly orders: readonly ({ readonly account: string } & OpenOrder)[];
  /** Accounts whose positions or open orders could not be read. */
  readonly unknown: readonly { readonly account: string; readonly code: string; readonly detail: string }[];
  /** Every hedge is final, every account was read, nothing is left. */
  readonly complete: boolean;
  /**
   * For `everything`: two looks in a row, at least `PROOF_MS` apart, found every account readable, without a position
   * and without an open order, and every hedge final. One empty answer is no proof.
   */
  readonly proved: boolean;
}

const LOOK_EVERY_MS = 250;
/** Between the two looks that prove that an account is flat. */
export const PROOF_MS = 1_500;

type Shape = Pick<StatusSnapshot['hedges'][number], 'route' | 'long' | 'short'>;

export interface ClosingWait {
  readonly seconds: number;
  /** Wall pace. */
  readonly clock: Clock;
  /** All positions of all accounts must be gone, else those of the hedges. */
  readonly everything: boolean;
}

/** Throws CommandFailure: refused, or why its effect could not be seen. */
export async function closeAndLook(
  client: ControlClient,
  command: OperatorCommand,
  wait: ClosingWait,
): Promise<ClosingReport> {
  const shapes = new Map<string, Shape>();
  // What is to close everything waits for no other answer; every account is looked at afterwards.
  if (!wait.everything) for (const hedge of (await client.status()).hedges) shapes.set(hedge.id, hedge);
  const reply = await client.command(command);
  if (!reply.ok) {
    const stands = command.action === 'flatten' ? '; it is NOT in force: hedges stay open until it is given again' : '';
    throw new CommandFailure(EXIT.refused, inert(`${reply.message}${stands}`));
  }
  try {
    return await look(client, reply, shapes, wait);
  } catch (error) {
    // What was given stands, whatever can no longer be said about its effect.
    if (!(error instanceof CommandFailure)) throw error;
    throw new CommandFailure(error.exitCode, inert(`${reply.message}; how far it came is not known: ${error.message}`));
  }
}

async function look(
  client: ControlClient,
  reply: OperatorReply,
  shapes: Map<string, Shape>,
  { seconds, clock, everything }: ClosingWait,
): Promise<ClosingReport> {
  const beganMs = clock.monotonicMs();
  let flatSinceMs: number | undefined;
  for (;;) {
    const snapshot = await client.status();
    for (const hedge of snapshot.hedges) shapes.set(hedge.id, hedge);
    const lookedMs = clock.monotonicMs();
    const over = lookedMs - beganMs >= seconds * 1_000;
    const final = reply.hedges.every((id) => !snapshot.hedges.some((hedge) => hedge.id === id));
    if (final || over) {
      const accounts = await client.positions();
      const found = reportOf({ message: reply.message, ids: reply.hedges, shapes, snapshot, accounts, everything });
      flatSinceMs = found.complete ? (flatSinceMs ?? lookedMs) : undefined;
      const proved = everything && flatSinceMs !== undefined && lookedMs - flatSinceMs >= PROOF_MS;
      // A venue's position list may trail its fills by a moment. A proof that has begun is brought to its end.
      if (found.complete ? proved || !everything : over)
        return { ...found, proved, waitedSeconds: Math.round((clock.monotonicMs() - beganMs) / 1_000) };
    }
    await new Promise<void>((settle) => clock.after(LOOK_EVERY_MS, settle));
  }
}

interface Found {
  readonly message: string;
  readonly ids: readonly string[];
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly snapshot: StatusSnapshot;
  readonly accounts: readonly AccountPositions[];
  readonly everything: boolean;
}

function reportOf({
  message,
  ids,
  shapes,
  snapshot,
  accounts,
  everything,
}: Found): Omit<ClosingReport, 'waitedSeconds' | 'proved'> {
  const held = (account: string, key: string): string | undefined => {
    const read = accounts.find((each) => each.account === account);
    return read?.ok ? (read.positions.find((position) => position.key === key)?.quantity ?? '0') : undefined;
  };
  const legsOf = (id: string): LegFound[] => {
    const shape = shapes.get(id);
    if (!shape) return [];
    return [shape.long, shape.short].map((key) => {
      const account = accountKey(shape.route, venueOf(key));
      const quantity = held(account, key);
      const other = snapshot.hedges.find(
        (hedge) => !ids.includes(hedge.id) && hedge.route === shape.route && [hedge.long, hedge.short].includes(key),
      );
      return {
        account,
        key,
        ...(quantity === undefined ? {} : { quantity }),
        ...(other ? { sharedWith: other.id } : {}),
      };
    });
  };
  const hedges = ids.map((id) => {
    const open = snapshot.hedges.find((hedge) => hedge.id === id);
    const { state, ...why } = open ? { state: open.state, reason: open.reason, detail: open.detail } : CLOSED;
    return { id, state, ...why, legs: legsOf(id) };
  });
  const all = accounts.flatMap((read) =>
    read.ok ? read.positions.map((position): LegFound => ({ account: read.account, ...position })) : [],
  );
  const legs = hedges.flatMap((hedge) => hedge.legs);
  const left = everything
    ? all
    : legs.filter(({ quantity, sharedWith }) => quantity !== undefined && quantity !== '0' && sharedWith === undefined);
  const orders = accounts.flatMap((read) =>
    read.ok && everything ? (read.orders ?? []).map((order) => ({ account: read.account, ...order })) : [],
  );
  const unknown = accounts
    .flatMap((read) => unreadOf(read, everything))
    .filter(({ account }) => everything || legs.some((leg) => leg.account === account))
    .map(({ account, code, detail }) => ({ account, code, detail }));
  const missing = legs.some(({ quantity }) => quantity === undefined);
  const complete =
    hedges.every(({ state }) => state === 'closed') &&
    left.length === 0 &&
    orders.length === 0 &&
    unknown.length === 0 &&
    !missing;
  return { message, hedges, left, orders, unknown, complete };
}

const CLOSED = { state: 'closed' };

/** What of an account's answer is missing. Open orders matter where everything must be gone. */
function unreadOf(read: AccountPositions, everything: boolean): ClosingReport['unknown'] {
  if (!read.ok) return [read];
  if (!everything || read.orders) return [];
  return [{ account: read.account, code: 'orders_unread', detail: 'its open orders could not be read' }];
}

/** Something is known to be left, or only the proof is missing. */
export function closingExit({ complete, hedges, left, orders }: ClosingReport): ExitCode {
  if (complete) return EXIT.ok;
  const isLeft = left.length > 0 || orders.length > 0 || hedges.some(({ state }) => state !== 'closed');
  return isLeft ? EXIT.failed : EXIT.unproved;
}

/** `configFile`: what the command was given, for the next one. */
export function closingText(report: ClosingReport, configFile: string): string {
  const { message, hedges, left, orders, unknown, waitedSeconds } = report;
  const lines = [
    message,
    ...hedges.map(({ id, state, reason = '', detail = '', legs }) => {
      const why = [reason, detail].filter((text) => text !== '').join(': ');
      const fate = state === 'closed' ? 'closed' : `still ${state} after ${waitedSeconds} s (${why})`;
      return `${id}: ${[fate, ...legs.map(legText)].join('; ')}`;
    }),
    ...unknown.map(({ account, code, detail }) => `unknown: ${account} could not be read (${code}: ${detail})`),
    ...left.map(({ account, key, quantity }) => `left: ${account} ${key} ${quantity}`),
    ...orders.map(
      ({ account, key, side, open, venueOrderId }) => `open order: ${account} ${key} ${side} ${open} (${venueOrderId})`,
    ),
    ...verdict(report, configFile),
  ];
  return `${lines.map(inert).join('\n')}\n`;
}

/**
 * Whether the bot still closes a hedge that is quarantined for this reason, by itself. One that is not listed waits for
 * a human: silence would be taken for progress.
 */
const GOES_ON: Readonly<Record<string, boolean>> = {
  // Its orders did not fill: repeated every minute, oftener while it is naked.
  attempts_exhausted: true,
  // No venue takes an order as small as what is left.
  dust: false,
  // Ledger and venue disagree: nothing is closed until they agree again.
  position_differs: false,
  // Somebody else's opposite position covers ours: closed once that is gone.
  hidden: false,
  // An order whose fate no venue tells: until it is found, or accepted as never placed.
  order_unresolvable: false,
};

const needsHuman = ({ state, reason = '' }: ClosingReport['hedges'][number]): boolean =>
  state === 'quarantined' && GOES_ON[reason] !== true;

function verdict({ hedges, complete, proved }: ClosingReport, configFile: string): string[] {
  if (proved) return ['Proved flat: every account was read twice and has no position and no open order.'];
  if (complete) return ['Everything asked for is flat.'];
  const open = hedges.filter(({ state }) => state !== 'closed');
  const waiting = open.filter(needsHuman);
  const closing = open.filter((hedge) => !waiting.includes(hedge)).map(({ id }) => id);
  const tandem = tandemFor(configFile);
  return [
    'Not everything is known to be flat.',
    ...waiting.map(({ id }) => `${id} needs you: ${tandem} hedge ${id}`),
    ...(closing.length > 0 ? [`The bot goes on closing ${closing.join(', ')}; look again with: ${tandem} status`] : []),
    ...(open.length > 0 ? [] : ['What is left is not of these hedges, or not known: the bot does not close it.']),
  ];
}

function legText({ account, key, quantity, sharedWith }: LegFound): string {
  const where = `${account} ${key.slice(key.indexOf('|') + 1)}`;
  if (quantity === undefined) return `${where} unknown`;
  const shared = sharedWith === undefined ? '' : ` (also held by ${sharedWith})`;
  return `${where} ${quantity === '0' ? 'flat' : quantity}${shared}`;
}
