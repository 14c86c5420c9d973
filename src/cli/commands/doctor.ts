/** `tandem doctor`: is everything in place to run? Places nothing. */
import { formatProblem, loadConfig } from '../../config/load.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { inert } from '../format.ts';
import { type Check, examineAll, type Surroundings } from '../health-checks.ts';
import { probeAccount, probeVenue } from '../venue-probe.ts';

type Probes = Pick<Surroundings, 'probe' | 'probeAccount'>;

export async function doctor(
  context: Context,
  probes: Probes = { probe: probeVenue, probeAccount },
): Promise<ExitCode> {
  const { io, json, configFile } = context;
  const loaded = loadConfig(configFile);
  const checks: readonly Check[] = loaded.ok
    ? await examineAll(loaded.config, { env: io.env, configFile, envFile: '.env', ...probes })
    : loaded.problems.map((problem) => ({
        level: 'fail',
        name: 'config',
        detail: formatProblem(problem),
        fix: 'see docs/configuration.md',
      }));
  const worst = checks.some(({ level }) => level === 'fail');
  if (json) printJson(io, { ok: !worst, checks });
  else io.out(`${checks.map(line).join('\n')}\n`);
  if (!worst) return EXIT.ok;
  return loaded.ok ? EXIT.failed : EXIT.usage;
}

function line({ level, name, detail, fix }: Check): string {
  const remedy = fix === undefined ? '' : `\n      ${inert(`fix: ${fix}`)}`;
  return `${level.padEnd(4)}  ${inert(`${name}: ${detail}`)}${remedy}`;
}
