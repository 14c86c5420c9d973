/**
 * The OKX v5 wire dialect: what unmodified clients of OKX see of one exchange model. Entry point: `createOkxDialect`.
 *
 * REST requests pass, in this order: route, signature, body, request limits, endpoint. Streams live in stream.ts.
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { DialectOptions, WireDialect, WireRequest, WireResponse } from '../dialect.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import { ASSET_ROUTES } from './asset-routes.ts';
import { OkxAuth } from './auth.ts';
import { InstrumentIds } from './instrument-ids.ts';
import { OkxLimits } from './limits.ts';
import { MarginModes } from './margin-modes.ts';
import { type Params, queryParams, text } from './params.ts';
import { PUBLIC_ROUTES } from './public-routes.ts';
import { notFound, Refused, refusal } from './reply.ts';
import type { PublicCall, Route } from './route.ts';
import { OkxStreams } from './stream.ts';
import { TRADE_ROUTES } from './trade-routes.ts';

const MAX_BULK_ITEMS = 20;

interface Body {
  readonly params: Params;
  readonly items: readonly Params[];
}

/** One dialect instance serves one exchange model; its limits and streams follow the exchange's clock. */
export function createOkxDialect({ exchange, credentials }: DialectOptions): WireDialect {
  const ids = new InstrumentIds(exchange);
  const auth = new OkxAuth(credentials);
  const limits = new OkxLimits();
  const modes = new MarginModes(exchange);
  const streams = new OkxStreams(exchange, ids, auth);
  const routes = routesByPath([...PUBLIC_ROUTES, ...TRADE_ROUTES, ...ACCOUNT_ROUTES, ...ASSET_ROUTES]);

  function handle(request: WireRequest): WireResponse {
    const candidates = routes.get(request.path);
    if (candidates === undefined) return notFound();
    const route = candidates.find(({ method }) => method === request.method);
    if (route === undefined) return refusal(new Refused('50115'));
    const now = exchange.now();
    if (route.access === 'public') return admitted(route, request, '', now, route.run);
    const caller = auth.request(request, now);
    if (caller instanceof Refused) return refusal(caller);
    const { account } = caller;
    const isPast = isPastDeadline(request, now);
    return admitted(route, request, account, now, (call) =>
      route.run({ ...call, account, owner: caller, modes, isPast }),
    );
  }

  /** Runs the endpoint unless the body is malformed or a limit is reached; `account` is empty for public ones. */
  function admitted(
    route: Route,
    request: WireRequest,
    account: string,
    now: Instant,
    run: (call: PublicCall) => WireResponse,
  ): WireResponse {
    const body = readBody(route.method, route.bulk !== undefined, request);
    if (body instanceof Refused) return refusal(body);
    const instruments = body.items.map((item) => {
      const instId = text(item, 'instId');
      // An unknown id counts as none, so that a client cannot make windows without end.
      return ids.symbol(instId) === undefined ? '' : instId;
    });
    const { path, limit } = body.items.length === 1 ? (route.bulk?.ofOne ?? route) : route;
    const overLimit = limits.admit({ route: `${route.method} ${path}`, limit, account, instruments }, now);
    return overLimit === undefined ? run({ exchange, ids, now, ...body }) : refusal(overLimit);
  }

  return {
    handle,
    connect: (path, socket) => streams.connect(path, socket),
    close: () => streams.close(),
  };
}

/** A request may name the last instant at which its order may be taken. */
function isPastDeadline(request: WireRequest, now: Instant): boolean {
  const deadline = Number(request.headers.exptime ?? Number.NaN);
  return Number.isFinite(deadline) && now > deadline;
}

function routesByPath(routes: readonly Route[]): ReadonlyMap<string, readonly Route[]> {
  const byPath = new Map<string, readonly Route[]>();
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  return byPath;
}

/** The parameters of a request: a GET's query, a POST's JSON object, or a bulk endpoint's JSON array. */
function readBody(method: Route['method'], bulk: boolean, request: WireRequest): Body | Refused {
  if (method === 'GET') return single(queryParams(request.query));
  if (request.body === '') return new Refused('50000');
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return new Refused('50006');
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body);
  } catch {
    return new Refused('50002');
  }
  if (!bulk) return isObject(parsed) ? single(parsed) : new Refused('50002');
  if (!Array.isArray(parsed) || parsed.length === 0 || !parsed.every(isObject)) return new Refused('50002');
  if (parsed.length > MAX_BULK_ITEMS) return new Refused('51111', String(MAX_BULK_ITEMS));
  return { params: {}, items: parsed };
}

const single = (params: Params): Body => ({ params, items: [params] });

const isObject = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
