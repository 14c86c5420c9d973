/** What an endpoint of the REST dialect is made of. */
import type { Instant } from '../../../kernel/instant.ts';
import type { Exchange } from '../../exchange/api.ts';
import type { ApiCredentials, WireResponse } from '../dialect.ts';
import type { InstrumentIds } from './instrument-ids.ts';
import type { Limit } from './limits.ts';
import type { MarginModes } from './margin-modes.ts';
import type { Params } from './params.ts';

export interface PublicCall {
  readonly exchange: Exchange;
  readonly ids: InstrumentIds;
  readonly now: Instant;
  /** Query of a GET, object of a POST; empty for a bulk request. */
  readonly params: Params;
  /** Items of a bulk request; one item, `params`, otherwise. */
  readonly items: readonly Params[];
}

export interface PrivateCall extends PublicCall {
  readonly account: string;
  readonly owner: ApiCredentials;
  readonly modes: MarginModes;
  /** Its own deadline is over: it places nothing any more. */
  readonly isPast: boolean;
}

interface Common {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly limit: Limit;
  /** Takes a JSON array of at most 20 items. */
  readonly bulk?: {
    /** The endpoint for one item, whose limit a request of one item spends. */
    readonly ofOne: Pick<Common, 'path' | 'limit'>;
  };
}

export type Route =
  | (Common & { readonly access: 'public'; readonly run: (call: PublicCall) => WireResponse })
  | (Common & { readonly access: 'private'; readonly run: (call: PrivateCall) => WireResponse });
