/**
 * What is said over the control socket: one JSON object per line, a reply for every request, in order. Requests are
 * checked here; replies come from this same program.
 */
import type { OperatorCommand } from '../engine/events.ts';

export type ControlRequest = {
  readonly id: number;
  /** Whom the asker takes the bot for; another one refuses. Absent: whoever it is. */
  readonly whom?: Whom;
} & (
  | { readonly op: 'status' }
  | { readonly op: 'positions' }
  | { readonly op: 'command'; readonly command: OperatorCommand; readonly by: string }
);

/** What a ledger is stamped with, and a bot runs as. */
export interface Whom {
  readonly mode: string;
  readonly account: string;
}

export const sameWhom = (a: Whom, b: Whom): boolean => a.mode === b.mode && a.account === b.account;
export const whomText = ({ mode, account }: Whom): string => `${mode.toUpperCase()}, account ${account}`;

export type ControlReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  /** `id` 0 when the request's own could not be read. */
  | { readonly id: number; readonly ok: false; readonly code: ControlErrorCode; readonly detail: string };

export type ControlErrorCode =
  /** Not JSON, or not a request. */
  | 'bad_request'
  /** A line longer than `MAX_REQUEST_BYTES`; the connection ends. */
  | 'too_large'
  /** Too many clients; the connection ends. */
  | 'busy'
  /** The request is for a bot of another mode or account; `detail` names this one's. */
  | 'another_bot'
  /** The bot could not do it. */
  | 'failed';

/** One account's positions and open orders as the venue said just now. A failed read of either is unknown, not flat. */
export type AccountPositions =
  | {
      /** `<route>|<venue>` */
      readonly account: string;
      readonly ok: true;
      readonly at: number;
      /** Quantities in base units as decimal text, long positive; flat ones are left out. */
      readonly positions: readonly { readonly key: string; readonly quantity: string }[];
      /** Absent when they could not be read. */
      readonly orders?: readonly OpenOrder[];
    }
  | { readonly account: string; readonly ok: false; readonly code: string; readonly detail: string };

export interface OpenOrder {
  readonly key: string;
  readonly side: 'buy' | 'sell';
  /** What of it may still fill, base units as decimal text. */
  readonly open: string;
  readonly venueOrderId: string;
}

export const MAX_REQUEST_BYTES = 4_096;

const VENUE = /^[a-z0-9_-]{1,32}$/;
export const MAX_NOTE = 500;
const HEDGE = /^h[1-9]\d{0,14}$/;
const BREAKER = /^[a-z_]{1,40}(\/(live|paper)(\/[\w-]{1,40})?)?$/;
const BY = /^[\w.:@-]{1,64}$/;
const SIMPLE: ReadonlySet<unknown> = new Set(['pause', 'resume', 'flatten', 'kill', 'kill_reset']);

export const isBreakerName = (text: string): boolean => BREAKER.test(text);
export const isHedgeId = (text: string): boolean => HEDGE.test(text);

export type ParsedRequest =
  | { readonly ok: true; readonly request: ControlRequest }
  | { readonly ok: false; readonly id: number; readonly detail: string };

export function parseRequest(line: string): ParsedRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, id: 0, detail: 'the line is not JSON' };
  }
  if (typeof value !== 'object' || value === null) return { ok: false, id: 0, detail: 'a request is an object' };
  const { id, op, command, by, whom } = value as Record<string, unknown>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1)
    return { ok: false, id: 0, detail: 'id should be a whole number from 1' };
  if (whom !== undefined && !isWhom(whom)) return { ok: false, id, detail: 'whom should have a mode and an account' };
  const head = whom === undefined ? { id } : { id, whom };
  if (op === 'status' || op === 'positions') return { ok: true, request: { ...head, op } };
  if (op !== 'command') return { ok: false, id, detail: 'op should be status, positions or command' };
  const wanted = parseCommand(command);
  if (!wanted) return { ok: false, id, detail: 'there is no such command' };
  if (typeof by !== 'string' || !BY.test(by)) return { ok: false, id, detail: 'by should say who, in a short word' };
  return { ok: true, request: { ...head, op, command: wanted, by } };
}

function isWhom(value: unknown): value is Whom {
  if (typeof value !== 'object' || value === null) return false;
  const { mode, account } = value as Record<string, unknown>;
  return typeof mode === 'string' && typeof account === 'string';
}

function parseCommand(value: unknown): OperatorCommand | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { action, hedge, breaker } = value as Record<string, unknown>;
  if (action === 'close') return typeof hedge === 'string' && HEDGE.test(hedge) ? { action, hedge } : undefined;
  if (action === 'accept') return parseAccept(value as Record<string, unknown>);
  if (action === 'breaker_reset')
    return typeof breaker === 'string' && BREAKER.test(breaker) ? { action, breaker } : undefined;
  return SIMPLE.has(action) ? ({ action } as OperatorCommand) : undefined;
}

function parseAccept({ venue, route, note, seenAt }: Record<string, unknown>): OperatorCommand | undefined {
  if (typeof venue !== 'string' || !VENUE.test(venue)) return undefined;
  if (route !== 'live' && route !== 'paper') return undefined;
  if (typeof note !== 'string' || note.trim() === '' || note.length > MAX_NOTE) return undefined;
  if (typeof seenAt !== 'number' || !Number.isSafeInteger(seenAt)) return undefined;
  return { action: 'accept', venue, route, note, seenAt };
}
