/**
 * `/v5/private`: topics `order`, `execution`, `position` and `wallet`, the first three also as `<topic>.linear`, after
 * `auth`. Entry point: `PrivateStreams`. There are no initial snapshots; frames follow the exchange's events.
 * Source: bybit-exchange.github.io/docs/v5/websocket/private.
 */
import { sub } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeEvent } from '../../exchange/api.ts';
import type { WireSocket, WireStream } from '../dialect.ts';
import { mayRest } from '../resting.ts';
import { positionRow, walletOf, walletRow } from './account-rows.ts';
import type { Row } from './answer.ts';
import type { BybitAuth } from './auth.ts';
import { fundingRow, orderCause, orderRow, tradeRow } from './order-rows.ts';
import { openStream } from './stream-ops.ts';
import type { BybitSymbols } from './symbols.ts';

const TOPICS: ReadonlySet<string> = new Set([
  'order',
  'order.linear',
  'execution',
  'execution.linear',
  'position',
  'position.linear',
  'wallet',
]);

interface Connection {
  readonly socket: WireSocket;
  readonly topics: Set<string>;
  /** Set by `auth`. */
  account: string | undefined;
}

export class PrivateStreams {
  readonly #exchange: Exchange;
  readonly #symbols: BybitSymbols;
  readonly #auth: BybitAuth;
  readonly #connections = new Set<Connection>();
  #pushes = 0;

  constructor(exchange: Exchange, symbols: BybitSymbols, auth: BybitAuth) {
    this.#exchange = exchange;
    this.#symbols = symbols;
    this.#auth = auth;
  }

  connect(socket: WireSocket, connectionId: string): WireStream {
    const connection: Connection = { socket, topics: new Set(), account: undefined };
    this.#connections.add(connection);
    const ops = {
      kind: 'private' as const,
      connectionId,
      subscribe: (topics: readonly string[]) => subscribe(connection, topics),
      subscribed: () => undefined,
      unsubscribe: (topics: readonly string[]) => {
        for (const topic of topics) connection.topics.delete(topic);
      },
      auth: (args: readonly unknown[]) => this.#login(connection, args),
      now: () => this.#exchange.now(),
      closed: () => this.#connections.delete(connection),
    };
    return openStream(ops, socket);
  }

  onEvent(event: ExchangeEvent): void {
    switch (event.kind) {
      case 'order':
        this.#push(event.account, 'order', () => {
          const cause = orderCause(this.#exchange, event.account, event.order);
          return orderRow(event.order, this.#instrument(event.order.symbol), cause);
        });
        if (event.trade) this.#pushTrade(event.account, event.trade, event.order);
        else if (mayRest(event.order)) this.#pushLocked(event.account, event.order.symbol);
        return;
      case 'payment': {
        const { account, payment } = event;
        this.#push(account, 'execution', () => fundingRow(payment, this.#instrument(payment.symbol)));
        return;
      }
      case 'position': {
        const { account, position } = event;
        this.#push(account, 'position', () => positionRow(position, this.#symbols.market(position.symbol)));
        return;
      }
      case 'balance': {
        const { account, balance } = event;
        this.#push(account, 'wallet', () => walletRow({ ...walletOf(this.#exchange, account), balance }, 'stream'));
        return;
      }
      case 'book':
      case 'mark':
      case 'funding':
      case 'status':
      case 'settled':
        return;
    }
  }

  /**
   * An order that rests, or rests no more, locks or frees margin: the wallet tells it, and the position topic speaks at every order
   * that is created, amended or cancelled.
   */
  #pushLocked(account: string, symbol: UnifiedSymbol): void {
    const position = this.#exchange.positions(account).find((held) => held.symbol === symbol);
    if (position) this.#push(account, 'position', () => positionRow(position, this.#symbols.market(symbol)));
    this.#push(account, 'wallet', () => walletRow(walletOf(this.#exchange, account), 'stream'));
  }

  #pushTrade(account: string, trade: NonNullable<OrderEvent['trade']>, order: OrderEvent['order']): void {
    const left = sub(order.contracts, order.filled);
    this.#push(account, 'execution', () => tradeRow(trade, order, left, this.#instrument(trade.symbol)));
  }

  /** `row` is built only when somebody listens. */
  #push(account: string, topic: string, row: () => Row): void {
    let data: readonly Row[] | undefined;
    for (const connection of this.#connections) {
      if (connection.account !== account) continue;
      const name = [topic, `${topic}.linear`].find((known) => connection.topics.has(known));
      if (name === undefined) continue;
      data ??= [topic === 'wallet' ? row() : { category: 'linear', ...row() }];
      this.#pushes += 1;
      const creationTime = this.#exchange.now();
      connection.socket.send(JSON.stringify({ id: `${account}-${this.#pushes}`, topic: name, creationTime, data }));
    }
  }

  #login(connection: Connection, args: readonly unknown[]): string | undefined {
    const outcome = this.#auth.login(args, this.#exchange.now());
    if (typeof outcome === 'string') return outcome;
    connection.account = outcome.account;
    return undefined;
  }

  #instrument(symbol: string): ReturnType<BybitSymbols['market']>['instrument'] {
    return this.#symbols.market(symbol).instrument;
  }
}

type OrderEvent = Extract<ExchangeEvent, { kind: 'order' }>;

/** Subscribing twice to one topic is harmless here, unlike on the public stream. */
function subscribe(connection: Connection, topics: readonly string[]): string | undefined {
  if (connection.account === undefined) return 'Request not authorized';
  const unknown = topics.find((topic) => !TOPICS.has(topic));
  if (unknown !== undefined) return `error:handler not found,topic:${unknown}`;
  for (const topic of topics) connection.topics.add(topic);
  return undefined;
}
