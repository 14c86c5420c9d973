/**
 * What the venues' gateways really say when something is wrong, word for word where their documentation quotes it.
 * Sources: developers.binance.com (USDS-margined futures: general info, error codes), bybit-exchange.github.io/docs/v5
 * (error, rate-limit), www.okx.com/docs-v5/en (error codes). Entry point: `troubleOf`.
 */
import type { VenueId } from '../../kernel/ids.ts';
import type { WireResponse } from './dialect.ts';

export type Trouble =
  /** The gateway lost sight of the order: it may or may not have been accepted. */
  | 'unknown_execution'
  /** The same, said with the venue's own time-out code. */
  | 'backend_timeout'
  /** Refused for sure: the service is not there. */
  | 'unavailable'
  /** Refused for sure: the matching engine sheds load. Reductions are exempt on Binance. */
  | 'overload'
  | 'throttled'
  /** The address is banned for a while. */
  | 'banned'
  /** A proxy's page with status 200. */
  | 'html'
  /** Cut in the middle. */
  | 'malformed'
  | 'duplicate_id'
  | 'insufficient_margin'
  | 'key_revoked'
  /** A key of the testnet at the live venue, or the reverse. */
  | 'wrong_environment'
  /** A lookup by client order id finds nothing. */
  | 'order_not_found';

const PAGE = '<html><head><title>Just a moment...</title></head><body>We are checking your browser.</body></html>';

const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): WireResponse => ({
  status,
  body: JSON.stringify(body),
  ...(headers && { headers }),
});
const html = (status: number, body = PAGE): WireResponse => ({
  status,
  body,
  headers: { 'content-type': 'text/html' },
});

const binance = (status: number, code: number, msg: string, headers?: Readonly<Record<string, string>>) =>
  json(status, { code, msg }, headers);
const bybit = (retCode: number, retMsg: string, status = 200) =>
  json(status, { retCode, retMsg, result: {}, retExtInfo: {}, time: 1 });
const okx = (status: number, code: string, msg: string) => json(status, { code, msg, data: [] });
const okxRow = (sCode: string, sMsg: string) =>
  json(200, { code: '1', msg: 'All operations failed', data: [{ clOrdId: '', ordId: '', sCode, sMsg, tag: '' }] });

const TROUBLES: Readonly<Record<VenueId, Readonly<Record<Trouble, WireResponse>>>> = {
  binance: {
    unknown_execution: binance(503, -1000, 'Unknown error, please check your request or try again later.'),
    backend_timeout: binance(
      408,
      -1007,
      'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
    ),
    unavailable: { status: 503, body: 'Service Unavailable.', headers: { 'content-type': 'text/plain' } },
    overload: binance(503, -1008, 'Request throttled by system-level protection.'),
    throttled: binance(429, -1003, 'Too many requests.', { 'retry-after': '2' }),
    banned: binance(418, -1003, 'Way too many requests; IP banned.', { 'retry-after': '5' }),
    html: html(200),
    malformed: { status: 200, body: '{"orderId":40912,"symbol":"SOLUS' },
    duplicate_id: binance(400, -4116, 'ClientOrderId is duplicated.'),
    insufficient_margin: binance(400, -2019, 'Margin is insufficient.'),
    key_revoked: binance(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
    wrong_environment: binance(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
    order_not_found: binance(400, -2013, 'Order does not exist.'),
  },
  bybit: {
    unknown_execution: bybit(10016, 'Internal server error.'),
    backend_timeout: bybit(10000, 'Server Timeout'),
    unavailable: html(503, '<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>'),
    overload: bybit(10429, 'System level frequency protection'),
    throttled: bybit(10006, 'Too many visits. Exceeded the API Rate Limit.'),
    banned: html(403, '<html><body>403 Forbidden: access too frequent</body></html>'),
    html: html(200),
    malformed: { status: 200, body: '{"retCode":0,"retMsg":"OK","result":{"orderId":"c6f0' },
    duplicate_id: bybit(110072, 'OrderLinkedID is duplicate'),
    insufficient_margin: bybit(110007, 'ab not enough for new order'),
    key_revoked: bybit(10003, 'API key is invalid.'),
    wrong_environment: bybit(10003, 'API key is invalid.'),
    order_not_found: json(200, { retCode: 0, retMsg: 'OK', result: { category: 'linear', list: [] }, time: 1 }),
  },
  okx: {
    unknown_execution: okx(500, '50026', 'System error. Try again later'),
    backend_timeout: okx(
      200,
      '50004',
      'API endpoint request timeout (does not mean that the request was successful or failed, please check the request result).',
    ),
    unavailable: okx(503, '50001', 'Service temporarily unavailable. Try again later'),
    overload: okx(429, '50013', 'Systems are busy. Please try again later.'),
    throttled: okx(429, '50011', 'Rate limit reached. Please refer to API documentation and throttle requests.'),
    banned: html(403),
    html: html(200),
    malformed: { status: 200, body: '{"code":"0","data":[{"clOrdId":"' },
    duplicate_id: okxRow('51016', 'Client order ID already exists'),
    insufficient_margin: okxRow('51008', 'Order failed. Insufficient USDT margin in account'),
    key_revoked: okx(401, '50111', 'Invalid OK-ACCESS-KEY'),
    wrong_environment: okx(401, '50101', 'APIKey does not match current environment.'),
    order_not_found: okx(200, '51603', 'Order does not exist'),
  },
};

/** The venue's answer; undefined for a venue this project does not know. */
export const troubleOf = (venue: VenueId, trouble: Trouble): WireResponse | undefined => TROUBLES[venue]?.[trouble];
