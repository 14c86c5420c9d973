/** Breakers that tripped and were reset, and the peaks that drawdowns are measured from. */
import { appendOnly } from './0001-facts.ts';

export const breakersMigration = {
  version: 7,
  name: 'breakers',
  sql: `
CREATE TABLE breakers (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  subject TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('tripped', 'reset')),
  limit_value REAL NOT NULL,
  actual REAL,
  detail TEXT NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE peaks (
  seq INTEGER PRIMARY KEY,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  equity_usd TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
${['breakers', 'peaks'].map(appendOnly).join('\n')}
`,
};
