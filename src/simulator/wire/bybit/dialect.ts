/**
 * The Bybit v5 wire protocol over one exchange model: REST and streams for linear perpetuals on a unified account.
 * Entry point: `createBybitDialect`. Route tables: market-routes, account-routes, asset-routes, order-routes,
 * bulk-routes, history-routes; streams: public-stream, private-stream.
 *
 * A request passes, in this order: IP limit, route, authentication, user limit, parameters, the model.
 */
import { invariant } from '../../../kernel/assert.ts';
import type { Exchange, ExchangeEvent } from '../../exchange/api.ts';
import type { DialectOptions, WireDialect, WireRequest, WireResponse, WireSocket, WireStream } from '../dialect.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { refusal, render } from './answer.ts';
import { ASSET_ROUTES } from './asset-routes.ts';
import { BybitAuth } from './auth.ts';
import { BULK_ROUTES } from './bulk-routes.ts';
import { HISTORY_ROUTES } from './history-routes.ts';
import { BybitLimits } from './limits.ts';
import { MARKET_ROUTES } from './market-routes.ts';
import { ORDER_ROUTES } from './order-routes.ts';
import { bodyParams, Params, queryParams } from './params.ts';
import { PrivateStreams } from './private-stream.ts';
import { PublicStreams } from './public-stream.ts';
import type { Route } from './route.ts';
import { BybitSymbols } from './symbols.ts';

const ROUTES: ReadonlyMap<string, Route> = new Map(
  [MARKET_ROUTES, ACCOUNT_ROUTES, ASSET_ROUTES, ORDER_ROUTES, BULK_ROUTES, HISTORY_ROUTES].flatMap((table) =>
    Object.entries(table),
  ),
);

export function createBybitDialect(options: DialectOptions): WireDialect {
  return new BybitDialect(options);
}

class BybitDialect implements WireDialect {
  readonly #exchange: Exchange;
  readonly #symbols: BybitSymbols;
  readonly #auth: BybitAuth;
  readonly #limits = new BybitLimits();
  readonly #public: PublicStreams;
  readonly #private: PrivateStreams;
  readonly #unlisten: () => void;
  #connections = 0;

  constructor({ exchange, credentials }: DialectOptions) {
    invariant(exchange.symbols().length > 0, 'a venue lists at least one symbol');
    this.#exchange = exchange;
    this.#symbols = new BybitSymbols(exchange);
    this.#auth = new BybitAuth(credentials);
    this.#public = new PublicStreams(exchange, this.#symbols);
    this.#private = new PrivateStreams(exchange, this.#symbols, this.#auth);
    this.#unlisten = exchange.listen((event: ExchangeEvent) => {
      this.#private.onEvent(event);
      this.#public.onEvent(event);
    });
  }

  handle(request: WireRequest): WireResponse {
    const now = this.#exchange.now();
    const tooFrequent = this.#limits.enter(now);
    if (tooFrequent) return render(tooFrequent, now);
    const name = `${request.method} ${request.path}`;
    const route = ROUTES.get(name);
    if (route === undefined) return render(refusal(10_017, 'Route not found.', 404), now);
    if (route.kind === 'public') {
      const call = { exchange: this.#exchange, symbols: this.#symbols, params: queryParams(request.query), now };
      return render(route.run(call), now);
    }
    const signer = this.#auth.request(request, now);
    if ('retCode' in signer) return render(signer, now);
    const params = request.method === 'POST' ? bodyParams(request.body) : queryParams(request.query);
    const wanted = params instanceof Params ? route.weigh(params) : 1;
    const { refused, granted, headers } = this.#limits.admit(signer.account, name, route.perSecond, now, wanted);
    if (refused) return render(refused, now, headers);
    if (!(params instanceof Params)) return render(params, now, headers);
    const { account } = signer;
    const call = { exchange: this.#exchange, symbols: this.#symbols, params, now, account, owner: signer, granted };
    return render(route.run(call), now, headers);
  }

  connect(path: string, socket: WireSocket): WireStream | undefined {
    const [endpoint] = path.split('?');
    this.#connections += 1;
    const connectionId = `sim-${this.#connections}`;
    if (endpoint === '/v5/public/linear') return this.#public.connect(socket, connectionId);
    return endpoint === '/v5/private' ? this.#private.connect(socket, connectionId) : undefined;
  }

  changeAddress(): void {
    this.#limits.changeAddress();
  }

  close(): void {
    this.#unlisten();
  }
}
