/** How a hedge is entered, as JSON. Every hedge from before was entered by both legs at once. */
export const entryMigration = {
  version: 5,
  name: 'entry',
  sql: `ALTER TABLE hedges ADD COLUMN entry TEXT NOT NULL DEFAULT '{"style":"taker"}';`,
};
