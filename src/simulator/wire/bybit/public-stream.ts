/**
 * `/v5/public/linear`: topics `orderbook.<depth>.<symbol>` and `tickers.<symbol>`. Entry point: `PublicStreams`.
 * Frames leave when the exchange emits events; there are no timers.
 */
import type { UnifiedSymbol } from '../../../kernel/ids.ts';
import type { Exchange, ExchangeEvent } from '../../exchange/api.ts';
import type { WireSocket, WireStream } from '../dialect.ts';
import { BOOK_DEPTHS, type BookDepth, BookFeed } from './book-feed.ts';
import { tickerRow } from './market-rows.ts';
import { openStream } from './stream-ops.ts';
import { type BybitSymbols, bybitId } from './symbols.ts';

type Topic =
  | { readonly kind: 'orderbook'; readonly symbol: UnifiedSymbol; readonly depth: BookDepth }
  | { readonly kind: 'tickers'; readonly symbol: UnifiedSymbol };

export class PublicStreams {
  readonly #exchange: Exchange;
  readonly #symbols: BybitSymbols;
  /** By topic; bounded by listed symbols x topic kinds. Empty sets are removed. */
  readonly #subscribers = new Map<string, Set<WireSocket>>();
  readonly #books = new Map<UnifiedSymbol, BookFeed>();
  /** Ticker fields as last sent. */
  readonly #tickers = new Map<UnifiedSymbol, Readonly<Record<string, string>>>();
  #crossSequence = 0;

  constructor(exchange: Exchange, symbols: BybitSymbols) {
    this.#exchange = exchange;
    this.#symbols = symbols;
  }

  connect(socket: WireSocket, connectionId: string): WireStream {
    const own = new Set<string>();
    const leave = (topic: string): void => {
      own.delete(topic);
      this.#leave(topic, socket);
    };
    const ops = {
      kind: 'public' as const,
      connectionId,
      subscribe: (topics: readonly string[]) => this.#subscribe(topics, own, socket),
      subscribed: (topics: readonly string[]) => {
        for (const topic of topics) this.#sendSnapshot(topic, socket);
      },
      unsubscribe: (topics: readonly string[]) => topics.forEach(leave),
      auth: () => undefined,
      now: () => this.#exchange.now(),
      closed: () => [...own].forEach(leave),
    };
    return openStream(ops, socket);
  }

  onEvent(event: ExchangeEvent): void {
    if (event.kind === 'book') this.#pushBook(event.symbol);
    if (event.kind === 'book' || event.kind === 'mark' || event.kind === 'funding') {
      this.#pushTicker(event.symbol, event.kind !== 'book');
    }
  }

  #subscribe(topics: readonly string[], own: Set<string>, socket: WireSocket): string | undefined {
    for (const topic of topics) {
      if (this.#parse(topic) === undefined) return `error:handler not found,topic:${topic}`;
      if (own.has(topic)) return `error:already subscribed,topic:${topic}`;
    }
    for (const topic of topics) {
      own.add(topic);
      const sockets = this.#subscribers.get(topic) ?? new Set();
      this.#subscribers.set(topic, sockets.add(socket));
    }
    return undefined;
  }

  #leave(topic: string, socket: WireSocket): void {
    const sockets = this.#subscribers.get(topic);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#subscribers.delete(topic);
  }

  #sendSnapshot(name: string, socket: WireSocket): void {
    const topic = this.#parse(name);
    if (topic === undefined) return;
    const market = this.#symbols.market(topic.symbol);
    if (topic.kind === 'orderbook') {
      const feed = this.#books.get(topic.symbol) ?? new BookFeed(market);
      this.#books.set(topic.symbol, feed);
      socket.send(feed.snapshot(topic.depth));
      return;
    }
    const row = this.#tickers.get(topic.symbol) ?? tickerRow(market);
    this.#tickers.set(topic.symbol, row);
    socket.send(this.#tickerFrame(name, 'snapshot', row));
  }

  #pushBook(symbol: UnifiedSymbol): void {
    const feed = this.#books.get(symbol);
    if (feed === undefined) return;
    const id = bybitId(symbol);
    const depths = BOOK_DEPTHS.filter((depth) => this.#subscribers.has(`orderbook.${depth}.${id}`));
    // Without subscribers the state is dropped, and the next subscriber starts from the book of its day.
    if (depths.length === 0) this.#books.delete(symbol);
    else if (feed.advance(this.#symbols.market(symbol))) {
      for (const depth of depths) this.#broadcast(`orderbook.${depth}.${id}`, feed.update(depth));
    }
  }

  /** The changed fields; with `always` a frame goes out even without any, so that clients see the time move. */
  #pushTicker(symbol: UnifiedSymbol, always: boolean): void {
    const before = this.#tickers.get(symbol);
    if (before === undefined) return;
    const topic = `tickers.${bybitId(symbol)}`;
    if (!this.#subscribers.has(topic)) {
      this.#tickers.delete(symbol);
      return;
    }
    const row = tickerRow(this.#symbols.market(symbol));
    const changed = Object.entries(row).filter(([name, value]) => before[name] !== value);
    if (changed.length === 0 && !always) return;
    this.#tickers.set(symbol, row);
    const delta = { symbol: bybitId(symbol), ...Object.fromEntries(changed) };
    this.#broadcast(topic, this.#tickerFrame(topic, 'delta', delta));
  }

  #tickerFrame(topic: string, type: 'snapshot' | 'delta', data: Readonly<Record<string, string>>): string {
    this.#crossSequence += 1;
    return JSON.stringify({ topic, type, data, cs: this.#crossSequence, ts: this.#exchange.now() });
  }

  #broadcast(topic: string, frame: string): void {
    for (const socket of this.#subscribers.get(topic) ?? []) socket.send(frame);
  }

  #parse(topic: string): Topic | undefined {
    const parts = topic.split('.');
    const symbol = this.#symbols.symbol(parts.at(-1) ?? '');
    if (symbol === undefined) return undefined;
    if (parts.length === 2 && parts[0] === 'tickers') return { kind: 'tickers', symbol };
    const depth = BOOK_DEPTHS.find((known) => String(known) === parts[1]);
    if (parts.length !== 3 || parts[0] !== 'orderbook' || depth === undefined) return undefined;
    return { kind: 'orderbook', symbol, depth };
  }
}
