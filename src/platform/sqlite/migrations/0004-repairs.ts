/** What a venue did to a position without an order of ours: part of a trade, and corrections that an operator accepted. */
export const repairsMigration = {
  version: 4,
  name: 'repairs',
  sql: `
-- Of a fill that closed a leg and went on, how much is the leg's; NULL: all of it.
ALTER TABLE fills ADD COLUMN leg_quantity TEXT;
`,
};
