/**
 * Where the bot of a configuration is: its world, its ledger and its control socket. A slip elsewhere in the file must
 * not stand between an operator and a bot that goes on with what it had. Entry points: `whereaboutsIn`, `anotherBot`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearestName } from './known-keys.ts';
import { type Config, configSchema, defaultLedger, resolveConfig } from './schema.ts';
import { type Problem, readSource } from './source.ts';

export type Whereabouts = Pick<Config, 'mode' | 'account' | 'ledger' | 'operator'>;

const TELLING = ['mode', 'account', 'ledger', 'operator'] as const satisfies readonly (keyof Whereabouts)[];

/**
 * Of a file with `problems`. undefined when one of them leaves it open which bot is meant: defaults in place of what
 * could not be read might name another one.
 */
export function whereaboutsIn(file: string, problems: readonly Problem[]): Whereabouts | undefined {
  if (problems.some(isDoubtful)) return undefined;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const { data } = readSource(text, file);
  if (typeof data !== 'object' || data === null) return undefined;
  const told = Object.fromEntries(TELLING.flatMap((key) => (key in data ? [[key, Reflect.get(data, key)]] : [])));
  const parsed = configSchema.safeParse(told);
  if (!parsed.success) return undefined;
  const path = parsed.data.ledger.path ?? defaultLedger(parsed.data.mode, 'replay' in data);
  const { mode, account, ledger, operator } = resolveConfig({ ...parsed.data, ledger: { path } });
  return { mode, account, ledger, operator };
}

/** The keys by which `other` means another bot than `running`; empty when it is the same. */
export function anotherBot(running: Whereabouts, other: Whereabouts): readonly string[] {
  return [
    ...(running.mode === other.mode ? [] : ['mode']),
    ...(running.account === other.account ? [] : ['account']),
    ...(resolve(running.ledger.path) === resolve(other.ledger.path) ? [] : ['ledger.path']),
  ];
}

/** A problem of the text as a whole, of a telling key, or of a name that may have been meant for one. */
function isDoubtful({ key, nearest = '', secret }: Problem): boolean {
  const sections = [key, nearest].map((name) => name.split('.', 1)[0] ?? '');
  if (sections.some((section) => TELLING.some((telling) => telling === section))) return true;
  if (secret === true || sections.some((section) => Object.hasOwn(configSchema.shape, section))) return false;
  // Of the text as a whole, or a name at the top that is like none of ours.
  return key === '' || nearestName(key, TELLING) !== undefined;
}
