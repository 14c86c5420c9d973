/**
 * Market data streams: who listens to which topic, and the frames that exchange events cause. Frames leave when the
 * exchange changes, stamped with its clock; there are no timers.
 */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeEvent } from '../../exchange/api.ts';
import { DepthDiff } from './depth-diff.ts';
import { bestRows, fundingTexts, levelRows } from './market-rows.ts';
import type { WireMarket, WireMarkets } from './markets.ts';
import { miniTickerFrame, tickerFrame } from './ticker-rows.ts';
import type { Topic } from './topics.ts';

export interface TopicClient {
  /** One frame of a subscribed topic. */
  push(topic: string, payload: unknown): void;
}

interface Subscription {
  readonly topic: Topic;
  readonly clients: Set<TopicClient>;
}

const EVERY_MARKET = '*';

export class MarketStreams {
  readonly #exchange: Exchange;
  readonly #markets: WireMarkets;
  /** By symbol, then by topic name. */
  readonly #subscriptions = new Map<UnifiedSymbol, Map<string, Subscription>>();
  readonly #diffs = new Map<UnifiedSymbol, DepthDiff>();

  constructor(exchange: Exchange, markets: WireMarkets) {
    this.#exchange = exchange;
    this.#markets = markets;
  }

  subscribe(topic: Topic, client: TopicClient): void {
    const key = topic.market?.symbol ?? EVERY_MARKET;
    const byName = this.#subscriptions.get(key) ?? new Map<string, Subscription>();
    this.#subscriptions.set(key, byName);
    const known = byName.get(topic.name);
    if (known) known.clients.add(client);
    else byName.set(topic.name, { topic, clients: new Set([client]) });
    if (topic.kind === 'depth' && topic.market && !this.#diffs.has(topic.market.symbol)) {
      this.#diffs.set(topic.market.symbol, new DepthDiff(topic.market));
    }
  }

  unsubscribe(topic: Topic, client: TopicClient): void {
    const key = topic.market?.symbol ?? EVERY_MARKET;
    const byName = this.#subscriptions.get(key);
    const subscription = byName?.get(topic.name);
    if (!byName || !subscription) return;
    subscription.clients.delete(client);
    if (subscription.clients.size > 0) return;
    byName.delete(topic.name);
    const diffWanted = [...byName.values()].some((other) => other.topic.kind === 'depth');
    if (!diffWanted && topic.market) this.#diffs.delete(topic.market.symbol);
  }

  onEvent(event: ExchangeEvent): void {
    if (event.kind === 'book') this.#onBook(this.#markets.of(event.symbol));
    if (event.kind === 'mark' || event.kind === 'funding') this.#onMark(this.#markets.of(event.symbol));
  }

  #onBook(market: WireMarket): void {
    const subscriptions = this.#of(market);
    if (subscriptions.length === 0) return;
    const state = market.state();
    const times = { E: this.#exchange.now(), T: state.bookAt };
    const depth = this.#diffs.get(market.symbol)?.next(state);
    for (const { topic, clients } of subscriptions) {
      let payload: unknown;
      if (topic.kind === 'depth') {
        if (depth) payload = { e: 'depthUpdate', ...times, s: market.id, ...depth };
      } else if (topic.kind === 'levels') {
        const sequence = { U: state.bookSequence, u: state.bookSequence, pu: state.bookSequence - 1 };
        const b = levelRows(market, state.bids.slice(0, topic.levels));
        const a = levelRows(market, state.asks.slice(0, topic.levels));
        payload = { e: 'depthUpdate', ...times, s: market.id, ...sequence, b, a };
      } else if (topic.kind === 'bookTicker') {
        const { bid, ask } = bestRows(market, state);
        const best = { b: bid[0], B: bid[1], a: ask[0], A: ask[1] };
        payload = { e: 'bookTicker', u: state.bookSequence, s: market.id, ...best, ...times };
      } else if (topic.kind === 'ticker' || topic.kind === 'miniTicker') {
        const frame = topic.kind === 'ticker' ? tickerFrame(market, times.E) : miniTickerFrame(market, times.E);
        payload = topic.market ? frame : [frame];
      }
      if (payload !== undefined) for (const client of clients) client.push(topic.name, payload);
    }
  }

  #onMark(market: WireMarket): void {
    const subscriptions = this.#of(market).filter(({ topic }) => topic.kind === 'markPrice');
    const state = market.state();
    if (subscriptions.length === 0 || state.markAt === 0) return;
    const { rate, nextAt } = fundingTexts(state);
    const index = state.index.toFixed(8);
    const payload = {
      e: 'markPriceUpdate',
      E: this.#exchange.now(),
      s: market.id,
      p: state.mark.toFixed(8),
      i: index,
      P: index,
      r: rate,
      T: nextAt,
    };
    for (const { topic, clients } of subscriptions) {
      for (const client of clients) client.push(topic.name, topic.market ? payload : [payload]);
    }
  }

  #of(market: WireMarket): Subscription[] {
    return [market.symbol, EVERY_MARKET].flatMap((key) => [...(this.#subscriptions.get(key)?.values() ?? [])]);
  }
}
