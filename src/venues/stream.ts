/**
 * The private stream of one ccxt account. ccxt's watch calls keep the connection, the log-in and the subscriptions
 * alive; the events are read from the frames themselves, because ccxt wakes nobody for an event that arrives while
 * nobody awaits, and keeps only the latest state of an order. Entry point: `openAccountStream`.
 */
import * as z from 'zod';
import { DecimalError } from '../kernel/decimal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { AccountEvent } from '../ports/venue.ts';
import { type Account, fillOf, orderState } from './account.ts';
import type { RawAccountEvent } from './facts.ts';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

export interface AccountStreamHandle {
  close(): void;
}

export function openAccountStream(
  account: Account,
  ioClock: Clock,
  random: Random,
  sink: (event: AccountEvent) => void,
): AccountStreamHandle {
  const { connection } = account;
  const { stream } = connection.facts;
  const watches = stream.watches(connection.client);
  let closed = false;
  let subscriptions = 0;
  let status: 'up' | 'down' = 'down';
  const report = (next: 'up' | 'down', reason: string): void => {
    if (closed || next === status) return;
    status = next;
    sink({ kind: 'stream', status: next, reason });
  };
  const noteSubscription = (url: string, frame: unknown): void => {
    if (!stream.subscribed(url, frame)) return;
    subscriptions += 1;
    if (subscriptions >= watches.length) report('up', 'subscribed');
  };
  connection.onOpen((url) => noteSubscription(url, undefined));
  connection.onDrop(() => {
    subscriptions = 0;
    report('down', 'connection lost');
  });
  connection.onFrame((frame, url) => {
    if (closed) return;
    noteSubscription(url, frame);
    if (stream.ended?.(connection.client, frame)) connection.cutStreams();
    for (const event of parse(stream.parse, frame, report)) deliver(account, event, sink);
  });
  const keep = async (watch: () => Promise<unknown>): Promise<void> => {
    for (let failures = 0; !closed; ) {
      const sinceMs = ioClock.monotonicMs();
      try {
        await watch();
        failures = 0;
      } catch (error) {
        if (closed) return;
        // A connection that stays open is one that ccxt would never subscribe again.
        connection.cutStreams();
        subscriptions = 0;
        report('down', error instanceof Error ? error.constructor.name : 'unknown');
        // One that held for a while, though nothing was told on it, was no failure like the ones before.
        if (ioClock.monotonicMs() - sinceMs > MAX_BACKOFF_MS) failures = 0;
        const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10));
        failures += 1;
        await new Promise<void>((resolve) => ioClock.after(ceiling * (0.5 + 0.5 * random.next()), resolve));
      }
    }
  };
  void (async () => {
    await account.listings.ensure();
    for (const watch of watches) void keep(watch);
  })();
  return {
    close: () => {
      closed = true;
    },
  };
}

/** A frame that should carry events and cannot be read means that some were missed: the stream counts as down. */
function parse(
  read: (frame: unknown) => readonly RawAccountEvent[],
  frame: unknown,
  report: (status: 'up' | 'down', reason: string) => void,
): readonly RawAccountEvent[] {
  try {
    return read(frame);
  } catch (error) {
    if (!(error instanceof z.ZodError) && !(error instanceof DecimalError)) throw error;
    report('down', 'an account frame could not be read');
    report('up', 'events may be missing: read the account');
    return [];
  }
}

function deliver(account: Account, event: RawAccountEvent, sink: (event: AccountEvent) => void): void {
  if (event.kind === 'order') {
    const order = orderState(account, event.order);
    if (order !== undefined) sink({ kind: 'order', order });
    return;
  }
  const fill = fillOf(account, event.fill);
  if (fill !== undefined) sink({ kind: 'fill', fill });
}
