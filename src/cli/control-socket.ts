/** Where the control socket lies. Entry points: `controlSocketPath`, `checkFolder`. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** Linux takes 107 bytes and macOS 103; one number keeps the place the same on both. */
const MAX_PATH_BYTES = 103;

/** Same configuration and working directory, same path: beside the ledger, or in a private folder when that is too long. */
export function controlSocketPath(config: Pick<Config, 'operator'>): string {
  const wanted = resolve(config.operator.socket);
  if (Buffer.byteLength(wanted) <= MAX_PATH_BYTES) return wanted;
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const path = join(privateFolder(), `${name}.sock`);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  throw new CommandFailure(
    EXIT.usage,
    `the control socket's path ${wanted} is longer than ${MAX_PATH_BYTES} bytes, and so is ${path}; set operator.socket to a shorter one`,
  );
}

/**
 * Throws CommandFailure when the stand-in folder under the shared temporary directory is not ours alone: whoever made
 * it could listen in our place. For the side that listens, makes the folder first.
 */
export function checkFolder(path: string, make: boolean): void {
  const folder = dirname(path);
  if (make) mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (folder !== privateFolder()) return;
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found || (found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0)) return;
  throw new CommandFailure(
    EXIT.refused,
    `${folder} must belong to you and be closed to others (mode 0700); remove it, or set operator.socket`,
  );
}

const privateFolder = (): string => join(tmpdir(), `tandem-${userInfo().uid}`);
