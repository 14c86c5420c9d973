/**
 * User data streams: listen keys and the ORDER_TRADE_UPDATE and ACCOUNT_UPDATE frames of each account.
 * Source: "User Data Streams" of the USDS-margined futures documentation.
 */
import { isNegative, type Quote, sub, sum, ZERO_QUOTE } from '../../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import { HOUR_MS, type Instant } from '../../../kernel/instant.ts';
import type { Exchange, ExchangeEvent, ExchangePayment, ExchangePosition } from '../../exchange/api.ts';
import type { ApiCredentials } from '../dialect.ts';
import { hmacSha256 } from '../signature.ts';
import { crossPart, entryText } from './account-rows.ts';
import { cash, derived, type WireMarkets } from './markets.ts';
import { namesOf, orderUpdate } from './order-rows.ts';

/** A real listen key lives this long after its creation or last extension. */
export const LISTEN_KEY_LIFE_MS = HOUR_MS;

interface ListenKey {
  readonly key: string;
  readonly account: string;
  aliveUntil: Instant;
}

export interface UserClient {
  push(payload: unknown): void;
}

/** What has happened to an account since its last ACCOUNT_UPDATE. */
interface Pending {
  readonly positions: Map<UnifiedSymbol, ExchangePosition>;
  payments: ExchangePayment[];
}

type Of<K extends ExchangeEvent['kind']> = Extract<ExchangeEvent, { kind: K }>;

export class UserStreams {
  readonly #exchange: Exchange;
  readonly #markets: WireMarkets;
  readonly #keys = new Map<string, ListenKey>();
  readonly #clients = new Map<UserClient, ListenKey>();
  readonly #pending = new Map<string, Pending>();
  /** Of accounts that somebody listens to, as it was told last. */
  readonly #wallets = new Map<string, Quote>();
  readonly #lifeMs: number;
  #issued = 0;

  constructor(exchange: Exchange, markets: WireMarkets, listenKeyLifeMs: number) {
    this.#exchange = exchange;
    this.#markets = markets;
    this.#lifeMs = listenKeyLifeMs;
  }

