/** Temporary ledgers for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { createLedger } from '../../src/platform/sqlite/connection.ts';
import { MIGRATIONS, migrate } from '../../src/platform/sqlite/migrate.ts';
import { openLedgerStore } from '../../src/platform/sqlite/store.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { seededRandom } from '../../src/platform/system-random.ts';
import type { LedgerStore } from '../../src/ports/ledger-store.ts';

import { AT } from './facts.ts';

type Options = Parameters<typeof openLedgerStore>[0];

export function ledgerPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-ledger-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'sim.db');
}

export const open = (path: string, over: Partial<Options> = {}): LedgerStore =>
  openLedgerStore({ path, mode: 'sim', account: 'main', clock: systemClock(), random: seededRandom(1), ...over });

/** A ledger as the program of schema `version` made it, open for raw SQL. */
export function ledgerOfSchema(path: string, version: number): Database.Database {
  createLedger(path, { mode: 'sim', account: 'main', tag: 'abcd' }, AT);
  const today = new Database(path, { readonly: true });
  const applicationId = today.pragma('application_id', { simple: true });
  today.close();
  rmSync(path);
  const shell = new Database(path);
  shell.pragma(`application_id = ${String(applicationId)}`);
  shell.pragma('journal_mode = WAL');
  migrate(shell, AT, MIGRATIONS.slice(0, version));
  shell.exec(`INSERT INTO stamp (id, mode, account, tag, created_at) VALUES (1, 'sim', 'main', 'abcd', ${AT})`);
  return shell;
}
