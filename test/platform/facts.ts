/** Facts for ledger tests: hand-made ones, and an arbitrary valid history for properties. */
import fc from 'fast-check';
import { base, px, quote, text } from '../../src/kernel/decimal.ts';
import type { Route } from '../../src/kernel/ids.ts';
import type { EntryPlan } from '../../src/ledger/entry-plan.ts';
import type {
  AttemptIntended,
  DiscrepancyNoted,
  Fact,
  FillBooked,
  HedgePlanned,
  PaymentBooked,
} from '../../src/ledger/facts.ts';

export const AT = 1_700_000_000_000;

export const planned = (hedge: string, over: Partial<HedgePlanned> = {}): HedgePlanned => ({
  kind: 'hedge_planned',
  hedge,
  route: 'live',
  asset: 'BTC',
  longKey: 'okx|BTC/USDT:USDT',
  shortKey: 'binance|BTC/USDT:USDT',
  quantity: base('0.25'),
  commonLot: base('0.01'),
  leverage: 2.5,
  entry: { style: 'taker' },
  expectation: '{"netApr":0.31}',
  epoch: 1,
  at: AT,
  ...over,
});

export const attempt = (
  clientOrderId: string,
  hedge: string,
  over: Partial<AttemptIntended> = {},
): AttemptIntended => ({
  kind: 'attempt',
  clientOrderId,
  hedge,
  leg: 'long',
  purpose: 'enter',
  number: 1,
  route: 'live',
  key: 'okx|BTC/USDT:USDT',
  side: 'buy',
  quantity: base('0.25'),
  limitPrice: px('30000.1'),
  style: 'ioc',
  reduceOnly: false,
  referencePrice: px('29999.9'),
  epoch: 1,
  at: AT,
  ...over,
});

type FillOver = Partial<FillBooked['fill']> & Pick<Partial<FillBooked>, 'hedge' | 'leg' | 'legQuantity'>;

export const fill = (tradeId: string, { hedge, leg, legQuantity, ...over }: FillOver = {}): FillBooked => ({
  kind: 'fill',
  fill: {
    venue: 'okx',
    route: 'live',
    tradeId,
    venueOrderId: `o${tradeId}`,
    symbol: 'BTC/USDT:USDT',
    side: 'buy',
    quantity: base('0.25'),
    price: px('30000'),
    fee: quote('3.75'),
    feeCurrency: 'USDT',
    liquidity: 'taker',
    at: AT,
    ...over,
  },
  ...(hedge === undefined ? {} : { hedge }),
  ...(leg === undefined ? {} : { leg }),
  ...(legQuantity === undefined ? {} : { legQuantity }),
  bookedAt: AT + 5,
});

export const outcome = (clientOrderId: string): Fact => ({ kind: 'outcome', clientOrderId, status: 'open', at: AT });

/** Structural form in which exact decimals compare by value. */
export const plain = (facts: Iterable<Fact>): unknown =>
  JSON.parse(
    JSON.stringify([...facts], (_, value) =>
      value && typeof value === 'object' && 'c' in value && 'e' in value ? text(value) : value,
    ),
  );

export const payment = (
  paymentId: string,
  amount: string,
  owner: Pick<PaymentBooked, 'hedge' | 'leg' | 'legAmount'> = {},
): PaymentBooked => ({
  kind: 'payment',
  payment: {
    venue: 'binance',
    route: 'live',
    paymentId,
    symbol: 'BTC/USDT:USDT',
    amount: quote(amount),
    currency: 'USDT',
    at: AT,
  },
  ...owner,
  bookedAt: AT + 5,
});

const word = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\u0000'));
const at = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const digits = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 18 }))
  .map(([whole, scale]) => `${whole}e-${scale}`);
const route = fc.constantFrom<Route>('live', 'paper');
const leg = fc.constantFrom('long' as const, 'short' as const);
const side = fc.constantFrom('buy' as const, 'sell' as const);

