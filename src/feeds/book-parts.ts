/**
 * The books of many markets, watched in parts. ccxt's Binance client asks for the snapshots of all books of a watch call
 * at once, and for all of them anew when one fails or the call names other markets: parts are small, a market stays in
 * its part, and a part begins once the one before it has its first book.
 */
import type { UnifiedSymbol } from '../kernel/ids.ts';

/** Snapshots that one failure asks for anew. A new connection each: Binance takes 300 in five minutes. */
const PART_SIZE = 50;

interface Part {
  readonly symbols: Set<UnifiedSymbol>;
  /** The last call brought a book, so the next one only waits for another. */
  hasBegun: boolean;
}

/** Watch calls for what `symbols` lists when each is made; `watch` is given the symbols of one part. */
export function inParts(
  symbols: () => readonly UnifiedSymbol[],
  watch: (part: readonly UnifiedSymbol[]) => Promise<unknown>,
): readonly (() => Promise<unknown>)[] {
  const parts: Part[] = Array.from({ length: Math.ceil(symbols().length / PART_SIZE) }, () => ({
    symbols: new Set(),
    hasBegun: false,
  }));
  let turn: Promise<unknown> = Promise.resolve();
  return parts.map((part) => async () => {
    if (part.hasBegun) return call(part);
    const begun = turn.then(() => call(part));
    turn = begun.catch(() => undefined);
    return begun;
  });

  async function call(part: Part): Promise<unknown> {
    part.hasBegun = false;
    share(parts, symbols());
    const result = await watch([...part.symbols]);
    part.hasBegun = true;
    return result;
  }
}

/** Every symbol in one part: where it was, or where there are fewest. */
function share(parts: readonly Part[], symbols: readonly UnifiedSymbol[]): void {
  const homeless = new Set(symbols);
  for (const part of parts) {
    for (const symbol of part.symbols) if (!homeless.delete(symbol)) part.symbols.delete(symbol);
  }
  for (const symbol of homeless) {
    const smallest = parts.reduce((least, part) => (part.symbols.size < least.symbols.size ? part : least));
    smallest.symbols.add(symbol);
  }
}
