/** How a command finds the running bot of its configuration. Entry points: `findBot`, `needBot`. */
import type { Whereabouts } from '../config/whereabouts.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { Context } from './context.ts';
import { type ControlClient, connectControl, requireControl } from './control-client.ts';
import { controlSocketPath } from './control-socket.ts';

/** undefined when no bot runs. */
export const findBot = (config: Whereabouts): Promise<ControlClient | undefined> =>
  connectControl({ path: controlSocketPath(config), clock: systemClock() });

/** Throws CommandFailure (notRunning). */
export const needBot = (context: Context, config: Whereabouts): Promise<ControlClient> =>
  requireControl({ path: controlSocketPath(config), clock: systemClock() }, context.configFile);

/** Asks and hangs up, whatever happens. */
export async function asking<T>(client: ControlClient, ask: (client: ControlClient) => Promise<T>): Promise<T> {
  try {
    return await ask(client);
  } finally {
    client.close();
  }
}
