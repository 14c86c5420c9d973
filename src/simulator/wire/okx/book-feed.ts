/**
 * The incremental `books` channel of one subscription: a snapshot, then differences chained by `prevSeqId`, each with
 * the checksum of the book that results. Entry points: `BookFeed`, `bookChecksum`.
 */
import type { Instant } from '../../../kernel/instant.ts';
import type { ExchangeMarket } from '../../exchange/api.ts';
import { type Level, levelsOf } from './market-rows.ts';
import type { Row } from './reply.ts';

const DEPTH = 400;
const CHECKSUM_LEVELS = 25;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * OKX's book checksum: CRC-32, as a signed integer, of `bidPrice:bidSize:askPrice:askSize:...` over the best 25 levels
 * of both sides; a side that has run out is skipped.
 */
export function bookChecksum(bids: readonly Level[], asks: readonly Level[]): number {
  const parts: string[] = [];
  for (let index = 0; index < CHECKSUM_LEVELS; index += 1) {
    for (const level of [bids[index], asks[index]]) {
      if (level !== undefined) parts.push(level[0], level[1]);
    }
  }
  let crc = -1;
  for (const byte of Buffer.from(parts.join(':'))) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc;
}

export interface BookMessage {
  readonly action: 'snapshot' | 'update';
  readonly row: Row;
}

export class BookFeed {
  #sequence: number | undefined;
  #bids: readonly Level[] = [];
  #asks: readonly Level[] = [];

  /** What the subscriber must be told for its copy to become the market's book at `now`. */
  next(market: ExchangeMarket, now: Instant): BookMessage {
    const bids = levelsOf(market.bids, DEPTH);
    const asks = levelsOf(market.asks, DEPTH);
    const first = this.#sequence === undefined;
    const row: Row = {
      asks: changes(this.#asks, asks),
      bids: changes(this.#bids, bids),
      checksum: bookChecksum(bids, asks),
      prevSeqId: this.#sequence ?? -1,
      seqId: market.bookSequence,
      ts: String(now),
    };
    this.#sequence = market.bookSequence;
    this.#bids = bids;
    this.#asks = asks;
    return { action: first ? 'snapshot' : 'update', row };
  }
}

/** Levels that are new or have another size, and removed ones at size 0. */
function changes(before: readonly Level[], after: readonly Level[]): readonly (readonly string[])[] {
  const sizes = new Map(before.map((level) => [level[0], level[1]]));
  const changed: (readonly string[])[] = after.filter((level) => sizes.get(level[0]) !== level[1]);
  for (const level of after) sizes.delete(level[0]);
  for (const price of sizes.keys()) changed.push([price, '0', '0', '0']);
  return changed;
}
