/** `tandem close <hedge>` and `tandem flatten` */
import type { OperatorCommand } from '../../engine/events.ts';
import { systemClock } from '../../platform/system-clock.ts';
import { asking, needBot } from '../bot-address.ts';
import { closeAndLook, closingExit, closingText } from '../closing.ts';
import { type Context, printJson } from '../context.ts';
import { isHedgeId } from '../control-protocol.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { inert } from '../format.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export async function close(context: Context, hedge: string, waitSeconds: number): Promise<ExitCode> {
  if (!isHedgeId(hedge)) throw new CommandFailure(EXIT.usage, `a hedge id looks like h17, not ${inert(hedge)}`);
  return closing(context, { action: 'close', hedge }, waitSeconds);
}

export const flatten = (context: Context, waitSeconds: number): Promise<ExitCode> =>
  closing(context, { action: 'flatten' }, waitSeconds);

/** Not complete within the wait is never `ok`: a script must not take it for flat. */
export async function closing(context: Context, command: OperatorCommand, waitSeconds: number): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  const wait = { seconds: waitSeconds, clock: systemClock(), everything: command.action !== 'close' };
  const running = await needBot(context, config);
  sayWhom(context, config);
  const report = await asking(running, (bot) => closeAndLook(bot, command, wait));
  if (json) printJson(io, report);
  else io.out(closingText(report, context.configFile));
  return closingExit(report);
}
