/** How a command finds the running bot of its configuration. Entry points: `findBot`, `needBot`, `statusOfBot`. */
import type { Whereabouts } from '../config/whereabouts.ts';
import type { StatusSnapshot } from '../engine/status.ts';
import { systemClock } from '../platform/system-clock.ts';
import { tandemFor } from './command-line.ts';
import type { Context } from './context.ts';
import { type ControlAddress, type ControlClient, connectControl, requireControl } from './control-client.ts';
import { controlSocketPath } from './control-socket.ts';
import { aliveText, livingHolder } from './ledger-holder.ts';

/** undefined when no bot runs. `deadlineMs` for each of its answers; absent: the usual. */
export const findBot = (config: Whereabouts, deadlineMs?: number): Promise<ControlClient | undefined> =>
  connectControl({ ...addressOf(config), ...(deadlineMs !== undefined && { deadlineMs }) });

const addressOf = (config: Whereabouts): ControlAddress => ({
  path: controlSocketPath(config),
  whom: config,
  clock: systemClock(),
});

/** Throws CommandFailure (notRunning), saying how to start one, or that one may be there all the same. */
export function needBot(context: Context, config: Whereabouts): Promise<ControlClient> {
  const { configFile } = context;
  const address = addressOf(config);
  return requireControl(address, () => {
    const pid = livingHolder(config);
    const where = `for ${configFile} (nobody listens on ${address.path})`;
    return pid === undefined
      ? `no bot is running ${where}; start one with: ${tandemFor(configFile)} run`
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
