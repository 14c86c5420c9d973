/** The fact tables. Append-only: triggers refuse UPDATE and DELETE. `seq` is the commit order over all tables. */

const FACT_TABLES = [
  'epochs',
  'hedges',
  'hedge_moves',
  'attempts',
  'outcomes',
  'fills',
  'payments',
  'decisions',
  'config_changes',
  'controls',
  'baselines',
  'discrepancies',
  'days',
] as const;

/** The guards of one fact table. */
export const appendOnly = (table: string): string => `
CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;
CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`;

export const factsMigration = {
  version: 1,
  name: 'facts',
  sql: `
CREATE TABLE stamp (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  mode TEXT NOT NULL CHECK (mode IN ('sim', 'paper', 'testnet', 'live')),
  account TEXT NOT NULL,
  tag TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE epochs (
  seq INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL UNIQUE,
  mode TEXT NOT NULL CHECK (mode IN ('sim', 'paper', 'testnet', 'live')),
  pid INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE hedges (
  seq INTEGER PRIMARY KEY,
  hedge TEXT NOT NULL UNIQUE,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  asset TEXT NOT NULL,
  long_key TEXT NOT NULL,
  short_key TEXT NOT NULL,
  quantity TEXT NOT NULL,
  common_lot TEXT NOT NULL,
  leverage REAL NOT NULL,
  expectation TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE hedge_moves (
  seq INTEGER PRIMARY KEY,
  hedge TEXT NOT NULL REFERENCES hedges (hedge),
  from_state TEXT NOT NULL,
  to_state TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE attempts (
  seq INTEGER PRIMARY KEY,
  client_order_id TEXT NOT NULL UNIQUE,
  hedge TEXT NOT NULL REFERENCES hedges (hedge),
  leg TEXT NOT NULL CHECK (leg IN ('long', 'short')),
  purpose TEXT NOT NULL,
  number INTEGER NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  key TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity TEXT NOT NULL,
  limit_price TEXT NOT NULL,
  style TEXT NOT NULL,
  reduce_only INTEGER NOT NULL CHECK (reduce_only IN (0, 1)),
  reference_price TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE outcomes (
  seq INTEGER PRIMARY KEY,
  client_order_id TEXT NOT NULL REFERENCES attempts (client_order_id),
  status TEXT NOT NULL,
  venue_order_id TEXT,
  filled TEXT,
  code TEXT,
  detail TEXT,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE fills (
  seq INTEGER PRIMARY KEY,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  symbol TEXT NOT NULL,
  trade_id TEXT NOT NULL,
  venue_order_id TEXT NOT NULL,
  client_order_id TEXT,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity TEXT NOT NULL,
  price TEXT NOT NULL,
  fee TEXT NOT NULL,
  fee_currency TEXT NOT NULL,
  liquidity TEXT NOT NULL,
  at INTEGER NOT NULL,
  hedge TEXT REFERENCES hedges (hedge),
  leg TEXT CHECK (leg IN ('long', 'short')),
  booked_at INTEGER NOT NULL,
  UNIQUE (venue, route, symbol, trade_id)
) STRICT;

CREATE TABLE payments (
  seq INTEGER PRIMARY KEY,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  symbol TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  amount TEXT NOT NULL,
  currency TEXT NOT NULL,
  at INTEGER NOT NULL,
  hedge TEXT REFERENCES hedges (hedge),
  leg TEXT CHECK (leg IN ('long', 'short')),
  booked_at INTEGER NOT NULL,
  UNIQUE (venue, route, symbol, payment_id)
) STRICT;

CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  asset TEXT NOT NULL,
  verdict TEXT NOT NULL,
  rules TEXT NOT NULL,
  reasons TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_by_subject ON decisions (subject, seq);

CREATE TABLE config_changes (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  loosens INTEGER NOT NULL CHECK (loosens IN (0, 1)),
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE controls (
  seq INTEGER PRIMARY KEY,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  by TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE baselines (
  seq INTEGER PRIMARY KEY,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  currency TEXT NOT NULL,
  wallet TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE discrepancies (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  what TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'explained')),
  ledger TEXT NOT NULL,
  venue_says TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE days (
  seq INTEGER PRIMARY KEY,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  day INTEGER NOT NULL,
  equity_usd TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (route, day)
) STRICT;
${['stamp', ...FACT_TABLES].map(appendOnly).join('\n')}
`,
};
