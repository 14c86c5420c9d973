/**
 * Numbered migrations. Each runs in one transaction together with its version number, so a crash leaves the old or the
 * new schema and nothing between. An existing ledger is copied aside first. Entry points: `migrate`, `SCHEMA_VERSION`.
 */
import type { Database } from 'better-sqlite3';
import { invariant } from '../../kernel/assert.ts';
import { type Instant, iso } from '../../kernel/instant.ts';
import { copyDatabase } from './copy.ts';
import { isDiskTrouble, LedgerOpenError } from './errors.ts';
import { factsMigration } from './migrations/0001-facts.ts';
import { viewsMigration } from './migrations/0002-views.ts';
import { intentsMigration } from './migrations/0003-intents.ts';
import { repairsMigration } from './migrations/0004-repairs.ts';
import { entryMigration } from './migrations/0005-entry.ts';
import { acceptancesMigration } from './migrations/0006-acceptances.ts';
import { breakersMigration } from './migrations/0007-breakers.ts';
import { sharesMigration } from './migrations/0008-shares.ts';

export interface Migration {
  /** 1, 2, ... without gaps; stored as SQLite's user_version. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  factsMigration,
  viewsMigration,
  intentsMigration,
  repairsMigration,
  entryMigration,
  acceptancesMigration,
  breakersMigration,
  sharesMigration,
];
export const SCHEMA_VERSION: number = MIGRATIONS.length;

export const schemaVersion = (database: Database): number => Number(database.pragma('user_version', { simple: true }));

/**
 * Brings the database to the newest schema. Returns the backup's path when one was made. Throws LedgerOpenError
 * `newer_schema`, or `migration_failed` (`io` when the disk refused) with the schema as it was before the failing step.
 */
export function migrate(database: Database, now: Instant, migrations = MIGRATIONS): string | undefined {
  const version = schemaVersion(database);
  migrations.forEach((step, i) => {
    invariant(step.version === i + 1, `migration ${step.name} is number ${i + 1} but says ${step.version}`);
  });
  if (version > migrations.length) throw newerSchema(database.name, version, migrations.length);
  if (version === migrations.length) return undefined;
  const backup = version === 0 ? undefined : backUp(database, version, now);
  for (const step of migrations.slice(version)) apply(database, step, backup);
  return backup;
}

export function newerSchema(path: string, found: number, known: number): LedgerOpenError {
  return new LedgerOpenError(
    'newer_schema',
    `ledger ${path} has schema ${found} but this program knows up to ${known}; run the newer program, or restore a backup`,
  );
}

function apply(database: Database, step: Migration, backup: string | undefined): void {
  const run = database.transaction(() => {
    database.exec(step.sql);
    database.pragma(`user_version = ${step.version}`);
  });
  try {
    run.immediate();
  } catch (error) {
    const kept = backup ? `; the copy from before is ${backup}` : '';
    throw failed(`migration ${step.version} (${step.name}): ${messageOf(error)}${kept}`, error);
  }
}

/** A consistent copy beside the ledger, on the disk before the first change. */
function backUp(database: Database, version: number, now: Instant): string {
  const stamp = iso(now).replace(/[-:]/g, '').replace('.', '');
  const copy = `${database.name}.v${version}-${stamp}.bak`;
  try {
    copyDatabase(database, copy);
  } catch (error) {
    throw failed(`no backup could be made at ${copy}: ${messageOf(error)}`, error);
  }
  return copy;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failed = (detail: string, error: unknown): LedgerOpenError =>
  new LedgerOpenError(isDiskTrouble(error) ? 'io' : 'migration_failed', detail, error);
