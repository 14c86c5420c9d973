/** Payments for a position that a human held a part of. */
import { legsFromTraded } from './0002-views.ts';
import { LEGS_OF_TRADES } from './0006-acceptances.ts';

export const sharesMigration = {
  version: 8,
  name: 'shares',
  sql: `
-- How much of a payment is the leg's; NULL: all of it.
ALTER TABLE payments ADD COLUMN leg_amount TEXT;

DROP VIEW v_legs;
${LEGS_OF_TRADES}
${legsFromTraded('coalesce(leg_amount, amount)')}
`,
};
