/** Simulated venues that only write down what a market source does to them. */
import { createHash } from 'node:crypto';
import { text } from '../../../src/kernel/decimal.ts';
import type { VenueId } from '../../../src/kernel/ids.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { BookLevel, FundingState, SettledFunding } from '../../../src/simulator/exchange/api.ts';
import type { VenueWorld } from '../../../src/simulator/market/source.ts';

export type Action =
  | { readonly kind: 'mark'; readonly mark: string; readonly index: string }
  | { readonly kind: 'settle'; readonly rate: string }
  | { readonly kind: 'book'; readonly bids: readonly BookLevel[]; readonly asks: readonly BookLevel[] }
  | ({ readonly kind: 'funding' } & Omit<FundingState, 'at'>)
  | { readonly kind: 'history'; readonly settled: SettledFunding }
  | { readonly kind: 'stress'; readonly mark: string };

export type Recorded = Action & { readonly at: number; readonly venue: VenueId; readonly symbol: string };

export interface RecordedWorld {
  readonly exchanges: ReadonlyMap<VenueId, VenueWorld>;
  readonly actions: readonly Recorded[];
  /** Of everything that happened, in order. */
  hash(): string;
}

export function recordedWorld(clock: Clock, venues: readonly VenueId[]): RecordedWorld {
  const actions: Recorded[] = [];
  const exchanges = new Map(
    venues.map((venue): [VenueId, VenueWorld] => {
      const record = (symbol: string, action: Action): void => {
        actions.push({ ...action, at: clock.now(), venue, symbol });
      };
      return [
        venue,
        {
          setMark: (symbol, mark, index) => record(symbol, { kind: 'mark', mark: text(mark), index: text(index) }),
          settleFunding: (symbol, rate) => record(symbol, { kind: 'settle', rate }),
          setBook: (symbol, bids, asks) => record(symbol, { kind: 'book', bids, asks }),
          setFunding: (symbol, state) => record(symbol, { kind: 'funding', ...state }),
          recordSettled: (settled) => record(settled.symbol, { kind: 'history', settled }),
          stressMark: (symbol, mark) => record(symbol, { kind: 'stress', mark: text(mark) }),
        },
      ];
    }),
  );
  const hash = (): string => createHash('sha256').update(JSON.stringify(actions)).digest('hex');
  return { exchanges, actions, hash };
}

/** The actions of one kind. */
export function ofKind<K extends Action['kind']>(
  actions: readonly Recorded[],
  kind: K,
): readonly Extract<Recorded, { kind: K }>[] {
  return actions.filter((action): action is Extract<Recorded, { kind: K }> => action.kind === kind);
}
