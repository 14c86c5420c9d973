/** Run as its own process: commits fills 0, 1, 2, ... to the ledger named on the command line until it is killed. */
import { writeSync } from 'node:fs';
import { openLedgerStore } from '../../src/platform/sqlite/store.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { systemRandom } from '../../src/platform/system-random.ts';
import { fill } from './facts.ts';

const path = process.argv[2] ?? '';
const store = openLedgerStore({ path, mode: 'sim', account: 'main', clock: systemClock(), random: systemRandom() });
for (let i = 0; i < 1_000_000; i += 1) {
  store.commit([fill(String(i))]);
  writeSync(1, `${i}\n`);
}
