/**
 * One simulated world. Run: `npm run sim -- --seed 7 [--minutes 1440] [--dense] [--trace] [--shrink]`.
 * Prints what was drawn, what happened and the hash of its trace; exits with 1 on a violation, with 2 on a wrong option.
 */
import { parseArgs } from 'node:util';
import { shrunkText, traceText, worldText } from '../test/simulation/report.ts';
import { shrink } from '../test/simulation/shrink.ts';
import { runWorld } from '../test/simulation/world.ts';
import { optionsOr, wholeNumber } from './sim-options.ts';

const USAGE = 'usage: npm run sim -- --seed N [--minutes M] [--dense] [--trace] [--shrink]';

const { values } = optionsOr(USAGE, () =>
  parseArgs({
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string', default: '1440' },
      dense: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
    },
  }),
);
const seed = wholeNumber(USAGE, '--seed', values.seed);
const options = { hours: wholeNumber(USAGE, '--minutes', values.minutes, 1) / 60, dense: values.dense };

const result = await runWorld(seed, { ...options, trace: values.trace });
const lines = [...(values.trace ? traceText(result.trace) : []), ...worldText(result)];
const shrunk = result.violation && values.shrink ? await shrink(seed, options) : undefined;
for (const line of [...lines, ...(shrunk ? shrunkText(shrunk) : [])]) process.stdout.write(`${line}\n`);
process.exitCode = result.violation ? 1 : 0;
