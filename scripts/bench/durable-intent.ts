/** The commit that must be durable before the orders of a hedge leave, beside a bare overwrite of 4 KiB. */
import { closeSync, fdatasyncSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '../../src/ledger/facts.ts';
import { openLedgerStore } from '../../src/platform/sqlite/store.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom } from '../../src/platform/system-random.ts';
import { type Bench, check, num, p50, spread, turn, until, verdict } from './result.ts';
import { benchFolder, startTradingWorld } from './trading-world.ts';

const TARGET = 1.5;
const PAGE = Buffer.alloc(4096, 7);

/** A real entry plan, as the engine commits it. */
async function capturePlan(): Promise<readonly Fact[]> {
  const world = await startTradingWorld();
  try {
    world.calm();
    world.pay();
    await until('an entry was planned', () => world.entryPlan() !== undefined);
    const plan = world.entryPlan();
    check(plan, 'no plan');
    await until('held', () => [...world.engine.core.ledger.hedges.values()].some(({ state }) => state === 'held'));
    return plan;
  } finally {
    await world.close();
  }
}

/** The same plan for another hedge. */
function renumbered(plan: readonly Fact[], n: number): readonly Fact[] {
  return plan.map((fact): Fact => {
    if (fact.kind === 'hedge_planned' || fact.kind === 'hedge_moved') return { ...fact, hedge: `h${n}` };
    if (fact.kind !== 'attempt') return fact;
    const clientOrderId = `tsxxxx0001${n.toString(36).padStart(4, '0')}${fact.leg[0]}001`;
    return { ...fact, hedge: `h${n}`, clientOrderId };
  });
}

function orderOf(plan: readonly Fact[]): string {
  const attempt = plan.find((fact) => fact.kind === 'attempt');
  check(attempt, 'no attempt');
  return attempt.clientOrderId;
}

export const durableIntent: Bench = {
  name: 'durable-intent',
  run: async ({ smoke }) => {
    const plan = await capturePlan();
    const kinds = plan.map(({ kind }) => kind);
    check(kinds.filter((kind) => kind === 'attempt').length === 2, `plan has ${kinds.join()}`);
    const folder = benchFolder();
    const store = openLedgerStore({
      path: join(folder, 'intent.db'),
      mode: 'sim',
      account: 'main',
      clock: systemClock(),
      random: seededRandom(1),
    });
    const file = openSync(join(folder, 'bare'), 'w');
    const bare: number[] = [];
    const commit: number[] = [];
    try {
      writeSync(file, PAGE, 0, PAGE.length, 0);
      fdatasyncSync(file);
      check(fstatSync(file).size === PAGE.length, 'the bare file has another size');
      const rounds = smoke ? 50 : 2_000;
      const warmUp = smoke ? 10 : 200;
      for (let i = 0; i < rounds + warmUp; i += 1) {
        const facts = renumbered(plan, i + 1);
        const from = performance.now();
        writeSync(file, PAGE, 0, PAGE.length, 0);
        fdatasyncSync(file);
        const middle = performance.now();
        store.stage(facts);
        const end = performance.now();
        // As when the venues have answered: the plan takes its place with the next commit.
        store.commit([{ kind: 'outcome', clientOrderId: orderOf(facts), status: 'open', at: i }]);
        await turn();
        if (i < warmUp) continue;
        bare.push(middle - from);
        commit.push(end - middle);
      }
      check([...store.load()].filter(({ kind }) => kind === 'attempt').length === 2 * (rounds + warmUp), 'facts lost');
    } finally {
      closeSync(file);
      store.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const quiet = leastDisturbed(bare, commit);
    const ratio = p50(quiet.commit) / p50(quiet.bare);
    return {
      name: 'durable-intent',
      about:
        `store.stage of a whole entry plan (${kinds.join(', ')}) into the production store, in turns with an overwrite of ` +
        '4 KiB + fdatasync in the same folder.',
      figures: [
        {
          what: 'commit of an entry plan, the least disturbed tenth',
          measured: spread(quiet.commit),
          against: `4 KiB + fdatasync ${spread(quiet.bare)}`,
          ratio: num(ratio),
          target: `<= ${TARGET}`,
          verdict: verdict(ratio <= TARGET),
        },
        {
          what: 'the whole run',
          measured: spread(commit),
          against: `4 KiB + fdatasync ${spread(bare)}`,
          ratio: num(p50(commit) / p50(bare)),
        },
      ],
    };
  },
};

/**
 * The tenth of the run in which the bare write was quickest. A disk that others keep busy delays both alike and hides
 * what the commit adds, so this is the strict comparison.
 */
function leastDisturbed(bare: readonly number[], commit: readonly number[]) {
  const size = Math.ceil(bare.length / 10);
  const starts = Array.from({ length: Math.floor(bare.length / size) }, (_, i) => i * size);
  const parts = starts.map((at) => ({ bare: bare.slice(at, at + size), commit: commit.slice(at, at + size) }));
  return parts.reduce((best, part) => (p50(part.bare) < p50(best.bare) ? part : best));
}
