/**
 * Entry plans on their way into the fact tables: one row per plan, so that making it durable before its orders leave
 * touches a single page. The next commit moves it; until then its facts stand here and nowhere else.
 */
export const intentsMigration = {
  version: 3,
  name: 'intents',
  sql: `
CREATE TABLE intents (
  -- Number of its newest fact.
  seq INTEGER PRIMARY KEY,
  -- JSON: [[kind, cell, ...], ...], cells in the order of the fact's table.
  facts TEXT NOT NULL
) STRICT;
CREATE TRIGGER intents_no_update BEFORE UPDATE ON intents
BEGIN SELECT RAISE(ABORT, 'intents is append-only'); END;
CREATE TRIGGER intents_no_delete BEFORE DELETE ON intents
WHEN NOT EXISTS (
  SELECT 1 FROM attempts WHERE seq = OLD.seq
  UNION ALL SELECT 1 FROM hedge_moves WHERE seq = OLD.seq
  UNION ALL SELECT 1 FROM hedges WHERE seq = OLD.seq
)
BEGIN SELECT RAISE(ABORT, 'intents is append-only until its facts are in their tables'); END;
`,
};