  /** The account's listen key, extended; a new one when it has none or it has expired. */
  issue(owner: ApiCredentials, now: Instant): string {
    const alive = this.#aliveKey(owner.account, now);
    if (alive) {
      alive.aliveUntil = now + this.#lifeMs;
      return alive.key;
    }
    this.#issued += 1;
    const key = hmacSha256(owner.secret, `listen key ${this.#issued} at ${now}`, 'hex');
    for (const [old, { account }] of this.#keys) if (account === owner.account) this.#keys.delete(old);
    this.#keys.set(key, { key, account: owner.account, aliveUntil: now + this.#lifeMs });
    return key;
  }

  /** Extends the account's listen key; undefined when it has none alive. */
  extend(account: string, now: Instant): string | undefined {
    const alive = this.#aliveKey(account, now);
    if (alive) alive.aliveUntil = now + this.#lifeMs;
    return alive?.key;
  }

  revoke(account: string): void {
    for (const [key, entry] of this.#keys) if (entry.account === account) this.#keys.delete(key);
    for (const [client, entry] of this.#clients) if (entry.account === account) this.#clients.delete(client);
  }

  /** Starts sending; false when the listen key is unknown or expired. */
  attach(key: string, client: UserClient, now: Instant): boolean {
    const entry = this.#keys.get(key);
    if (!entry || entry.aliveUntil <= now) return false;
    this.#clients.set(client, entry);
    this.#wallets.set(entry.account, this.#exchange.balance(entry.account).wallet);
    return true;
  }

  detach(client: UserClient): void {
    this.#clients.delete(client);
  }

  onEvent(event: ExchangeEvent): void {
    switch (event.kind) {
      case 'order':
        this.#onOrder(event);
        break;
      case 'position':
        this.#pendingOf(event.account).positions.set(event.position.symbol, event.position);
        break;
      case 'payment':
        this.#pendingOf(event.account).payments.push(event.payment);
        break;
      case 'balance':
        this.#onBalance(event);
        break;
      default:
        break;
    }
  }

  #onOrder({ account, order, trade }: Of<'order'>): void {
    if (!this.#hasClients(account)) return;
    const names = namesOf(this.#exchange, account, order);
    const update = orderUpdate(this.#markets.of(order.symbol), order, names, executionType(order, trade), trade);
    this.#send(account, { e: 'ORDER_TRADE_UPDATE', T: order.updatedAt, E: this.#exchange.now(), o: update });
  }

  #onBalance({ account, balance, cause }: Of<'balance'>): void {
    const pending = this.#pending.get(account);
    this.#pending.delete(account);
    if (!this.#hasClients(account)) return;
    const moved = sub(balance.wallet, this.#wallets.get(account) ?? ZERO_QUOTE);
    this.#wallets.set(account, balance.wallet);
    const payments = sum(
      ZERO_QUOTE,
      (pending?.payments ?? []).map((payment) => payment.amount),
    );
    const now = this.#exchange.now();
    const row = {
      a: balance.currency,
      wb: cash(balance.wallet),
      cw: derived(crossPart(this.#exchange, account, balance).wallet),
      // The change apart from profit and fees.
      bc: cash(cause === 'transfer' ? moved : payments),
    };
    const positions = [...(pending?.positions.values() ?? [])].filter(
      ({ symbol }) => cause !== 'funding' || this.#isIsolated(account, symbol),
    );
    this.#send(account, {
      e: 'ACCOUNT_UPDATE',
      T: now,
      E: now,
      a: {
        m: cause === 'transfer' && isNegative(moved) ? 'WITHDRAW' : REASONS[cause],
        B: [row],
        P: positions.map((position) => this.#positionRow(account, position)),
      },
    });
  }

  #positionRow(account: string, position: ExchangePosition): unknown {
    const market = this.#markets.of(position.symbol);
    const isolated = this.#isIsolated(account, position.symbol);
    return {
      s: market.id,
      pa: market.quantity(position.contracts),
      ep: entryText(position),
      bep: entryText(position),
      up: derived(position.unrealizedPnl),
      mt: isolated ? 'isolated' : 'cross',
      iw: isolated ? derived(position.isolatedMargin) : '0',
      ps: 'BOTH',
    };
  }

  #isIsolated(account: string, symbol: UnifiedSymbol): boolean {
    return this.#exchange.marginMode(account, symbol) === 'isolated';
  }

  #hasClients(account: string): boolean {
    for (const entry of this.#clients.values()) if (entry.account === account) return true;
    return false;
  }

  /** An expired key gets its notice once and nothing afterwards; the connection stays open and silent. */
  #send(account: string, payload: unknown): void {
    const now = this.#exchange.now();
    for (const [client, entry] of [...this.#clients]) {
      if (entry.account !== account) continue;
      if (entry.aliveUntil > now) {
        client.push(payload);
      } else {
        client.push({ e: 'listenKeyExpired', E: now, listenKey: entry.key });
        this.#clients.delete(client);
      }
    }
  }

  #aliveKey(account: string, now: Instant): ListenKey | undefined {
    for (const entry of this.#keys.values()) if (entry.account === account && entry.aliveUntil > now) return entry;
    return undefined;
  }

  #pendingOf(account: string): Pending {
    const known = this.#pending.get(account);
    if (known) return known;
    const fresh: Pending = { positions: new Map(), payments: [] };
    this.#pending.set(account, fresh);
    return fresh;
  }
}

const REASONS: Readonly<Record<Of<'balance'>['cause'], string>> = {
  order: 'ORDER',
  funding: 'FUNDING_FEE',
  transfer: 'DEPOSIT',
};

/** `x` of an order event. A reduce-only order that shrank with its position is an amendment. */
function executionType(order: Of<'order'>['order'], trade: Of<'order'>['trade']): string {
  if (trade) return trade.cause === 'liquidation' ? 'CALCULATED' : 'TRADE';
  if (order.status === 'canceled') return 'CANCELED';
  if (order.status === 'expired') return 'EXPIRED';
  return order.filled.eq('0') && order.updatedAt === order.createdAt ? 'NEW' : 'AMENDMENT';
}
