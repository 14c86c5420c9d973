/**
 * The world journal's file: JSON lines, one header and then one entry per instant that changed something.
 * Entry points: `readJournal`, `headerLine`, `entryLine`.
 *
 * A line is whole when its newline is there. The last one may be torn, by a process that was killed while it wrote,
 * and counts as not written; any other line that does not parse means that somebody else wrote to the file.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { VenueId } from '../kernel/ids.ts';
import { type Instant, iso } from '../kernel/instant.ts';
import { changeSchema } from './exchange/change-schema.ts';
import type { ExchangeChange } from './exchange/saved.ts';

/** What makes a simulated world this one: two worlds with one stamp have the same market. */
export interface WorldStamp {
  readonly seed: string;
  readonly venues: readonly VenueId[];
  readonly assets: readonly string[];
  readonly stepMs: number;
  readonly startAt: Instant;
}

export type WorldJournalCode =
  /** The file belongs to a world with another stamp. */
  | 'wrong_stamp'
  /** A line, not the last, that this program did not write. */
  | 'malformed'
  /** The file cannot be read or written. */
  | 'io';

export class WorldJournalError extends Error {
  override readonly name = 'WorldJournalError';
  readonly code: WorldJournalCode;
  constructor(code: WorldJournalCode, detail: string, cause?: unknown) {
    super(detail, { cause });
    this.code = code;
  }
}

export interface JournalEntry {
  /** Simulated time at the change. */
  readonly at: Instant;
  /** The market source stepped at `at`; the changes are that step's, all of them. */
  readonly step: boolean;
  readonly changes: readonly { readonly venue: VenueId; readonly change: ExchangeChange }[];
}

const VERSION = 1;

const stampSchema = z.strictObject({
  seed: z.string(),
  venues: z.array(z.string()),
  assets: z.array(z.string()),
  stepMs: z.int().positive(),
  startAt: z.int(),
});
const headerSchema = z.strictObject({
  journal: z.literal('tandem world'),
  version: z.literal(VERSION),
  stamp: stampSchema,
});
const changesSchema = z.array(z.strictObject({ venue: z.string(), change: changeSchema }));
const entrySchema = z.union([
  // A step that changed nothing is by far the most frequent line.
  z.int().transform((at) => ({ at, step: true, changes: [] })),
  z.strictObject({ at: z.int(), step: z.boolean(), changes: changesSchema }),
]);

export const headerLine = (stamp: WorldStamp): string =>
  `${JSON.stringify({ journal: 'tandem world', version: VERSION, stamp })}\n`;

export const entryLine = (entry: JournalEntry): string =>
  `${JSON.stringify(entry.step && entry.changes.length === 0 ? entry.at : entry)}\n`;

/** Entries of the file in order; undefined when there is no file or not even a header. Throws WorldJournalError. */
export function readJournal(file: string, stamp: WorldStamp): readonly JournalEntry[] | undefined {
  const lines = readText(file).split('\n');
  // Behind the last newline there is nothing, or a torn line.
  lines.pop();
  const header = lines[0];
  if (header === undefined) return undefined;
  checkStamp(file, parseLine(file, 1, header, headerSchema).stamp, stamp);
  return lines.slice(1).map((line, index) => parseLine(file, index + 2, line, entrySchema));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw new WorldJournalError('io', `cannot read the simulated venues' books in ${file}`, error);
  }
}

function parseLine<T>(file: string, lineNumber: number, line: string, schema: z.ZodType<T>): T {
  const where = `${file}:${lineNumber}: not a line of the simulated venues' books`;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new WorldJournalError('malformed', `${where}: not JSON`, error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new WorldJournalError('malformed', `${where}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}

function checkStamp(file: string, saved: WorldStamp, wanted: WorldStamp): void {
  const differences = (['seed', 'venues', 'assets', 'stepMs', 'startAt'] as const)
    .filter((key) => !isDeepStrictEqual(saved[key], wanted[key]))
    .map((key) => `${key} is ${stampText(key, saved)} there and ${stampText(key, wanted)} in the configuration`);
  if (differences.length === 0) return;
  const detail = `${file} holds the books of another simulated world: ${differences.join('; ')}`;
  throw new WorldJournalError(
    'wrong_stamp',
    `${detail}. Delete it together with its ledger, or use another ledger path`,
  );
}

const stampText = (key: keyof WorldStamp, stamp: WorldStamp): string =>
  key === 'startAt' ? iso(stamp.startAt) : String(stamp[key]);
