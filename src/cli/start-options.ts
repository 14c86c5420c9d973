/** What the bot is started with. */
import type { Config } from '../config/schema.ts';
import type { Logger } from '../platform/logger.ts';

export interface StartOptions {
  readonly config: Config;
  readonly configFile: string;
  /** The text that `config` was parsed from. */
  readonly configText: string;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
}
