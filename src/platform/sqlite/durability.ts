/**
 * SQLite's `synchronous`. FULL: a commit is on the disk when it returns, so that an intent outlives a loss of power before
 * its order leaves. NORMAL syncs only when the log is folded into the database: every commit since then may be lost.
 * https://www.sqlite.org/pragma.html#pragma_synchronous
 */
export const SYNCHRONOUS: 'FULL' | 'NORMAL' = 'FULL';
