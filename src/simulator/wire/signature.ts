/** Request signatures of the emulated venues. Entry points: `hmacSha256`, `sameText`. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** HMAC-SHA256 of `payload` (UTF-8) under `secret`, as text in `encoding`. */
export const hmacSha256 = (secret: string, payload: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', secret).update(payload).digest(encoding);

/** Equality in constant time for texts of one length; texts of different length differ at once. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
