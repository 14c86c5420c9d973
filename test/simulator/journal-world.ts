/** Worlds of one small exchange with a journal, and everything that the exchange answers, for comparison. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { px } from '../../src/kernel/decimal.ts';
import type { ClientIdUniqueness } from '../../src/simulator/exchange/admission.ts';
import type { BookLevel, Exchange } from '../../src/simulator/exchange/api.ts';
import { openWorldJournal, type WorldJournal } from '../../src/simulator/journal.ts';
import type { WorldStamp } from '../../src/simulator/journal-file.ts';
import { bookOf, emptyExchange, type Op, openWorld, run, SYMBOLS } from './exchange/random-ops.ts';

export const STAMP: WorldStamp = { seed: 's', venues: ['model'], assets: ['ONE', 'CENT'], stepMs: 60_000, startAt: 1 };

export const newFile = (): string => join(mkdtempSync(join(tmpdir(), 'world-journal-')), 'world.jsonl');

export type Setting =
  | { kind: 'marginMode'; account: string; symbol: string; mode: 'isolated' | 'cross' }
  | { kind: 'positionMode'; account: string; mode: 'one_way' | 'hedge' };

/** What the market source would say again: it knows what it published, not what orders did to it. */
interface Standing {
  mark: string;
  bids: readonly BookLevel[];
  asks: readonly BookLevel[];
}

export class JournalWorld {
  readonly clock: { at: number; now(): number };
  readonly exchange: Exchange;
  readonly journal: WorldJournal;
  readonly #standing: Map<string, Standing>;

  constructor(
    file: string,
    over: { maxBytes?: number; clientIdUniqueness?: ClientIdUniqueness } = {},
    before?: JournalWorld,
  ) {
    const { maxBytes, clientIdUniqueness = 'open' } = over;
    this.journal = openWorldJournal({ file, stamp: STAMP, ...(maxBytes === undefined ? {} : { maxBytes }) });
    const clock = { at: this.journal.resumeAt, now: () => clock.at };
    this.clock = clock;
    this.exchange = emptyExchange(clock, { clientIdUniqueness });
    this.journal.attach(new Map([['model', this.exchange]]));
    this.#standing = new Map(before?.standing ?? SYMBOLS.map((each) => [each, { mark: '100', bids: [], asks: [] }]));
    if (this.exchange.accounts().length === 0) openWorld(this.exchange);
    else this.#publishAgain(before);
  }

  get standing(): ReadonlyMap<string, Standing> {
    return this.#standing;
  }

  /** One operation at the next instant; the market's are steps of the source. */
  do(step: Op | Setting): void {
    this.clock.at += 1;
    this.#act(step, (act) => {
      const source = { nextAt: () => this.clock.at, published: () => new Map(), step: act };
      this.journal.follow(source).step(this.clock.at);
    });
  }

  /** The same once the journal is closed. */
  doUnwritten(step: Op | Setting): void {
    this.clock.at += 1;
    this.#act(step, (act) => act());
  }

  #act(step: Op | Setting, asStep: (act: () => void) => void): void {
    switch (step.kind) {
      case 'marginMode':
        this.exchange.setMarginMode(step.account, step.symbol, step.mode);
        return;
      case 'positionMode':
        this.exchange.setPositionMode(step.account, step.mode);
        return;
      case 'book':
      case 'mark':
      case 'stress':
      case 'settle':
        this.#notice(step);
        asStep(() => run(this.exchange, step));
        return;
      default:
        run(this.exchange, step);
    }
  }

  #notice(step: Op): void {
    if (step.kind !== 'book' && step.kind !== 'mark') return;
    const standing = this.#standing.get(step.symbol);
    if (!standing) throw new Error(`nothing stands for ${step.symbol}`);
    const change = step.kind === 'book' ? bookOf(step) : { mark: String(step.price) };
    this.#standing.set(step.symbol, { ...standing, ...change });
  }

  #publishAgain(before: JournalWorld | undefined): void {
    for (const [symbol, { mark, bids, asks }] of this.#standing) {
      for (const settled of before?.exchange.fundingHistory(symbol) ?? []) this.exchange.recordSettled(settled);
      this.exchange.setMark(symbol, px(mark), px(mark));
      this.exchange.setBook(symbol, bids, asks);
    }
  }
}

/** JSON values: exact decimals as text. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Every answer of every query. Books' own instants and sequence belong to the source's process. */
export function answersOf(exchange: Exchange): unknown {
  const accounts = exchange.accounts().map((name) => {
    const orders = [...exchange.orderHistory(name), ...exchange.openOrders(name)];
    return {
      name,
      openOrders: exchange.openOrders(name),
      history: exchange.orderHistory(name),
      byId: orders.map(({ orderId, symbol }) => exchange.order(name, symbol, { orderId })),
      byClientId: orders.map(({ clientOrderId, symbol }) => exchange.order(name, symbol, { clientOrderId }) ?? null),
      trades: exchange.trades(name),
      payments: exchange.payments(name),
      positions: exchange.positions(name),
      balance: exchange.balance(name),
      audit: exchange.audit(name),
      positionMode: exchange.positionMode(name),
      settings: exchange.symbols().map((each) => [exchange.leverage(name, each), exchange.marginMode(name, each)]),
    };
  });
  const markets = exchange.symbols().map((symbol) => {
    const market = exchange.market(symbol);
    const { bids, asks, mark, index, last, trading } = market ?? {};
    return { bids, asks, mark, index, last, trading, settled: exchange.fundingHistory(symbol) };
  });
  return plain({ accounts, markets, save: exchange.save() });
}
