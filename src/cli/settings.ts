/** Loads the configuration that a command means. Entry point: `settingsOf`. */
import { formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Context } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export interface Settings {
  readonly config: Config;
  /** What it was parsed from. */
  readonly text: string;
}

/** Throws CommandFailure (usage) that lists every problem, one a line. */
export function settingsOf(context: Context): Settings {
  const loaded = loadConfig(context.configFile);
  if (loaded.ok) return loaded;
  const count = loaded.problems.length;
  const lines = loaded.problems.map((problem) => `  ${formatProblem(problem)}`);
  const title = `${context.configFile} has ${count === 1 ? 'a problem' : `${count} problems`}; nothing was started:`;
  throw new CommandFailure(EXIT.usage, [title, ...lines].join('\n'));
}
