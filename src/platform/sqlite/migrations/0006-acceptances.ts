/** Differences that an operator accepted, and the corrections that follow; the views count them and parts of trades. */
import { appendOnly } from './0001-facts.ts';
import { legsFromTraded } from './0002-views.ts';

const signed = (side: string, quantity: string): string => `CASE ${side} WHEN 'buy' THEN 1 ELSE -1 END * ${quantity}`;

/** The beginning of v_legs; never changed either. */
export const LEGS_OF_TRADES = `-- Per hedge and leg: base units held, cash, averages. Funding positive = received, fees positive = paid.
CREATE VIEW v_legs AS
WITH trades AS (
  SELECT hedge, leg, side, CAST(coalesce(leg_quantity, quantity) AS REAL) AS quantity, CAST(price AS REAL) AS price,
    CAST(fee AS REAL) AS fee
  FROM fills WHERE hedge IS NOT NULL
  UNION ALL SELECT hedge, leg, side, CAST(quantity AS REAL), CAST(price AS REAL), 0.0
  FROM adjustments WHERE hedge IS NOT NULL
), traded AS (
  SELECT hedge, leg, sum(${signed('side', 'quantity')}) AS quantity, sum(fee) AS fees,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN quantity ELSE 0 END) AS opened,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN quantity * price ELSE 0 END) AS opened_cash,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN 0 ELSE quantity END) AS closed,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN 0 ELSE quantity * price END) AS closed_cash
  FROM trades GROUP BY hedge, leg`;

export const acceptancesMigration = {
  version: 6,
  name: 'acceptances',
  sql: `
CREATE TABLE acceptances (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  ledger TEXT NOT NULL,
  venue_says TEXT NOT NULL,
  note TEXT NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE adjustments (
  seq INTEGER PRIMARY KEY,
  venue TEXT NOT NULL,
  route TEXT NOT NULL CHECK (route IN ('live', 'paper')),
  symbol TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  quantity TEXT NOT NULL,
  price TEXT NOT NULL,
  hedge TEXT REFERENCES hedges (hedge),
  leg TEXT CHECK (leg IN ('long', 'short')),
  by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
${['acceptances', 'adjustments'].map(appendOnly).join('\n')}

DROP VIEW v_positions;
-- Base units per account and instrument, from every fill whoever caused it, and corrections. Long positive.
CREATE VIEW v_positions AS
SELECT route, venue, symbol, sum(quantity) AS quantity, sum(is_fill) AS fills
FROM (
  SELECT route, venue, symbol, ${signed('side', 'CAST(quantity AS REAL)')} AS quantity, 1 AS is_fill FROM fills
  UNION ALL SELECT route, venue, symbol, ${signed('side', 'CAST(quantity AS REAL)')}, 0 FROM adjustments
)
GROUP BY route, venue, symbol;

DROP VIEW v_legs;
${LEGS_OF_TRADES}
${legsFromTraded('amount')}

DROP VIEW v_open_discrepancies;
CREATE VIEW v_open_discrepancies AS
SELECT id, venue, route, what, ledger, venue_says, detail,
  strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch') AS noted_at
FROM discrepancies
WHERE status = 'open' AND seq = (SELECT max(seq) FROM discrepancies AS newest WHERE newest.id = discrepancies.id)
  AND NOT EXISTS (
    SELECT 1 FROM acceptances WHERE acceptances.id = discrepancies.id AND acceptances.seq > discrepancies.seq
  );
`,
};
