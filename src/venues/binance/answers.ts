/**
 * Binance USD-M: what its codes and statuses prove about an order. Source: developers.binance.com,
 * derivatives/usds-margined-futures, "Error Codes" and "General Info".
 */
import * as z from 'zod';
import { MINUTE_MS } from '../../kernel/instant.ts';
import { type AnswerTable, type Refusal, refusals } from '../answers.ts';

/** 503 with this text is a failed operation; with "Unknown error, ..." the order may have been accepted. */
const UNAVAILABLE = 'Service Unavailable.';
const message = z.object({ msg: z.string() });
const BANNED_UNTIL = /IP banned until (\d{13})\b/;

/** Not listed, so unknown: -1000, -1001, -1006, -1007, and whatever Binance adds. */
export const binanceAnswers: AnswerTable = {
  refusals: refusals({
    // Position, reduce-only and price rules; FOK and post-only that cannot be kept.
    // Also a position larger than the leverage allows.
    margin: '-2018 -2019 -2027',
    rule: '-2010 -2020 -2021 -2022 -2023 -2024 -2025 -2026 -2028 -4061 -4087 -4088 -4118 -4131 -4164 -4192 -4400 -4401 -5021',
    would_cross: '-5022',
    // Filters that follow from the listing; an unknown or closed symbol.
    instrument: '-1111 -1121 -4001 -4002 -4003 -4004 -4005 -4013 -4014 -4016 -4023 -4024 -4140 -4141',
    request: '-1100 -1101 -1102 -1103 -1104 -1105 -1106 -1114 -1115 -1116 -1117 -1130 -1136 -4015',
    key: '-1002 -1022 -2014 -2015',
    // Of the gateway, of the matching engine.
    clock: '-1021 -5028',
    throttled: '-1003 -1015',
    overload: '-1008',
  }),
  duplicates: new Set(['-4116']),
  statuses: new Map([
    [418, { why: 'banned', proves: true }],
    [429, { why: 'throttled', proves: true }],
    // The web application firewall: documented as a block of the address, not as a fate of the request.
    [403, { why: 'banned', proves: false }],
  ]),
  said: (status, body): Refusal | undefined => {
    if (status !== 503) return undefined;
    const parsed = message.safeParse(parseJson(body));
    return parsed.success && parsed.data.msg === UNAVAILABLE ? 'overload' : undefined;
  },
  banMs: 2 * MINUTE_MS,
  bannedUntil: (body) => {
    const until = BANNED_UNTIL.exec(body)?.[1];
    return until === undefined ? undefined : Number(until);
  },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
