/**
 * Binance USD-M futures as the wire sees it: `createBinanceDialect` puts REST and streams in front of one exchange
 * model. Requests go through the limits, then parameters, then identity, then the route.
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { DialectOptions, WireDialect, WireRequest, WireResponse, WireSocket, WireStream } from '../dialect.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { Gatekeeper } from './auth.ts';
import { openConnection } from './connection.ts';
import { RequestLimits } from './limits.ts';
import { MarketStreams } from './market-streams.ts';
import { WireMarkets } from './markets.ts';
import { orderRoutes } from './order-routes.ts';
import { type Params, parseParams } from './params.ts';
import { PUBLIC_ROUTES } from './public-routes.ts';
import { ok, type Result, refuse, toResponse } from './reply.ts';
import type { PrivateRoute, Route, Routes } from './route.ts';
import { LISTEN_KEY_LIFE_MS, UserStreams } from './user-streams.ts';
import { WALLET_ROUTES } from './wallet-routes.ts';

export interface BinanceDialectOptions extends DialectOptions {
  /**
   * Life of a listen key by the exchange's clock; default 60 minutes. Clients renew theirs by the wall clock, so a
   * simulation that runs much faster than the wall needs a longer one to have a private stream at all.
   */
  readonly listenKeyLifeMs?: number;
}

export function createBinanceDialect(options: BinanceDialectOptions): WireDialect {
  return new BinanceDialect(options);
}

class BinanceDialect implements WireDialect {
  readonly #exchange: DialectOptions['exchange'];
  readonly #markets: WireMarkets;
  readonly #gate: Gatekeeper;
  readonly #limits = new RequestLimits();
  readonly #marketStreams: MarketStreams;
  readonly #userStreams: UserStreams;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #stopListening: () => void;
  #unnamedOrders = 0;

  constructor({ exchange, credentials, listenKeyLifeMs = LISTEN_KEY_LIFE_MS }: BinanceDialectOptions) {
    this.#exchange = exchange;
    this.#markets = new WireMarkets(exchange);
    this.#gate = new Gatekeeper(credentials);
    this.#marketStreams = new MarketStreams(exchange, this.#markets);
    this.#userStreams = new UserStreams(exchange, this.#markets, listenKeyLifeMs);
    const orders = orderRoutes(() => this.#nameOrder());
    const account = { ...ACCOUNT_ROUTES, ...WALLET_ROUTES, ...this.#listenKeyRoutes() };
    const routes = { ...PUBLIC_ROUTES, ...account, ...orders };
    this.#routes = new Map(Object.entries(routes));
    this.#stopListening = exchange.listen((event) => {
      this.#marketStreams.onEvent(event);
      this.#userStreams.onEvent(event);
    });
  }

  handle(request: WireRequest): WireResponse {
    const now = this.#exchange.now();
    const headers: Record<string, string> = {};
    const result = this.#answer(request, now, headers);
    return toResponse(result, { ...this.#limits.weightHeaders(now), ...headers });
  }

  connect(path: string, socket: WireSocket): WireStream | undefined {
    return openConnection(path, socket, {
      exchange: this.#exchange,
      markets: this.#markets,
      marketStreams: this.#marketStreams,
      userStreams: this.#userStreams,
    });
  }

  changeAddress(): void {
    this.#limits.changeAddress();
  }

  close(): void {
    this.#stopListening();
  }

  #answer(request: WireRequest, now: Instant, headers: Record<string, string>): Result<unknown> {
    const { method, path, query, body } = request;
    const route = this.#routes.get(`${method} ${path}`);
    const params = parseParams(query, body);
    const weight = route && params.ok ? weightOf(route, params.value) : 1;
    const limited = this.#limits.admit(now, weight);
    if (limited) return limited;
    if (!route) return refuse(-5000, `Path ${path}, Method ${method} is invalid`, 404);
    if (!params.ok) return params;
    const call = { exchange: this.#exchange, markets: this.#markets, params: params.value, now };
    if (route.access === 'public') {
      return (route.funding && this.#limits.admitFunding(now)) || route.handle(call);
    }
    const owner = this.#identify(route, request, params.value, now);
    if (!owner.ok) return owner;
    const { account } = owner.value;
    const refused = route.order && this.#limits.admitOrder(now, account, route.order);
    if (route.order) Object.assign(headers, this.#limits.orderHeaders(now, account));
    return refused || route.handle({ ...call, owner: owner.value, account });
  }

  #identify(route: PrivateRoute, request: WireRequest, params: Params, now: Instant) {
    return route.access === 'key'
      ? this.#gate.identify(request.headers)
      : this.#gate.authenticate(request, params, now);
  }

  #nameOrder(): string {
    this.#unnamedOrders += 1;
    return `web_${this.#exchange.now().toString(36)}_${this.#unnamedOrders.toString(36)}`;
  }

  /** The user data stream's key; its calls carry the API key but no signature. */
  #listenKeyRoutes(): Routes {
    return {
      'POST /fapi/v1/listenKey': {
        access: 'key',
        weight: 1,
        handle: ({ owner, now }) => ok({ listenKey: this.#userStreams.issue(owner, now) }),
      },
      'PUT /fapi/v1/listenKey': {
        access: 'key',
        weight: 1,
        handle: ({ account, now }) => {
          const listenKey = this.#userStreams.extend(account, now);
          return listenKey === undefined ? refuse(-1125, 'This listenKey does not exist.') : ok({ listenKey });
        },
      },
      'DELETE /fapi/v1/listenKey': {
        access: 'key',
        weight: 1,
        handle: ({ account }) => {
          this.#userStreams.revoke(account);
          return ok({});
        },
      },
    };
  }
}

const weightOf = ({ weight }: Route, params: Params): number => (typeof weight === 'number' ? weight : weight(params));
