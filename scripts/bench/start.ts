/** From `npm start` with everything installed and built to trading, and how long the command line takes to say help. */
import { spawnSync } from 'node:child_process';
import { botFolder, MAIN, ROOT, startBot } from './bot-process.ts';
import { type Bench, check, num, p50, spread, verdict } from './result.ts';

const TRADING_TARGET_S = 5;
const HEDGE_TARGET_S = 30;
const HELP_TARGET_MS = 200;

async function startOnce(): Promise<{ readonly trading: number; readonly hedge: number }> {
  const bot = botFolder('sim.yaml');
  try {
    const run = startBot('npm', ['start', '--', '--config', bot.config]);
    try {
      const [trading, hedge] = await Promise.all([run.seen('ready: trading'), run.seen('hedge planned')]);
      return { trading: trading / 1000, hedge: hedge / 1000 };
    } finally {
      await run.stop();
    }
  } finally {
    bot.remove();
  }
}

function timed(args: readonly string[]): number {
  const from = performance.now();
  const done = spawnSync(process.execPath, args, { cwd: ROOT });
  check(done.status === 0, `node ${args.join(' ')} ended with ${done.status}`);
  return performance.now() - from;
}

export const start: Bench = {
  name: 'start',
  run: async ({ smoke }) => {
    const runs = [];
    for (let i = 0; i < (smoke ? 1 : 5); i += 1) runs.push(await startOnce());
    const help: number[] = [];
    const bare: number[] = [];
    for (let i = 0; i < (smoke ? 3 : 20); i += 1) {
      help.push(timed([MAIN, '--help']));
      bare.push(timed(['-e', '0']));
    }
    const trading = p50(runs.map((run) => run.trading));
    const hedge = Math.max(...runs.map((run) => run.hedge));
    return {
      name: 'start',
      about:
        'npm start with a warm install and a new ledger, from the spawn to the log line: all accounts reconciled (trading), ' +
        'then the first hedge committed, its orders leaving at once (slowest run). Help beside an empty Node process.',
      figures: [
        {
          what: 'npm start to trading',
          measured: `${num(trading)} s (slowest ${num(Math.max(...runs.map((run) => run.trading)))})`,
          target: `< ${TRADING_TARGET_S} s`,
          verdict: verdict(trading < TRADING_TARGET_S),
        },
        {
          what: 'npm start to the first hedge',
          measured: `${num(hedge)} s`,
          target: `< ${HEDGE_TARGET_S} s`,
          verdict: verdict(hedge < HEDGE_TARGET_S),
        },
        {
          what: 'tandem --help',
          measured: spread(help),
          against: `node -e 0: ${spread(bare)}`,
          ratio: num(p50(help) / p50(bare)),
          target: `< ${HELP_TARGET_MS} ms`,
          verdict: verdict(p50(help) < HELP_TARGET_MS),
        },
      ],
    };
  },
};
