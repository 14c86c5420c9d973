/**
 * Bybit v5: what its codes and statuses prove about an order. Source: bybit-exchange.github.io/docs/v5, "Error Codes"
 * and "Rate Limit".
 */
import { MINUTE_MS } from '../../kernel/instant.ts';
import { type AnswerTable, refusals } from '../answers.ts';

/** Not listed, so unknown: 10000, 10016, 170007, and whatever Bybit adds. */
export const bybitAnswers: AnswerTable = {
  refusals: refusals({
    // Of the wallet, of what is available, of what the order would occupy.
    margin: '110004 110006 110007 110012 110044 110045 110051 110052 110053',
    // Price, position, open interest and reduce-only rules.
    rule: '110003 110005 110014 110016 110017 110020 110021 110023 110032 110040 110090 110092 110093 110094',
    // 10001 is any bad parameter: of an order, a quantity or a price off its step.
    instrument: '10001 10029 110066 110074',
    request: '10017 110018',
    key: '10003 10004 10005 10010 10024 10027 33004',
    clock: '10002',
    throttled: '10006 10018',
    banned: '10009',
  }),
  // Of a request, an order id, a client id.
  duplicates: new Set(['10014', '110030', '110072']),
  statuses: new Map([
    [403, { why: 'banned', proves: true }],
    [429, { why: 'throttled', proves: true }],
  ]),
  // "Wait for at least 10 minutes"; it ends by itself.
  banMs: 10 * MINUTE_MS,
};
