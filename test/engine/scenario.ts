/** Random lives of a bot: market moves, faults, crashes and operators, then peace. Entry points: `stepsOf`, `live`. */
import fc from 'fast-check';
import type { OperatorCommand } from '../../src/engine/events.ts';
import type { EngineSettings } from '../../src/engine/settings.ts';
import { contracts, isZero } from '../../src/kernel/decimal.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import type { CancelFault, Faults, SubmitFault } from './faulty-venue.ts';
import { tradeThrough } from './styles.ts';
import { World } from './world.ts';
import { ACCOUNT, ETH, type MarketSymbol, SETTINGS, SOL } from './world-setup.ts';

type VenueName = 'alpha' | 'beta';
type Switch = {
  [K in 'down' | 'lookups' | 'reads' | 'stream' | 'anonymousFills' | 'paymentsHidden']: { key: K; value: Faults[K] };
}['down' | 'lookups' | 'reads' | 'stream' | 'anonymousFills' | 'paymentsHidden'];

export type Step =
  | { readonly do: 'run'; readonly ms: number }
  | { readonly do: 'move'; readonly symbol: MarketSymbol; readonly change: number }
  | { readonly do: 'book'; readonly venue: VenueName; readonly symbol: MarketSymbol; readonly depth: number }
  | { readonly do: 'rates'; readonly carry: boolean }
  | { readonly do: 'submits'; readonly venue: VenueName; readonly fault: SubmitFault }
  | { readonly do: 'cancels'; readonly venue: VenueName; readonly fault: CancelFault }
  /** The market trades through whatever rests, `size` base units of each at most. */
  | { readonly do: 'through'; readonly size: number }
  | { readonly do: 'switch'; readonly venue: VenueName; readonly to: Switch }
  | { readonly do: 'feed'; readonly venue: VenueName }
  | { readonly do: 'halt'; readonly venue: VenueName; readonly symbol: MarketSymbol; readonly trading: boolean }
  | { readonly do: 'store'; readonly failing: boolean }
  | { readonly do: 'kill'; readonly left: number; readonly when: 'before' | 'after' }
  | { readonly do: 'crash' }
  | { readonly do: 'operator'; readonly command: OperatorCommand }
  /** The venue or a human takes a share of the position away. */
  | {
      readonly do: 'taken';
      readonly venue: VenueName;
      readonly symbol: MarketSymbol;
      readonly share: number;
      readonly by: 'liquidation' | 'adl' | 'human';
    };

const venue = fc.constantFrom<VenueName>('alpha', 'beta');
const symbol = fc.constantFrom<MarketSymbol>(SOL, ETH);

const submitFault: fc.Arbitrary<SubmitFault> = fc.oneof(
  fc.constantFrom<SubmitFault>(
    { kind: 'reply_lost' },
    { kind: 'request_lost' },
    { kind: 'refused', code: 'insufficient_margin' },
    { kind: 'crash_before' },
    { kind: 'crash_after' },
  ),
  fc.integer({ min: 1, max: 4_000 }).map((delayMs): SubmitFault => ({ kind: 'accepted_late', delayMs })),
  fc.integer({ min: 1, max: 9_000 }).map((delayMs): SubmitFault => ({ kind: 'ack_late', delayMs })),
);

const cancelFault: fc.Arbitrary<CancelFault> = fc.oneof(
  fc.constantFrom<CancelFault>({ kind: 'request_lost' }, { kind: 'reply_lost' }, { kind: 'denied' }),
  fc.integer({ min: 1, max: 6_000 }).map((delayMs): CancelFault => ({ kind: 'done_late', delayMs })),
);

const toggle: fc.Arbitrary<Switch> = fc.constantFrom<Switch>(
  { key: 'down', value: true },
  { key: 'down', value: false },
  { key: 'lookups', value: 'failing' },
  { key: 'lookups', value: 'not_found' },
  { key: 'lookups', value: 'ok' },
  { key: 'reads', value: 'failing' },
  { key: 'reads', value: 'no_positions' },
  { key: 'reads', value: 'ok' },
  { key: 'stream', value: 'lost' },
  { key: 'stream', value: 'twice' },
  { key: 'stream', value: 'late' },
  { key: 'stream', value: 'ok' },
  { key: 'anonymousFills', value: true },
  { key: 'paymentsHidden', value: true },
);

const command: fc.Arbitrary<OperatorCommand> = fc.oneof(
  fc.constantFrom<OperatorCommand>(
    { action: 'flatten' },
    { action: 'kill' },
    { action: 'kill_reset' },
    { action: 'pause' },
    { action: 'resume' },
  ),
  fc.integer({ min: 1, max: 4 }).map((n): OperatorCommand => ({ action: 'close', hedge: `h${n}` })),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1, 400, 2_000, 15_000, 70_000).map((ms): Step => ({ do: 'run', ms })) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      symbol,
      change: fc.double({ min: -0.02, max: 0.02, noNaN: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('book' as const), venue, symbol, depth: fc.constantFrom(0, 1, 4, 50) }),
  },
  { weight: 5, arbitrary: fc.boolean().map((carry): Step => ({ do: 'rates', carry })) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('submits' as const), venue, fault: submitFault }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('switch' as const), venue, to: toggle }) },
  { weight: 1, arbitrary: venue.map((name): Step => ({ do: 'feed', venue: name })) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('halt' as const), venue, symbol, trading: fc.boolean() }) },
  { weight: 1, arbitrary: fc.boolean().map((failing): Step => ({ do: 'store', failing })) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      left: fc.integer({ min: 0, max: 6 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'crash' }) },
  { weight: 2, arbitrary: command.map((each): Step => ({ do: 'operator', command: each })) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('taken' as const),
      venue,
      symbol,
      share: fc.constantFrom(0.1, 0.5, 1),
      by: fc.constantFrom('liquidation' as const, 'adl' as const, 'human' as const),
    }),
  },
);

