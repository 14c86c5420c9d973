/** Which channels the streams serve, and what a subscription argument must name. Entry point: `parseSubscription`. */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { InstrumentIds } from './instrument-ids.ts';
import { type Params, text } from './params.ts';

export type StreamPath = 'public' | 'private' | 'business';
export type Channel = keyof typeof CHANNELS;

/** `names`: what the argument must identify. */
const CHANNELS = {
  'bbo-tbt': { path: 'public', names: 'instrument' },
  books: { path: 'public', names: 'instrument' },
  books5: { path: 'public', names: 'instrument' },
  'funding-rate': { path: 'public', names: 'instrument' },
  'index-tickers': { path: 'public', names: 'index' },
  'mark-price': { path: 'public', names: 'instrument' },
  tickers: { path: 'public', names: 'instrument' },
  account: { path: 'private', names: 'nothing' },
  orders: { path: 'private', names: 'type' },
  positions: { path: 'private', names: 'type' },
} as const satisfies Record<string, { path: StreamPath; names: 'instrument' | 'index' | 'type' | 'nothing' }>;

/** Served by the venue to high fee tiers only. */
const TIERED: ReadonlyMap<string, StreamRefusal> = new Map([
  [
    'books-l2-tbt',
    {
      code: '60029',
      msg: 'Only users who are VIP5 and above in trading fee tier are allowed to subscribe to this channel.',
    },
  ],
  [
    'books50-l2-tbt',
    {
      code: '60030',
      msg: 'Only users who are VIP4 and above in trading fee tier are allowed to subscribe to this channel.',
    },
  ],
]);

export interface StreamRefusal {
  readonly code: string;
  readonly msg: string;
}

export interface Subscription {
  readonly channel: Channel;
  /** The client's own argument, echoed with every push. */
  readonly argument: Params;
  /** Undefined: every instrument. */
  readonly symbol: UnifiedSymbol | undefined;
  /** One text per distinct subscription. */
  readonly key: string;
}

export function parseSubscription(
  argument: Params,
  path: StreamPath,
  loggedIn: boolean,
  ids: InstrumentIds,
): Subscription | StreamRefusal {
  const channel = text(argument, 'channel');
  const tiered = TIERED.get(channel);
  if (tiered !== undefined && path === 'public') return tiered;
  if (!isChannel(channel) || CHANNELS[channel].path !== path) return notServed(argument);
  if (path === 'private' && !loggedIn) return { code: '60011', msg: 'Please log in' };
  const { names } = CHANNELS[channel];
  const instId = text(argument, 'instId');
  const instType = text(argument, 'instType');
  if (names === 'nothing') return { channel, argument, symbol: undefined, key: channel };
  if (names === 'type' && !['SWAP', 'ANY'].includes(instType)) return notServed(argument);
  if (names === 'type' && instId === '') return { channel, argument, symbol: undefined, key: `${channel} ${instType}` };
  const symbol = names === 'index' ? ids.ofUnderlying(instId) : ids.symbol(instId);
  if (symbol === undefined) return notServed(argument);
  return { channel, argument, symbol, key: `${channel} ${instType} ${instId}` };
}

const isChannel = (name: string): name is Channel => Object.hasOwn(CHANNELS, name);

function notServed(argument: Params): StreamRefusal {
  const named = ['channel', 'instType', 'instId']
    .filter((name) => text(argument, name) !== '')
    .map((name) => `${name}:${text(argument, name)}`);
  return {
    code: '60018',
    msg: `Wrong URL or ${named.join(',')} doesn't exist. Please use the correct URL and channel.`,
  };
}
