/**
 * The Bybit v5 envelope and the return codes this venue uses. Entry points: `success`, `refusal`, `refused`, `render`.
 *
 * Every answer is `{retCode, retMsg, result, retExtInfo, time}`. Business and parameter errors come with HTTP 200;
 * only a breached IP limit (403), an unknown path (404) and missing authentication headers (401) carry a status.
 * Codes: bybit-exchange.github.io/docs/v5/error.
 */
import { invariant } from '../../../kernel/assert.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type { RefuseReason } from '../../exchange/api.ts';
import type { WireResponse } from '../dialect.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What an endpoint has to say, before it is put into the envelope. */
export interface Answer {
  readonly retCode: number;
  readonly retMsg: string;
  readonly result: Row;
  /** HTTP status; absent means 200. */
  readonly status?: number;
  /** `retExtInfo`; absent means empty. */
  readonly ext?: Row;
}

export const PARAMETER_ERROR = 10_001;

export const success = (result: Row, retMsg = 'OK'): Answer => ({ retCode: 0, retMsg, result });

export const refusal = (retCode: number, retMsg: string, status = 200): Answer => ({
  retCode,
  retMsg,
  result: {},
  status,
});

export const TOO_MANY_VISITS = refusal(10_006, 'Too many visits. Exceeded the API Rate Limit.');

/** 10001 with the name of the parameter at fault. */
export const badParameter = (name: string, why: string): Answer =>
  refusal(PARAMETER_ERROR, `params error: ${name} ${why}`);

/** Bybit acknowledges these orders and cancels them afterwards, so the dialect asks the model to expire them. */
type Acknowledged = 'post_only_would_cross' | 'fok_not_filled';

const REASONS: Readonly<Record<Exclude<RefuseReason, Acknowledged>, readonly [code: number, message: string]>> = {
  unknown_symbol: [PARAMETER_ERROR, 'params error: symbol invalid'],
  not_trading: [110_066, 'Trading is currently not allowed.'],
  bad_quantity_step: [PARAMETER_ERROR, 'params error: qty invalid'],
  below_min_quantity: [PARAMETER_ERROR, 'The number of contracts exceeds minimum limit allowed: qty too small'],
  above_max_quantity: [PARAMETER_ERROR, 'The number of contracts exceeds maximum limit allowed: qty too large'],
  below_min_notional: [110_094, 'Order does not meet minimum order value'],
  bad_price_tick: [PARAMETER_ERROR, 'params error: price invalid'],
  price_out_of_band: [110_003, 'Order price exceeds the allowable range.'],
  insufficient_margin: [110_007, 'ab not enough for new order'],
  duplicate_client_id: [110_072, 'OrderLinkedID is duplicate'],
  reduce_only_rejected: [110_017, 'Reduce-only rule not satisfied'],
  order_not_found: [110_001, 'order not exists or too late to cancel'],
  order_not_open: [110_001, 'order not exists or too late to cancel'],
  bad_leverage: [110_013, 'cannot set leverage due to risk limit'],
  position_open: [110_044, 'Available margin is insufficient'],
  position_mode_mismatch: [PARAMETER_ERROR, 'position idx not match position mode'],
  no_change: [110_043, 'leverage not modified'],
};

/** The model's refusal of an order, a cancel or a leverage change. */
export function refused(reason: RefuseReason): Answer {
  invariant(reason !== 'post_only_would_cross' && reason !== 'fok_not_filled', `${reason} should have expired`);
  const [code, message] = REASONS[reason];
  return refusal(code, message);
}

export function render(answer: Answer, now: Instant, headers: Readonly<Record<string, string>> = {}): WireResponse {
  const { retCode, retMsg, result } = answer;
  const body = JSON.stringify({ retCode, retMsg, result, retExtInfo: answer.ext ?? {}, time: now });
  return { status: answer.status ?? 200, body, headers };
}
