/** `npm start` as a supervisor sees it: a signal to npm alone ends the bot, cleanly. */
import { expect, it } from 'vitest';
import { botFolder, startBot } from '../../scripts/bench/bot-process.ts';

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s to npm alone reaches the bot, which stops by itself',
  async (signal) => {
    const bot = botFolder('sim.yaml');
    const run = startBot('npm', ['start', '--', '--config', bot.config]);
    try {
      await run.seen('ready: trading');
      const stopped = run.seen('"message":"stopped');
      run.child.kill(signal);
      await stopped;
      await run.ended.catch(() => undefined);
    } finally {
      await run.stop();
      bot.remove();
    }
    expect(run.output()).not.toContain('forced to stop');
  },
  120_000,
);
