/**
 * A faulty network and gateway in front of one wire dialect: requests and replies get lost, late or replaced, stream
 * frames go missing, come twice or late. What the exchange model did stays true; only what the client hears is wrong.
 * Without a rule everything passes untouched. Entry point: `createFaultProxy`; plug its `dialect` and `intercept` into
 * `startWireServer`.
 */
import type { Clock } from '../../ports/clock.ts';
import type { WireDialect, WireRequest, WireResponse, WireSocket } from './dialect.ts';
import type { Interception } from './server.ts';

export type RequestFault =
  /** The connection dies and the exchange never hears of it. */
  | { readonly kind: 'lose_request' }
  /** It takes effect and the connection dies. */
  | { readonly kind: 'lose_reply' }
  /** The connection dies now; it takes effect `afterMs` of the venue's time later, if the venue still takes it then. */
  | { readonly kind: 'accept_late'; readonly afterMs: number }
  /** It takes effect now; the answer leaves `afterMs` of real time later. */
  | { readonly kind: 'answer_late'; readonly afterMs: number }
  /** The gateway answers by itself. */
  | { readonly kind: 'answer'; readonly response: WireResponse }
  /** It takes effect and the answer says something else. */
  | { readonly kind: 'distort'; readonly edit: (reply: WireResponse, request: WireRequest) => WireResponse };

export type FrameFault =
  /** The connection stays open; this never arrives. */
  | { readonly kind: 'lose' }
  | { readonly kind: 'twice' }
  /** In order, `afterMs` of the venue's time later. */
  | { readonly kind: 'late'; readonly afterMs: number }
  | { readonly kind: 'distort'; readonly edit: (frame: string) => readonly string[] };

/** Strikes the `times` matching ones (default: until healed) that follow the first `skip` (default 0). */
interface Rule<Subject, Fault> {
  readonly matches: (subject: Subject) => boolean;
  readonly fault: Fault | ((subject: Subject) => Fault);
  readonly skip?: number;
  readonly times?: number;
}
export type RequestRule = Rule<WireRequest, RequestFault>;
/** `path` is the stream's address with query. */
export type FrameRule = Rule<{ readonly frame: string; readonly path: string }, FrameFault>;

export interface FaultProxy {
  readonly dialect: WireDialect;
  readonly intercept: (request: WireRequest) => Promise<Interception>;
  /** The first rule that strikes decides. */
  onRequests(rule: RequestRule): void;
  onFrames(rule: FrameRule): void;
  /** No fault strikes from now on; what is on its way late still arrives. */
  heal(): void;
  /** Requests and frames that a fault has struck. */
  struck(): number;
}

export interface FaultProxyOptions {
  readonly dialect: WireDialect;
  /** The venue's time. */
  readonly clock: Clock;
  /** Real time. */
  readonly ioClock: Clock;
}

export function createFaultProxy(options: FaultProxyOptions): FaultProxy {
  const { dialect, clock, ioClock } = options;
  const requests = new Rules<WireRequest, RequestFault>();
  const frames = new Rules<{ readonly frame: string; readonly path: string }, FrameFault>();
  const relay = (path: string, socket: WireSocket): WireSocket => ({
    send: (frame) => sendFrame(frames.strike({ frame, path }), frame, clock, (each) => socket.send(each)),
    close: (code, reason) => socket.close(code, reason),
  });
  return {
    dialect: {
      handle: (request) => dialect.handle(request),
      connect: (path, socket) => dialect.connect(path, relay(path, socket)),
      close: () => dialect.close(),
    },
    intercept: async (request) => {
      const fault = requests.strike(request);
      switch (fault?.kind) {
        case undefined:
          return 'pass';
        case 'lose_request':
          return 'drop-before';
        case 'lose_reply':
          return 'drop-after';
        case 'accept_late':
          clock.after(fault.afterMs, () => void dialect.handle(request));
          return 'drop-before';
        case 'answer_late': {
          const reply = dialect.handle(request);
          await new Promise<void>((resolve) => ioClock.after(fault.afterMs, resolve));
          return reply;
        }
        case 'answer':
          return fault.response;
        case 'distort':
          return fault.edit(dialect.handle(request), request);
      }
    },
    onRequests: (rule) => requests.add(rule),
    onFrames: (rule) => frames.add(rule),
    heal: () => {
      requests.clear();
      frames.clear();
    },
    struck: () => requests.struck + frames.struck,
  };
}

function sendFrame(fault: FrameFault | undefined, frame: string, clock: Clock, send: (frame: string) => void): void {
  switch (fault?.kind) {
    case undefined:
      return send(frame);
    case 'lose':
      return;
    case 'twice':
      send(frame);
      return send(frame);
    case 'late':
      clock.after(fault.afterMs, () => send(frame));
      return;
    case 'distort':
      for (const each of fault.edit(frame)) send(each);
  }
}

class Rules<Subject, Fault> {
  struck = 0;
  #rules: { readonly rule: Rule<Subject, Fault>; skip: number; times: number }[] = [];

  add(rule: Rule<Subject, Fault>): void {
    this.#rules.push({ rule, skip: rule.skip ?? 0, times: rule.times ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#rules = [];
  }

  strike(subject: Subject): Fault | undefined {
    for (const each of this.#rules) {
      if (each.times <= 0 || !each.rule.matches(subject)) continue;
      if (each.skip > 0) {
        each.skip -= 1;
        continue;
      }
      each.times -= 1;
      this.struck += 1;
      const { fault } = each.rule;
      return typeof fault === 'function' ? (fault as (subject: Subject) => Fault)(subject) : fault;
    }
    return undefined;
  }
}
