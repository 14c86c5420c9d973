/** `tandem run`: the bot in the foreground, with a status screen on a terminal and log lines elsewhere. */
import { setFlagsFromString } from 'node:v8';
import type { Config } from '../../config/schema.ts';
import { readCredentials } from '../../config/secrets.ts';
import { type Logger, openLogger } from '../../platform/logger.ts';
import { systemClock } from '../../platform/system-clock.ts';
import type { Clock } from '../../ports/clock.ts';
import { isCcxtStreamRejection } from '../../venues/connect.ts';
import { startBot } from '../compose.ts';
import type { Context, Io } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { runBot } from '../run-bot.ts';
import { openScreenLog, type ScreenLog } from '../screen-log.ts';
import { settingsOf } from '../settings.ts';

/**
 * V8 lets the heap of a long-lived process grow to several times what is alive. This one collects a little more often
 * instead, which about halves its resident memory. Both flags are read at each collection, so setting them now works.
 */
const HEAP_FLAGS = ['--heap-growing-percent=30', '--semi-space-growth-factor=1'];

export async function run(context: Context): Promise<ExitCode> {
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
  const { io, configFile } = context;
  const { config, text } = settingsOf(context);
  const clock = systemClock();
  const { log, screenLog } = openLog(config, io, clock);
  const venues = Object.keys(config.venues);
  for (const { key, secret, passphrase } of readCredentials({
    env: io.env,
    envFile: '.env',
    venues,
  }).byVenue.values()) {
    for (const value of [key, secret, passphrase]) if (value) log.registerSecret(value.reveal());
  }
  return runBot(
    { config, configText: text, configFile, io, log, ...(screenLog ? { screenLog } : {}) },
    {
      startBot,
      clock,
      process,
      isStreamRejection: isCcxtStreamRejection,
      exit: (code) => process.exit(code),
    },
  );
}

/** A terminal shows the screen, so its log goes to a file beside the ledger; the screen repeats what is serious. */
function openLog({ log, ledger }: Config, io: Io, clock: Clock): { log: Logger; screenLog?: ScreenLog } {
  const { level, file } = log;
  try {
    if (!io.interactive) {
      const onTrouble = (message: string): void => io.err(`tandem: ${message}\n`);
      return { log: openLogger({ level, clock, onTrouble, ...(file === undefined ? {} : { file }) }) };
    }
    const screenLog = openScreenLog(file ?? `${ledger.path}.log`);
    return { log: openLogger({ level, clock, write: screenLog.write, flush: screenLog.flush }), screenLog };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.usage, `the log cannot be opened, see log.file: ${reason}`);
  }
}
