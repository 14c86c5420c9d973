/** How a command finds the running bot of its configuration. Entry points: `findBot`, `needBot`, `statusOfBot`. */
import type { Whereabouts } from '../config/whereabouts.ts';
import type { StatusSnapshot } from '../engine/status.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { Context } from './context.ts';
import { type ControlClient, connectControl, requireControl } from './control-client.ts';
import { controlSocketPath } from './control-socket.ts';
import { aliveText, livingHolder } from './ledger-holder.ts';

/** undefined when no bot runs. */
export const findBot = (config: Whereabouts): Promise<ControlClient | undefined> =>
  connectControl({ path: controlSocketPath(config), clock: systemClock() });

/** Throws CommandFailure (notRunning), saying how to start one, or that one may be there all the same. */
export function needBot(context: Context, config: Whereabouts): Promise<ControlClient> {
  const { configFile } = context;
  const path = controlSocketPath(config);
  return requireControl({ path, clock: systemClock() }, () => {
    const pid = livingHolder(config);
    const where = `for ${configFile} (nobody listens on ${path})`;
    return pid === undefined
      ? `no bot is running ${where}; start one with: tandem run --config ${configFile}`
      : `no bot answers ${where}, but ${aliveText(context, pid)}`;
  });
}

/** undefined when no bot runs. */
export async function statusOfBot(config: Whereabouts): Promise<StatusSnapshot | undefined> {
  const bot = await findBot(config);
  return bot && asking(bot, (client) => client.status());
}

/** Asks and hangs up, whatever happens. */
export async function asking<T>(client: ControlClient, ask: (client: ControlClient) => Promise<T>): Promise<T> {
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}
