/**
 * Views for an operator with the `sqlite3` shell. SQLite has no exact decimals, so these add doubles and are good to
 * about 15 significant digits: for looking, never for booking. `tandem ledger verify` folds the same rows exactly.
 */

const signed = "CASE side WHEN 'buy' THEN 1 ELSE -1 END * CAST(quantity AS REAL)";
const amount = 'CAST(quantity AS REAL) * CAST(price AS REAL)';
const utc = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;

/**
 * The end of v_legs, from what was `traded` on; `paid`: how much of a payment is the leg's. Like a migration, never
 * changed: a new version of the view writes its own.
 */
export const legsFromTraded = (paid: string): string => `), funded AS (
  SELECT hedge, leg, sum(CAST(${paid} AS REAL)) AS funding, count(*) AS payments
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
LEFT JOIN funded ON funded.hedge = legs.hedge AND funded.leg = legs.leg;`;

export const viewsMigration = {
  version: 2,
  name: 'views',
  sql: `
-- Base units per account and instrument, from every fill whoever caused it. Long positive.
CREATE VIEW v_positions AS
SELECT route, venue, symbol, sum(${signed}) AS quantity, count(*) AS fills
FROM fills GROUP BY route, venue, symbol;

-- Per hedge and leg: base units held, cash, averages. Funding positive = received, fees positive = paid.
CREATE VIEW v_legs AS
WITH traded AS (
  SELECT hedge, leg, sum(${signed}) AS quantity, sum(CAST(fee AS REAL)) AS fees,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN CAST(quantity AS REAL) ELSE 0 END) AS opened,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN ${amount} ELSE 0 END) AS opened_cash,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN 0 ELSE CAST(quantity AS REAL) END) AS closed,
    sum(CASE WHEN (leg = 'long') = (side = 'buy') THEN 0 ELSE ${amount} END) AS closed_cash
  FROM fills WHERE hedge IS NOT NULL GROUP BY hedge, leg
${legsFromTraded('amount')}

-- One row per hedge with its newest state.
CREATE VIEW v_hedges AS
WITH newest AS (SELECT max(seq) AS seq FROM hedge_moves GROUP BY hedge),
moved AS (SELECT hedge_moves.* FROM hedge_moves JOIN newest ON newest.seq = hedge_moves.seq)
SELECT hedges.hedge, hedges.route, hedges.asset, hedges.long_key, hedges.short_key, hedges.quantity AS planned_quantity,
  coalesce(moved.to_state, 'planned') AS state, moved.reason, ${utc('hedges.at')} AS planned_at,
  ${utc('moved.at')} AS moved_at
FROM hedges LEFT JOIN moved ON moved.hedge = hedges.hedge;

CREATE VIEW v_open_hedges AS SELECT * FROM v_hedges WHERE state NOT IN ('closed', 'aborted');

-- Both legs together. price_pnl counts closed quantity only; net = funding - fees + price_pnl.
CREATE VIEW v_hedge_pnl AS
SELECT v_hedges.hedge, route, asset, state, sum(funding) AS funding, sum(fees) AS fees, sum(price_pnl) AS price_pnl,
  sum(funding) - sum(fees) + sum(price_pnl) AS net, sum(v_legs.quantity) AS net_quantity
FROM v_hedges JOIN v_legs ON v_legs.hedge = v_hedges.hedge
GROUP BY v_hedges.hedge;

-- Cash per UTC day, account and venue.
CREATE VIEW v_daily AS
SELECT date(at / 1000.0, 'unixepoch') AS day, route, venue, sum(funding) AS funding, sum(fees) AS fees,
  sum(funding) - sum(fees) AS net_before_price, sum(fills) AS fills, sum(payments) AS payments
FROM (
  SELECT at, route, venue, CAST(amount AS REAL) AS funding, 0.0 AS fees, 0 AS fills, 1 AS payments FROM payments
  UNION ALL SELECT at, route, venue, 0.0, CAST(fee AS REAL), 1, 0 FROM fills
)
GROUP BY day, route, venue;

-- Orders whose fate is not final, newest word about each.
CREATE VIEW v_unresolved_orders AS
WITH newest AS (SELECT max(seq) AS seq FROM outcomes GROUP BY client_order_id),
said AS (SELECT outcomes.* FROM outcomes JOIN newest ON newest.seq = outcomes.seq)
SELECT attempts.client_order_id, attempts.hedge, leg, purpose, route, key, side, quantity, limit_price,
  coalesce(said.status, 'intended') AS status, said.code, said.detail, ${utc('attempts.at')} AS intended_at
FROM attempts LEFT JOIN said ON said.client_order_id = attempts.client_order_id
WHERE coalesce(said.status, 'intended') IN ('intended', 'open', 'unknown');

CREATE VIEW v_latest_decisions AS
SELECT decisions.subject, asset, verdict, rules, reasons, ${utc('at')} AS decided_at
FROM decisions JOIN (SELECT subject, max(seq) AS seq FROM decisions GROUP BY subject) AS newest
  ON newest.seq = decisions.seq;

CREATE VIEW v_open_discrepancies AS
SELECT id, venue, route, what, ledger, venue_says, detail, ${utc('at')} AS noted_at
FROM discrepancies
WHERE status = 'open' AND seq = (SELECT max(seq) FROM discrepancies AS newest WHERE newest.id = discrepancies.id);
`,
};
