/** Differences that an operator accepted, and the corrections that follow; the views count them and parts of trades. */
const signed = (side: string, quantity: string): string => `CASE ${side} WHEN 'buy' THEN 1 ELSE -1 END * ${quantity}`;
const append = (table: string): string => `
CREATE TRIGGER ${table}_no_update BEFORE UPDATE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;
CREATE TRIGGER ${table}_no_delete BEFORE DELETE ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`;

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
${append('acceptances')}
${append('adjustments')}

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
-- Per hedge and leg: base units held, cash, averages. Funding positive = received, fees positive = paid.
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
  FROM trades GROUP BY hedge, leg
), funded AS (
  SELECT hedge, leg, sum(CAST(amount AS REAL)) AS funding, count(*) AS payments
  FROM payments WHERE hedge IS NOT NULL GROUP BY hedge, leg
), legs AS (
  SELECT hedge, 'long' AS leg, long_key AS key FROM hedges
  UNION ALL SELECT hedge, 'short', short_key FROM hedges
)
SELECT legs.hedge, legs.leg, legs.key, coalesce(traded.quantity, 0) AS quantity,
  opened_cash / nullif(opened, 0) AS entry_price, closed_cash / nullif(closed, 0) AS exit_price,
  coalesce(opened, 0) AS opened, coalesce(closed, 0) AS closed,
  coalesce(funding, 0) AS funding, coalesce(payments, 0) AS payments, coalesce(fees, 0) AS fees,
  coalesce(CASE legs.leg WHEN 'long' THEN 1 ELSE -1 END
    * closed * (closed_cash / nullif(closed, 0) - opened_cash / nullif(opened, 0)), 0) AS price_pnl
FROM legs
LEFT JOIN traded ON traded.hedge = legs.hedge AND traded.leg = legs.leg
LEFT JOIN funded ON funded.hedge = legs.hedge AND funded.leg = legs.leg;

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