/** What only orders that rest, or come in parts, can meet. */
const styleStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0.02, 0.1, 0.3, 1, 4, 20).map((size): Step => ({ do: 'through', size })) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancels' as const), venue, fault: cancelFault }) },
);

/** Exits and entries follow one another closely. */
export const QUICK: EngineSettings = {
  ...SETTINGS,
  risk: {
    ...SETTINGS.risk,
    exit: { ...SETTINGS.risk.exit, confirmMinutes: 0 },
    cooldown: { afterExitMinutes: 0.05, afterFailureMinutes: 0.05 },
  },
};

export const stepsOf = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(step, { minLength: 3, maxLength, size: 'max' });

/** Lives in which what rests is traded with and cancels go astray. */
export const styledStepsOf = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof({ weight: 2, arbitrary: step }, { weight: 1, arbitrary: styleStep }), {
    minLength: 3,
    maxLength,
    size: 'max',
  });

/** Lives through `steps`, then has peace; the wrongs that are left. A world that threw throws. */
export async function live(
  steps: readonly Step[],
  settings = QUICK,
): Promise<{ world: World; wrongs: readonly string[] }> {
  const world = new World({ settings, symbols: [SOL, ETH] });
  world.boot();
  for (const each of steps) {
    await apply(world, each);
    world.check();
    revive(world);
  }
  world.healAll();
  // What was under way may still kill the process.
  await world.run(1);
  revive(world);
  await world.operator({ action: 'pause' });
  await world.run(30_000, 1_000);
  // Quarantined hedges are retried once a minute, an order without an answer is proven absent within seconds.
  for (let minutes = 0; minutes < 30 && (unfinished(world) || world.wrongs().length > 0); minutes += 2) {
    world.healAll();
    await world.run(2 * MINUTE_MS, 3_000);
  }
  world.check();
  return { world, wrongs: [...world.wrongs(), ...unfinishedHedges(world)] };
}

function revive(world: World): void {
  for (let tries = 0; !world.running && tries < 20; tries++) {
    if (world.store.failing) return;
    world.boot();
  }
}

const unfinishedHedges = (world: World): string[] =>
  [...world.ledger.hedges.values()]
    .filter((hedge) => !['held', 'closed', 'aborted'].includes(hedge.state))
    .map((hedge) => `${hedge.id} is ${hedge.state} (${hedge.reason})`);

const unfinished = (world: World): boolean => unfinishedHedges(world).length > 0;

async function apply(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case 'run':
      return world.run(step.ms, step.ms > 5_000 ? 2_000 : 500);
    case 'move':
      return world.move(step.symbol, step.change);
    case 'book':
      return world.book(step.venue, step.symbol, step.depth);
    case 'rates':
      Object.assign(world.rates, step.carry ? { alpha: 0.00001, beta: 0.001 } : { alpha: 0.001, beta: 0.00001 });
      for (const each of [SOL, ETH] as const) world.move(each, 0);
      return;
    case 'submits':
      world.faults[step.venue].submits.push(step.fault);
      return;
    case 'cancels':
      world.faults[step.venue].cancels.push(step.fault);
      return;
    case 'through':
      for (const each of ['alpha', 'beta'] as const) {
        for (const asset of [SOL, ETH] as const) tradeThrough(world, each, step.size, asset);
      }
      return;
    case 'switch':
      Object.assign(world.faults[step.venue], { [step.to.key]: step.to.value });
      return;
    case 'feed':
      if (!world.feedDown.delete(step.venue)) world.feedDown.add(step.venue);
      return;
    case 'halt':
      world.exchanges[step.venue].setTrading(step.symbol, step.trading);
      return;
    case 'store':
      world.store.failing = step.failing;
      return;
    case 'kill':
      world.store.killAfterCommits = { left: step.left, when: step.when };
      return;
    case 'crash':
      world.crash();
      return;
    case 'operator':
      if (world.running) await world.tryOperator(step.command);
      return;
    case 'taken':
      return take(world, step);
  }
}

function take(world: World, step: Step & { do: 'taken' }): void {
  const exchange = world.exchanges[step.venue];
  const held = exchange.positions(ACCOUNT).find((each) => each.symbol === step.symbol);
  const market = exchange.market(step.symbol);
  if (!held || !market) return;
  const { lot } = market.instrument;
  const wanted = held.contracts.abs().times(String(step.share));
  const count = wanted.minus(wanted.mod(lot));
  if (isZero(count as typeof held.contracts)) return;
  const size = contracts(count.toFixed());
  if (step.by !== 'human') {
    exchange.forceReduce(ACCOUNT, step.symbol, size, step.by);
    return;
  }
  const side = held.contracts.s > 0 ? 'sell' : 'buy';
  exchange.place(ACCOUNT, { symbol: step.symbol, side, type: 'market', tif: 'IOC', contracts: size, reduceOnly: true });
}
