/** What an endpoint of this venue is. Route tables: `*-routes.ts`. */
import type { Instant } from '../../../kernel/instant.ts';
import type { Exchange } from '../../exchange/api.ts';
import type { ApiCredentials } from '../dialect.ts';
import type { Answer } from './answer.ts';
import type { Params } from './params.ts';
import type { BybitSymbols } from './symbols.ts';

export interface Call {
  readonly exchange: Exchange;
  readonly symbols: BybitSymbols;
  readonly params: Params;
  readonly now: Instant;
}

export interface PrivateCall extends Call {
  /** Account of the exchange model that the key trades on. */
  readonly account: string;
  readonly owner: ApiCredentials;
  /** Orders of a batch that its limit had room for; 1 otherwise. */
  readonly granted: number;
}

export type Route =
  | { readonly kind: 'public'; readonly run: (call: Call) => Answer }
  /** `perSecond`: requests of one user on this endpoint in any second, or what `weigh` counts. */
  | {
      readonly kind: 'private';
      readonly perSecond: number;
      readonly run: (call: PrivateCall) => Answer;
      readonly weigh: (params: Params) => number;
    };

/** By method and path, e.g. `GET /v5/market/time`. */
export type Routes = Readonly<Record<string, Route>>;

export const publicRoute = (run: (call: Call) => Answer): Route => ({ kind: 'public', run });

export const privateRoute = (
  perSecond: number,
  run: (call: PrivateCall) => Answer,
  weigh: (params: Params) => number = () => 1,
): Route => ({ kind: 'private', perSecond, run, weigh });

const CATEGORIES = ['linear', 'inverse', 'spot', 'option'] as const;

/** This venue lists linear perpetuals; queries for the other products are valid and find nothing. */
export const categoryOf = (params: Params): (typeof CATEGORIES)[number] => params.oneOf('category', CATEGORIES);
