/**
 * The only place that constructs ccxt clients. Entry points: `connectAccount` (signed, for the `Venue` port) and
 * `connectMarketData` (no keys, public paths only, for feeds). ccxt is loaded on the first call, not on import.
 *
 * Each client is stock ccxt with these replacements on the instance: its HTTP transport, its clock, a budget in front
 * of signing (so that a request that waits is not signed with a stale timestamp), and taps on frames and disconnects.
 */
import type { VenueId } from '../kernel/ids.ts';
import { type Read, success } from '../kernel/outcome.ts';
import type { Activity } from '../ports/activity.ts';
import type { Clock } from '../ports/clock.ts';
import type { Urgency } from '../ports/venue.ts';
import type { RequestBudget } from './budget.ts';
import { BudgetRefusal, type CallResult, lastCode, run } from './call.ts';
import type { CcxtClient, CcxtHooks, CcxtSocket } from './client.ts';
import { type Attempt, deadlineOf, type VenueFacts } from './facts.ts';
import { publicOnly } from './guard.ts';
import { Liveness } from './liveness.ts';
import { heed } from './pacing.ts';
import { redirectStreams } from './redirect.ts';
import { reloadMarkets } from './reload.ts';
import { type CallNotes, createTransport, type Transport, TransportError } from './transport.ts';
import type { Listing } from './units.ts';
import { VenueClock } from './venue-clock.ts';

export interface Credentials {
  readonly apiKey: string;
  readonly secret: string;
  /** OKX only. */
  readonly passphrase?: string;
}

export interface ConnectOptions {
  readonly facts: VenueFacts;
  /** Shared by every connection to the venue. */
  readonly budget: RequestBudget;
  readonly activity: Activity;
  /** Stamps requests and signatures: the system's, or the simulated one that the venues share. */
  readonly clock: Clock;
  /** Real time, for network deadlines. */
  readonly ioClock: Clock;
  /** Official host to replacement base URL (`hostsTo` builds it); empty or absent: the official hosts. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Real money: a key that may withdraw, or that works from everywhere, is refused. */
  readonly strictKeys?: boolean;
  /** The venue's sandbox or demo hosts. */
  readonly testnet?: boolean;
  /** Deadline of each request over connect, headers and body; default 10 s. */
  readonly timeoutMs?: number;
  /** Real ms between pings of a stream connection; default 15 s. One that is silent for 2.5 of them is cut. */
  readonly keepAliveMs?: number;
}

/** A client with its transport and taps. */
export interface Connection {
  readonly venue: VenueId;
  readonly facts: VenueFacts;
  /** A stream connection is open. */
  onOpen(listener: (url: string) => void): void;
  /** Every parsed stream frame (text when it was not JSON), after ccxt has dealt with it. */
  onFrame(listener: (frame: unknown, url: string) => void): void;
  /** A stream connection ended. */
  onDrop(listener: (url: string) => void): void;
  /** Ends every stream connection at once; ccxt opens new ones with the next watch. */
  cutStreams(): void;
  close(): Promise<void>;
}

export interface AccountConnection extends Connection {
  readonly client: CcxtClient;
  readonly attempt: Attempt;
  /** See `ConnectOptions`. */
  readonly strictKeys: boolean;
  /** Stamps the account's requests. */
  readonly venueClock: VenueClock;
  /** Runs ccxt code; expected failures come back as values with notes of what went over the wire. */
  call<T>(
    urgency: Urgency,
    act: (client: CcxtClient) => Promise<T>,
    limits?: Pick<CallNotes, 'timeoutMs'>,
  ): Promise<CallResult<T>>;
}

