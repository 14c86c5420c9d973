/**
 * An order without an answer by then counts as unknown, or earlier when requests as such wait less (`requestDeadlineMs`):
 * before its validity is over, looking for it tells more than waiting for its answer.
 */
export const ORDER_ANSWERED_WITHIN_MS = 4_000;
