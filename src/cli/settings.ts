/** Loads the configuration that a command means. Entry points: `settingsOf`, `whereaboutsOf`, `sayWhom`. */
import { resolve } from 'node:path';
import { formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Problem } from '../config/source.ts';
import { type Whereabouts, whereaboutsIn } from '../config/whereabouts.ts';
import { tandemFor } from './command-line.ts';
import type { Context } from './context.ts';
import { whomText } from './control-protocol.ts';
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
  throw refusal(context, loaded.problems, 'nothing was done');
}

/**
 * What a command needs to reach a running bot or its ledger. A file with problems elsewhere is enough, and standard
 * error says so: it must be possible to close everything in the middle of a bad edit. Throws CommandFailure (usage).
 */
export function whereaboutsOf(context: Context): Whereabouts {
  const { io, configFile } = context;
  const loaded = loadConfig(configFile);
  if (loaded.ok) return loaded.config;
  const found = whereaboutsIn(configFile, loaded.problems);
  if (!found) {
    throw refusal(
      context,
      loaded.problems,
      'it does not tell which bot is meant, so nothing was done. A file with only its mode, account, ledger.path and operator.socket will do: --config <file>',
    );
  }
  const title = `${configFile} has ${counted(loaded.problems)}; a bot that runs goes on with what it had`;
  io.err(`tandem: ${title} (see: ${tandemFor(configFile)} config check)\n`);
  return found;
}

const counted = ({ length }: readonly Problem[]): string => (length === 1 ? 'a problem' : `${length} problems`);

function refusal({ configFile }: Context, problems: readonly Problem[], outcome: string): CommandFailure {
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  return new CommandFailure(EXIT.usage, [`${configFile} has ${counted(problems)}; ${outcome}:`, ...lines].join('\n'));
}

/** Said before a command acts: a default configuration may name another bot than the one that is meant. */
export function sayWhom({ io, json }: Context, config: Whereabouts): void {
  if (!json) io.out(`${whomText(config)}, ledger ${resolve(config.ledger.path)}\n`);
}