/** What feeds take: see `MarketConnection` in feeds/, which this satisfies structurally. */
export interface PublicConnection extends Connection {
  /** The ccxt client; feeds narrow it to what they use. */
  readonly client: unknown;
  read<T>(act: () => Promise<T>): Promise<Read<T>>;
  /** Loads the venue's markets anew. Fees are the public ones. */
  listings(): Promise<Read<readonly Listing[]>>;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Pause between pings. */
const KEEP_ALIVE_MS = 15_000;
/** Pauses without a sign of life before a connection is cut. */
const SILENT_PAUSES = 2.5;
/** For closing handshakes of streams. */
const CLOSING_MS = 1_000;

/** Rejects only for a bug or when ccxt lacks the venue's class. */
export async function connectAccount(
  options: ConnectOptions & { readonly credentials: Credentials },
): Promise<AccountConnection> {
  const { apiKey, secret, passphrase } = options.credentials;
  const keys = { apiKey, secret, ...(passphrase === undefined ? {} : { password: passphrase }) };
  const { client, transport, venueClock, ...taps } = await construct(options, keys, undefined);
  const { facts, clock, budget } = options;
  const askTime = async () => {
    const answer = await run(facts, transport, clock, { urgency: 'reduce' }, () => facts.reads.serverTime(client));
    const sentMs = answer.notes.grantedMs;
    return answer.ok && sentMs !== undefined ? { serverAt: answer.value, sentMs } : undefined;
  };
  const call: AccountConnection['call'] = (urgency, act, limits) => {
    const askedMs = clock.monotonicMs();
    return run(facts, transport, clock, { urgency, askedMs, ...limits }, async () => {
      const limitMs = budget.waitLimitMs[urgency];
      if (!(await venueClock.ready(askTime, limitMs))) {
        throw new BudgetRefusal('budget_wait', `the venue's clock was not read within ${limitMs} ms`);
      }
      return act(client);
    });
  };
  const attempt: Attempt = async (act) => {
    const notes: CallNotes = { urgency: transport.notes()?.urgency ?? 'poll', requests: [] };
    try {
      await transport.noting(notes, act);
      return undefined;
    } catch (error) {
      const code = lastCode(facts, notes);
      if (code === undefined) throw error;
      return code;
    }
  };
  const strictKeys = options.strictKeys === true;
  return { venue: facts.id, facts, client, call, attempt, venueClock, strictKeys, ...taps };
}

/** Public data only: no keys in the client, and a guard that refuses whatever is not a public GET. */
export async function connectMarketData(options: ConnectOptions): Promise<PublicConnection> {
  const { client, transport, venueClock: _venueClock, ...taps } = await construct(options, {}, publicOnly);
  const { facts, clock } = options;
  const read = async <T>(act: () => Promise<T>): Promise<Read<T>> => {
    const result = await run(facts, transport, clock, { urgency: 'poll' }, act);
    return result.ok ? success(result.value, clock.now()) : { ok: false, code: result.code, detail: result.detail };
  };
  const listings = () => read(() => reloadMarkets(facts, client));
  return { venue: facts.id, facts, client, read, listings, ...taps };
}

/**
 * For the process-level `unhandledRejection` handler: ccxt leaves promises of failed private streams unhandled
 * (Binance's and OKX's log-in). Such a rejection is a stream failure, which the stream's own loop deals with.
 */
export function isCcxtStreamRejection(reason: unknown): boolean {
  if (reason instanceof TransportError || reason instanceof BudgetRefusal) return true;
  for (let type: unknown = reason; typeof type === 'object' && type !== null; type = Object.getPrototypeOf(type)) {
    if (type.constructor.name === 'BaseError') return true;
  }
  return false;
}

interface Constructed extends Pick<Connection, 'onOpen' | 'onFrame' | 'onDrop' | 'cutStreams' | 'close'> {
  readonly client: CcxtClient;
  readonly transport: Transport;
  readonly venueClock: VenueClock;
}

async function construct(
  options: ConnectOptions,
  keys: Readonly<Record<string, string>>,
  guard: Parameters<typeof createTransport>[0]['guard'],
): Promise<Constructed> {
  const { facts, hosts = {} } = options;
  const { pro } = await import('ccxt');
  const instance = new pro[facts.ccxtClass]({
    ...keys,
    enableRateLimit: false,
    userAgent: 'tandem',
    number: String,
    timeout: 2 * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    streaming: { keepAlive: options.keepAliveMs ?? KEEP_ALIVE_MS },
    options: {
      ...facts.options,
      maxRetriesOnFailure: 0,
      // Reconnects are paced by the callers of watch methods.
      ws: { backoff: { base: 0 } },
    },
  });
  const client = instance as unknown as CcxtClient;
  const hooks = instance as unknown as CcxtHooks;
  facts.configure(client, options.testnet === true);
  const venueClock = new VenueClock(options.clock);
  const transport = createTransport({
    hosts,
    ioClock: options.ioClock,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    keys: Object.values(keys),
    ...(guard === undefined ? {} : { guard }),
    headersOf: (method, { pathname }) => deadlineOf(facts, method, pathname, venueClock.earliest()),
    observe: (exchanged) => {
      heed(facts, options.budget, venueClock, exchanged);
    },
  });
  redirectStreams(client, hosts);
  const taps = install(hooks, options, transport, venueClock);
  await hooks.loadHttpProxyAgent();
  return {
    client,
    transport,
    venueClock,
    ...taps,
    close: async () => {
      // A peer that is gone answers no closing handshake.
      const cancel = options.ioClock.after(CLOSING_MS, taps.cutStreams);
      await client.close();
      cancel();
      taps.cutStreams();
      transport.close();
    },
  };
}

function install(hooks: CcxtHooks, options: ConnectOptions, transport: Transport, venueClock: VenueClock) {
  const { clock, ioClock, facts, budget, activity } = options;
  const liveness = new Liveness(ioClock, SILENT_PAUSES * (options.keepAliveMs ?? KEEP_ALIVE_MS));
  const frameListeners: ((frame: unknown, url: string) => void)[] = [];
  const openListeners: ((url: string) => void)[] = [];
  const dropListeners: ((url: string) => void)[] = [];
  hooks.milliseconds = () => venueClock.now();
  hooks.seconds = () => Math.floor(venueClock.now() / 1000);
  // Malformed frames reach the listeners; ccxt would print them.
  hooks.log = () => undefined;
  hooks.fetchImplementation = transport.fetch;
  // Quantities and prices arrive as exact multiples of their steps; ccxt would pass prices through doubles.
  hooks.amountToPrecision = (_symbol, amount) => amount;
  hooks.priceToPrecision = (_symbol, price) => price;
  const fetch2 = hooks.fetch2.bind(hooks);
  hooks.fetch2 = async (path, access, method, params, ...rest) => {
    activity.begin();
    try {
      const notes = transport.notes();
      const sinceMs = notes?.grantedMs === undefined ? notes?.askedMs : undefined;
      const grant = await budget.acquire(facts.cost(method, path, params), notes?.urgency ?? 'poll', sinceMs);
      if (!grant.ok) throw new BudgetRefusal(grant.code, grant.detail);
      if (notes !== undefined) notes.grantedMs = clock.monotonicMs();
      return await fetch2(path, access, method, params, ...rest);
    } finally {
      activity.end();
    }
  };
  const handleMessage = hooks.handleMessage.bind(hooks);
  hooks.handleMessage = (socket, frame) => {
    try {
      return handleMessage(socket, frame);
    } finally {
      // Some clients stamp pongs with the venue's or the bot's clock, which ccxt then compares with real time.
      socket.lastPong = ioClock.now();
      liveness.heard(socket);
      for (const listener of frameListeners) listener(frame, socket.url);
    }
  };
  hooks.onConnected = (socket) => {
    liveness.opened(socket);
    for (const listener of openListeners) listener(socket.url);
  };
  const ended = new WeakSet<CcxtSocket>();
  // Once each: the close of a socket that failed comes half a minute late, when another may long be open.
  const dropped = (socket: CcxtSocket): void => {
    liveness.gone(socket);
    if (ended.has(socket)) return;
    ended.add(socket);
    for (const listener of dropListeners) listener(socket.url);
  };
  const onError = hooks.onError.bind(hooks);
  hooks.onError = (socket, error) => {
    onError(socket, error);
    dropped(socket);
    // Its peer may be gone: no handshake, and no more of its frames.
    socket.connection?.terminate();
  };
  const onClose = hooks.onClose.bind(hooks);
  hooks.onClose = (socket, event) => {
    onClose(socket, event);
    dropped(socket);
  };
  return {
    onOpen: (listener: (url: string) => void) => void openListeners.push(listener),
    onFrame: (listener: (frame: unknown, url: string) => void) => void frameListeners.push(listener),
    onDrop: (listener: (url: string) => void) => void dropListeners.push(listener),
    cutStreams: () => liveness.cut(),
  };
}
