/** Resident memory of a running sim, sampled from outside. */
import { botFolder, MAIN, residentMb, startBot } from './bot-process.ts';
import { type Bench, check, num, p50, sleep, verdict } from './result.ts';

const TARGET_MB = 250;

export const memory: Bench = {
  name: 'memory',
  run: async ({ smoke }) => {
    const bot = botFolder('sim.yaml');
    const seconds = smoke ? 10 : 60;
    const samples: number[] = [];
    try {
      const run = startBot(process.execPath, [MAIN, 'run', '--config', bot.config]);
      try {
        await run.seen('ready: trading');
        const until = performance.now() + seconds * 1000;
        while (performance.now() < until) {
          const mb = residentMb(run.child.pid);
          check(mb !== undefined, `the bot ended:\n${run.output()}`);
          samples.push(mb);
          await sleep(500);
        }
      } finally {
        await run.stop();
      }
    } finally {
      bot.remove();
    }
    const peak = Math.max(...samples);
    return {
      name: 'memory',
      about: `Resident set of \`tandem run --config config/sim.yaml\` (twelve assets, three emulated venues inside) for ${seconds} s from ready, every half second. MB are 10^6 bytes.`,
      figures: [
        {
          what: 'resident memory',
          measured: `peak ${num(peak)} MB (p50 ${num(p50(samples))}, last ${num(samples.at(-1) ?? 0)})`,
          target: `< ${TARGET_MB} MB`,
          verdict: verdict(peak < TARGET_MB),
        },
      ],
    };
  },
};
