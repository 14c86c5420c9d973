/** `tandem pause` and `tandem resume` */
import type { Whereabouts } from '../../config/whereabouts.ts';
import type { OperatorCommand } from '../../engine/events.ts';
import { asking, findBot, needBot } from '../bot-address.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import type { ControlClient } from '../control-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { inert } from '../format.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export async function pause(context: Context): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  const bot = await findBot(config);
  if (bot) return give(context, config, bot, { action: 'pause' });
  sayWhom(context, config);
  const { recordControl } = await import('../offline-control.ts');
  const { changed, openHedges } = recordControl(config, 'pause');
  const message = changed
    ? `No bot is running; recorded: the next start opens nothing until: ${tandemFor(context.configFile)} resume`
    : 'No bot is running; the ledger says paused already.';
  if (json) printJson(io, { ok: true, message, recorded: changed, openHedges });
  else io.out(`${message}\n${openHedges.length > 0 ? `Open and not managed: ${openHedges.join(', ')}.\n` : ''}`);
  return EXIT.ok;
}

export async function resume(context: Context): Promise<ExitCode> {
  const config = whereaboutsOf(context);
  return give(context, config, await needBot(context, config), { action: 'resume' });
}

/** One command whose effect is immediate: what the bot answers is what happened. */
export async function give(
  context: Context,
  config: Whereabouts,
  bot: ControlClient,
  command: OperatorCommand,
): Promise<ExitCode> {
  const { io, json } = context;
  sayWhom(context, config);
  const reply = await asking(bot, (client) => client.command(command));
  if (json) printJson(io, reply);
  else if (reply.ok) io.out(`${inert(reply.message)}\n`);
  else io.err(`tandem: ${inert(reply.message)}\n`);
  return reply.ok ? EXIT.ok : EXIT.refused;
}
