/** The recorded 18 months through the built bot, twice: wall time, memory, and whether the reports are the same. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { botFolder, MAIN, residentMb, startBot } from './bot-process.ts';
import { type Bench, check, num, sleep, verdict } from './result.ts';

const TARGET_S = 300;
const RECORDING = 'market/btc-3venues-8h.csv';
/** Seconds instead of minutes. */
const ONE_MONTH = { 'replay.from': '2023-03-01', 'replay.to': '2023-04-01' };

interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  readonly report: string;
}

async function replayOnce(smoke: boolean): Promise<Run> {
  const bot = botFolder('replay.yaml', (folder) => ({
    'replay.report': join(folder, 'report.json'),
    ...(smoke ? ONE_MONTH : {}),
  }));
  const report = join(bot.folder, 'report.json');
  try {
    const run = startBot(process.execPath, [MAIN, 'run', '--config', bot.config]);
    let peakMb = 0;
    let over = false;
    run.ended.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    while (!over) {
      peakMb = Math.max(peakMb, residentMb(run.child.pid) ?? 0);
      await sleep(200);
    }
    const code = await run.ended;
    const seconds = (performance.now() - run.startedAt) / 1000;
    check(code === 0, `the replay ended with ${code}:\n${run.output()}`);
    check(run.output().includes('ledger = venues'), `ledger and venues differ:\n${run.output()}`);
    return { seconds, peakMb, report: readFileSync(report, 'utf8') };
  } finally {
    bot.remove();
  }
}

export const replay: Bench = {
  name: 'replay',
  run: async ({ smoke }) => {
    const data = process.env.TANDEM_DATA;
    check(data && existsSync(join(data, RECORDING)), `TANDEM_DATA must name the folder that holds ${RECORDING}`);
    const first = await replayOnce(smoke);
    const second = await replayOnce(smoke);
    check(first.report === second.report, 'two replays of the same recording wrote different reports');
    const seconds = Math.max(first.seconds, second.seconds);
    return {
      name: 'replay',
      about: `${smoke ? 'One month' : 'All 18 months'} of ${RECORDING} with config/replay.yaml in a child process, over the wire, twice; the slower run.`,
      figures: [
        {
          what: 'wall time',
          measured: `${num(seconds)} s`,
          against: `other run ${num(Math.min(first.seconds, second.seconds))} s`,
          target: `< ${TARGET_S} s`,
          verdict: verdict(seconds < TARGET_S),
        },
        { what: 'peak resident memory', measured: `${num(Math.max(first.peakMb, second.peakMb))} MB` },
        { what: 'both reports byte for byte', measured: 'identical', target: 'identical', verdict: 'PASS' },
      ],
    };
  },
};