/** Every word that the type knows. */
const DIFFERENCES: Readonly<Record<DiscrepancyNoted['what'], true>> = {
  position: true,
  wallet: true,
  foreign_fill: true,
  open_order: true,
  order_fate: true,
  fill_conflict: true,
  payment_conflict: true,
  ledger_behind: true,
};
const differs = fc.constantFrom(...(Object.keys(DIFFERENCES) as DiscrepancyNoted['what'][]));
const ms = fc.integer({ min: 0, max: 10_000_000 });
const entry: fc.Arbitrary<EntryPlan> = fc.oneof<fc.Arbitrary<EntryPlan>[]>(
  fc.constant<EntryPlan>({ style: 'taker' }),
  fc
    .tuple(leg, digits, digits, ms, ms, fc.nat())
    .map(([maker, limit, least, deadlineMs, repriceMs, maxReprices]): EntryPlan => {
      return { style: 'maker_taker', maker, limit: px(limit), least: base(least), deadlineMs, repriceMs, maxReprices };
    }),
  fc.tuple(digits, digits, ms, ms).map(([slice, least, deadlineMs, intervalMs]): EntryPlan => {
    return { style: 'sliced', slice: base(slice), least: base(least), deadlineMs, intervalMs };
  }),
);

type Draw = (facts: readonly Fact[]) => Fact;

const has = <K extends Fact['kind']>(facts: readonly Fact[], kind: K): Array<Extract<Fact, { kind: K }>> =>
  facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);

