/** The shape of a Binance route. Each `*-routes.ts` file lists its own; dialect.ts serves them. */
import type { Instant } from '../../../kernel/instant.ts';
import type { Exchange } from '../../exchange/api.ts';
import type { ApiCredentials } from '../dialect.ts';
import type { OrderCost } from './limits.ts';
import type { WireMarkets } from './markets.ts';
import type { Params } from './params.ts';
import type { Result } from './reply.ts';

interface RouteCommon {
  /** IP weight as published. */
  readonly weight: number | ((params: Params) => number);
}

export interface PublicRoute extends RouteCommon {
  readonly access: 'public';
  /** Also spends the budget that the two funding routes share. */
  readonly funding?: true;
  handle(call: Call): Result<unknown>;
}

export interface PrivateRoute extends RouteCommon {
  /** `key`: the API key alone; `signed`: key, timestamp and signature. */
  readonly access: 'key' | 'signed';
  /** What it spends of the order budgets; absent for a route that places nothing. */
  readonly order?: OrderCost;
  handle(call: PrivateCall): Result<unknown>;
}

export type Route = PublicRoute | PrivateRoute;
/** By method and path: `GET /fapi/v1/ping`. */
export type Routes = Readonly<Record<string, Route>>;

export interface Call {
  readonly exchange: Exchange;
  readonly markets: WireMarkets;
  readonly params: Params;
  readonly now: Instant;
}

export interface PrivateCall extends Call {
  readonly owner: ApiCredentials;
  readonly account: string;
}
