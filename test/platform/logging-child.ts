/** Run as its own process: logs to what the command line names, says a fatal line, and exits with 4. */
import { writeSync } from 'node:fs';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';

const [file, lines = '1'] = process.argv.slice(2);
const onTrouble = (message: string): void => void writeSync(2, `${message}\n`);
// As `main.ts`, which thereby makes a pipe one that does not wait for its reader.
process.stdout.on('error', () => undefined);
const log = openLogger({
  level: 'info',
  clock: systemClock(),
  onTrouble,
  ...(file === '-' ? {} : { file: String(file) }),
});
for (let i = 0; i < Number(lines); i += 1) log.info({ filler: 'x'.repeat(1_000) }, `line ${i}`);
setTimeout(() => {
  log.fatal({}, 'the last line');
  writeSync(2, `lost ${log.lost()}\n`);
  process.exit(4);
}, 600);