/** Each draw makes the next fact from those before it, so that references and uniqueness hold. */
const draws: readonly fc.Arbitrary<Draw>[] = [
  fc.tuple(at, fc.nat()).map(([when, pid]) => (facts) => ({
    kind: 'epoch',
    epoch: has(facts, 'epoch').length + 1,
    mode: 'sim',
    pid,
    at: when,
  })),
  fc.tuple(digits, digits, fc.double({ noNaN: true, min: 1, max: 125 }), word, route, entry, at).map(
    ([quantity, lot, leverage, expectation, onRoute, entered, when]) =>
      (facts) =>
        planned(`h${facts.length}`, {
          quantity: base(quantity),
          commonLot: base(lot),
          leverage,
          expectation,
          route: onRoute,
          entry: entered,
          at: when,
        }),
  ),
  fc.tuple(word, word, at).map(([reason, detail, when]) => (facts) => {
    const hedge = has(facts, 'hedge_planned').at(-1)?.hedge;
    return hedge
      ? { kind: 'hedge_moved', hedge, from: 'planned', to: 'quarantined', reason, detail, at: when }
      : planned(`h${facts.length}`);
  }),
  fc.tuple(leg, side, digits, digits, fc.boolean(), at).map(([onLeg, onSide, quantity, price, reduceOnly, when]) => {
    return (facts) => {
      const hedge = has(facts, 'hedge_planned').at(-1)?.hedge;
      if (!hedge) return planned(`h${facts.length}`);
      const over = { leg: onLeg, side: onSide, quantity: base(quantity), limitPrice: px(price), reduceOnly, at: when };
      return attempt(`c${facts.length}`, hedge, over);
    };
  }),
  fc
    .tuple(fc.option(word), fc.option(digits), fc.option(word), fc.option(word), at)
    .map(([venueOrderId, filled, code, detail, when]) => (facts) => {
      const clientOrderId = has(facts, 'attempt').at(-1)?.clientOrderId;
      if (clientOrderId === undefined) return planned(`h${facts.length}`);
      return {
        kind: 'outcome',
        clientOrderId,
        status: 'unknown',
        ...(venueOrderId === null ? {} : { venueOrderId }),
        ...(filled === null ? {} : { filled: base(filled) }),
        ...(code === null ? {} : { code }),
        ...(detail === null ? {} : { detail }),
        at: when,
      };
    }),
  fc
    .tuple(route, side, digits, digits, digits, fc.option(word), fc.option(leg), at)
    .map(([onRoute, onSide, quantity, price, fee, clientOrderId, onLeg, when]) => (facts) => {
      const hedge = has(facts, 'hedge_planned').at(-1)?.hedge;
      return fill(`t${facts.length}`, {
        route: onRoute,
        side: onSide,
        quantity: base(quantity),
        price: px(price),
        fee: quote(fee),
        at: when,
        ...(clientOrderId === null ? {} : { clientOrderId }),
        ...(hedge && onLeg ? { hedge, leg: onLeg, ...(fee.startsWith('0') && { legQuantity: base(quantity) }) } : {}),
      });
    }),
  fc
    .tuple(side, digits, digits, fc.option(leg), word, at)
    .map(([onSide, quantity, price, onLeg, by, when]) => (facts) => {
      const hedge = has(facts, 'hedge_planned').at(-1)?.hedge;
      return {
        kind: 'adjustment',
        venue: 'okx',
        route: 'live',
        symbol: 'BTC/USDT:USDT',
        side: onSide,
        quantity: base(quantity),
        price: px(price),
        ...(hedge && onLeg ? { hedge, leg: onLeg } : {}),
        by,
        at: when,
      };
    }),
  fc.tuple(word, word, word, at).map(([id, note, by, when]) => () => ({
    kind: 'acceptance',
    id,
    venue: 'okx',
    route: 'live',
    ledger: '1',
    venueSays: '2',
    note,
    by,
    at: when,
  })),
  fc.tuple(digits, fc.option(leg), fc.option(digits)).map(([amount, onLeg, part]) => (facts) => {
    const hedge = has(facts, 'hedge_planned').at(-1)?.hedge;
    const owner = hedge && onLeg ? { hedge, leg: onLeg, ...(part !== null && { legAmount: quote(part) }) } : {};
    return payment(`p${facts.length}`, amount, owner);
  }),
  fc.tuple(fc.array(word), word, at).map(([rules, reasons, when]) => () => ({
    kind: 'decision',
    subject: 's',
    asset: 'BTC',
    verdict: 'refused',
    rules,
    reasons,
    at: when,
  })),
  fc.tuple(word, word, fc.boolean(), at).map(([key, after, loosens, when]) => () => ({
    kind: 'config',
    key,
    before: '',
    after,
    loosens,
    at: when,
  })),
  fc.tuple(word, at).map(([by, when]) => () => ({
    kind: 'control',
    action: 'kill_reset',
    subject: '',
    by,
    detail: '',
    at: when,
  })),
  fc.tuple(route, digits).map(([onRoute, wallet]) => () => ({
    kind: 'baseline',
    venue: 'okx',
    route: onRoute,
    currency: 'USDT',
    wallet: quote(wallet),
    at: AT,
  })),
  fc.tuple(word, word, differs).map(([id, detail, what]) => () => ({
    kind: 'discrepancy',
    id,
    venue: 'okx',
    route: 'live',
    what,
    status: 'open',
    ledger: '1',
    venueSays: '2',
    detail,
    at: AT,
  })),
  fc.tuple(digits, route).map(([equity, onRoute]) => (facts) => ({
    kind: 'day',
    route: onRoute,
    day: has(facts, 'day').length * 86_400_000,
    equityUsd: quote(equity),
    at: AT,
  })),
  fc
    .tuple(route, word, word, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), at)
    .map(([onRoute, subject, detail, figure, known, when]) => () => ({
      kind: 'breaker',
      name: 'error_rate',
      route: onRoute,
      subject,
      state: known ? 'tripped' : 'reset',
      limit: figure,
      ...(known ? { actual: figure } : {}),
      detail,
      by: 'evidence',
      at: when,
    })),
  fc.tuple(digits, route).map(([equity, onRoute]) => () => ({
    kind: 'peak',
    route: onRoute,
    equityUsd: quote(equity),
    at: AT,
  })),
];

/** A valid history of any kinds in any order, with hostile texts and long decimals. */
export const anyFacts: fc.Arbitrary<readonly Fact[]> = fc.array(fc.oneof(...draws), { maxLength: 60 }).map((steps) => {
  const facts: Fact[] = [];
  for (const draw of steps) facts.push(draw(facts));
  return facts;
});
