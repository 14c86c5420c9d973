/** OKX v5: what its codes and statuses prove about an order. Source: www.okx.com/docs-v5/en, "Error Code". */
import { MINUTE_MS } from '../../kernel/instant.ts';
import { type AnswerTable, refusals } from '../answers.ts';

/** Not listed, so unknown: 50000, 50004, 50013, 50026, 51054, 51149, and whatever OKX adds. */
export const okxAnswers: AnswerTable = {
  refusals: refusals({
    // Also an order beyond what the leverage tier, the position limit of an account or the platform's allows.
    margin: '51004 51008 51105 51106 51107 51127 51131 51187',
    // Size, price band, position and reduce-only rules.
    rule: '51005 51006 51010 51019 51023 51024 51025 51031 51037 51102 51103 51104 51108 51112 51116 51117 51119 51122 51124 51125 51135 51136 51137 51138 51148 51155 51169 51170 51174 51185 51186 51202 51203 51205',
    instrument: '51001 51002 51012 51014 51015 51020 51021 51022 51027 51028 51029 51030 51101 51120 51121 51150',
    request: '50002 50006 50014 50115 51000 51003',
    key: '50008 50100 50101 50103 50104 50105 50106 50107 50108 50110 50111 50113 50114 50119 50120 51009',
    clock: '50036 50037 50102 50112',
    throttled: '50011 50061',
    maintenance: '50001',
  }),
  // Of an order id, of a client id.
  duplicates: new Set(['51011', '51016']),
  statuses: new Map([
    [429, { why: 'throttled', proves: true }],
    // The content network in front: not documented, so it proves nothing, and how long it lasts is not known.
    [403, { why: 'banned', proves: false }],
  ]),
  banMs: MINUTE_MS,
};
