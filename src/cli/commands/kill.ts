/** `tandem kill` and `tandem kill --reset` */
import { systemClock } from '../../platform/system-clock.ts';
import { asking, findBot, needBot } from '../bot-address.ts';
import { closeAndLook, closingExit, closingText } from '../closing.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';
import { give } from './pause.ts';

export async function kill(context: Context, waitSeconds: number): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  const bot = await findBot(config);
  sayWhom(context, config);
  if (bot) {
    const wait = { seconds: waitSeconds, clock: systemClock(), everything: true };
    const report = await asking(bot, (client) => closeAndLook(client, { action: 'kill' }, wait));
    if (json) printJson(io, report);
    else io.out(closingText(report, context.configFile));
    return closingExit(report);
  }
  const { recordControl } = await import('../offline-control.ts');
  const { changed, openHedges } = recordControl(config, 'kill');
  const message = changed
    ? 'No bot is running; recorded: the kill switch is latched for the next start.'
    : 'No bot is running; the kill switch is latched already.';
  const rest =
    openHedges.length > 0
      ? `NOT closed: ${openHedges.join(', ')}. Only a running bot can close them, and does so as it starts: ${tandemFor(context.configFile)} run`
      : 'No hedge is open in the ledger; no account was read.';
  // What the accounts hold, nobody has looked at.
  if (json) printJson(io, { ok: false, message, recorded: changed, openHedges });
  else io.out(`${message}\n${rest}\n`);
  return EXIT.notRunning;
}

export async function resetKill(context: Context): Promise<ExitCode> {
  const config = whereaboutsOf(context);
  return give(context, config, await needBot(context, config), { action: 'kill_reset' });
}
