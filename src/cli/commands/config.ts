/** `tandem config check|show|schema` */
import { stringify } from 'yaml';
import { editorSchema } from '../../config/describe.ts';
import { opensNothing } from '../../config/idle.ts';
import { formatProblem, loadConfig } from '../../config/load.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { settingsOf } from '../settings.ts';

export async function check({ io, json, configFile }: Context): Promise<ExitCode> {
  const loaded = loadConfig(configFile);
  const problems = loaded.ok ? [] : loaded.problems;
  const idle = loaded.ok ? opensNothing(loaded.config) : undefined;
  if (json) printJson(io, { ok: loaded.ok, file: configFile, problems, ...(idle !== undefined && { idle }) });
  else if (loaded.ok) {
    const { mode, account, venues } = loaded.config;
    io.out(`${configFile} is valid: mode ${mode}, account ${account}, venues ${Object.keys(venues).join(', ')}\n`);
    if (idle !== undefined) io.out(`It opens nothing: ${idle}\n`);
  } else for (const problem of problems) io.out(`${formatProblem(problem)}\n`);
  return loaded.ok ? EXIT.ok : EXIT.usage;
}

/** A configuration holds no secrets: loading refuses whatever looks like one. */
export async function show(context: Context): Promise<ExitCode> {
  const { config } = settingsOf(context);
  if (context.json) printJson(context.io, config);
  else context.io.out(stringify(config));
  return EXIT.ok;
}

export async function schema({ io }: Context): Promise<ExitCode> {
  io.out(editorSchema());
  return EXIT.ok;
}
