/**
 * Benchmarks: figures beside the comparison measured in the same run. Run: `npm run bench [-- <name>...] [-- --smoke]
 * [-- --write docs/benchmarks.md]`. A missed target is reported and is no failure; something broken is.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { durableIntent } from './bench/durable-intent.ts';
import { frameToOrder } from './bench/frame-to-order.ts';
import { memory } from './bench/memory.ts';
import { orderPath } from './bench/order-path.ts';
import { asMarkdown, asText } from './bench/render.ts';
import { replay } from './bench/replay.ts';
import type { Bench, BenchResult } from './bench/result.ts';
import { simulation } from './bench/simulation.ts';
import { soak } from './bench/soak.ts';
import { start } from './bench/start.ts';

const BENCHES: readonly Bench[] = [orderPath, soak, durableIntent, frameToOrder, replay, memory, start, simulation];

const { values, positionals } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, write: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${BENCHES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const wanted = positionals.length > 0 ? BENCHES.filter(({ name }) => positionals.includes(name)) : BENCHES;
const results: BenchResult[] = [];
let broken = 0;
for (const bench of wanted) {
  const from = performance.now();
  try {
    const result = await bench.run({ smoke: values.smoke, log: (line) => console.error(line) });
    results.push(result);
    console.log(asText(result, values.smoke));
  } catch (error) {
    broken += 1;
    console.error(`${bench.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  console.log(`  (${bench.name} took ${((performance.now() - from) / 1000).toFixed(1)} s)\n`);
}
if (values.write !== undefined && broken === 0) {
  const before = existsSync(values.write) ? readFileSync(values.write, 'utf8') : '';
  const order = BENCHES.map(({ name }) => name);
  writeFileSync(values.write, asMarkdown(results, values.smoke, before, order));
}
process.exit(broken === 0 ? 0 : 1);
