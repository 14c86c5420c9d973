/** Temporary ledgers for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openLedgerStore } from '../../src/platform/sqlite/store.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom } from '../../src/platform/system-random.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';

type Options = Parameters<typeof openLedgerStore>[0];

export function ledgerPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-ledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'sim.db');
}

export const open = (path: string, over: Partial<Options> = {}): LedgerStore =>
  openLedgerStore({ path, mode: 'sim', account: 'main', clock: systemClock(), random: seededRandom(1), ...over });
