/**
 * The books of many markets, watched in parts. ccxt's Binance client asks for the snapshots of all books of a watch call
 * at once, and for all of them anew when one fails or the call names other markets: parts are small, a market stays in
 * its part, a part begins once the one before it has its first book, and a market whose book the venue refuses to tell
 * leaves its part for a watch call of its own. Entry point: `inParts`.
 */
import type { UnifiedSymbol } from '../kernel/ids.ts';
import type { Keep, Watch } from './retry.ts';

/** Snapshots that one failure asks for anew. A new connection each: Binance takes 300 in five minutes. */
const PART_SIZE = 50;

interface Part {
  readonly symbols: Set<UnifiedSymbol>;
  /** The last call brought a book, so the next one only waits for another. */
  hasBegun: boolean;
}

export interface BookCalls {
  /** Resolves with the next book of any of these. */
  watch(symbols: readonly UnifiedSymbol[]): Promise<unknown>;
  /** Whether the client has had the snapshot of this one. */
  hasBook(symbol: UnifiedSymbol): boolean;
  /** Whether the venue answers that it does not tell this book, as of a market that does not trade; at little cost. */
  isRefused(symbol: UnifiedSymbol): Promise<boolean>;
}

/** A market's book is not to be had now, which says nothing about the feed. */
export class BookRefused extends Error {}

/** Watch calls for what `symbols` lists when each is made; `keep` is given one for each market that leaves its part. */
export function inParts(symbols: () => readonly UnifiedSymbol[], calls: BookCalls, keep: Keep): readonly Watch[] {
  const parts: Part[] = Array.from({ length: Math.ceil(symbols().length / PART_SIZE) }, () => ({
    symbols: new Set(),
    hasBegun: false,
  }));
  /** Until they are listed no more: to return to a part would ask for all of its books anew. */
  const alone = new Set<UnifiedSymbol>();
  let turn: Promise<unknown> = Promise.resolve();
  return parts.map((part) => async () => {
    if (part.hasBegun) return call(part);
    const begun = turn.then(() => call(part));
    turn = begun.catch(() => undefined);
    return begun;
  });

  async function call(part: Part): Promise<unknown> {
    share(parts, symbols(), alone);
    if (!part.hasBegun) await leaveRefused(part);
    part.hasBegun = false;
    const result = await calls.watch([...part.symbols]);
    part.hasBegun = true;
    return result;
  }

  /** While others of the part have their books: where nobody has one, it is not for a market of its own that they fail. */
  async function leaveRefused(part: Part): Promise<void> {
    const without = [...part.symbols].filter((symbol) => !calls.hasBook(symbol));
    if (without.length === part.symbols.size) return;
    const refused = await Promise.all(without.map((symbol) => calls.isRefused(symbol)));
    for (const [i, symbol] of without.entries()) {
      if (!refused[i]) continue;
      part.symbols.delete(symbol);
      alone.add(symbol);
      keep(watchAlone(symbol));
    }
  }

  function watchAlone(symbol: UnifiedSymbol): Watch {
    let hasBegun = false;
    const next = async (): Promise<unknown> => {
      // The client itself would ask for the whole book, three times over.
      if (!hasBegun && (await calls.isRefused(symbol))) throw new BookRefused(symbol);
      hasBegun = false;
      const result = await calls.watch([symbol]);
      hasBegun = true;
      return result;
    };
    return () => {
      if (symbols().includes(symbol)) return next();
      alone.delete(symbol);
      return undefined;
    };
  }
}

/** Every symbol that is not alone in one part: where it was, or where there are fewest. */
function share(parts: readonly Part[], symbols: readonly UnifiedSymbol[], alone: ReadonlySet<UnifiedSymbol>): void {
  const homeless = new Set(symbols);
  for (const symbol of alone) homeless.delete(symbol);
  for (const part of parts) {
    for (const symbol of part.symbols) if (!homeless.delete(symbol)) part.symbols.delete(symbol);
  }
  for (const symbol of homeless) {
    const smallest = parts.reduce((least, part) => (part.symbols.size < least.symbols.size ? part : least));
    smallest.symbols.add(symbol);
  }
}
