#!/usr/bin/env node
/** The command `tandem`. It stands here before the first build too: npx finds it then, and is told what is missing. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('tandem: not built yet. Fix: npm start, or npm run build\n');
  process.exitCode = 1;
}
