import { describe, expect, it } from 'vitest';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/kernel/instant.ts';
import { emptyLedger } from '../../src/ledger/empty.ts';
import type { AttemptIntended, AttemptStatus, Fact, HedgePlanned, HedgeState } from '../../src/ledger/facts.ts';
import { foldFact } from '../../src/ledger/fold.ts';
import type { LedgerState } from '../../src/ledger/state.ts';
import { failuresInARow, openingFates, shortCycles } from '../../src/risk/breaker-record.ts';
import { AT, attempt, fill, plan } from '../ledger/samples.ts';

const folded = (facts: readonly Fact[]): LedgerState => {
  const ledger = emptyLedger();
  for (const fact of facts) foldFact(ledger, fact);
  return ledger;
};

describe('the fates of opening orders', () => {
  const order = (id: string, status: AttemptStatus | undefined, over: Partial<AttemptIntended> = {}): Fact[] => [
    attempt(id, 'long', { at: AT + 1, ...over }),
    ...(status ? [{ kind: 'outcome', clientOrderId: id, status, at: AT + 2 } as const] : []),
  ];
  const fates = (...orders: Fact[][]): boolean[] =>
    openingFates(folded([plan(), ...orders.flat()]), 'live', 'alpha', { after: AT, until: AT + HOUR_MS });

  it('oldest first, refused or not; what has no known end yet does not count', () => {
    expect(
      fates(
        order('a', 'rejected'),
        order('b', 'filled'),
        order('c', undefined),
        order('d', 'unknown'),
        order('e', 'rejected'),
        order('f', 'open'),
      ),
    ).toEqual([true, false, true, false]);
  });

  it('reductions, other venues and routes, older orders, those of a clock that was ahead and post-only ones are no evidence', () => {
    expect(
      fates(
        order('a', 'rejected', { reduceOnly: true }),
        order('b', 'rejected', { key: 'beta|SOL/USDT:USDT' }),
        order('c', 'rejected', { route: 'paper' }),
        order('d', 'rejected', { at: AT }),
        order('e', 'rejected', { style: 'post_only' }),
        order('f', 'rejected', { at: AT + HOUR_MS + 1 }),
      ),
    ).toEqual([]);
  });
});

describe('hedges of an asset', () => {
  let number = 0;
  interface Life {
    readonly to: HedgeState;
    readonly reason?: string;
    readonly endedAt: number;
    readonly filled?: boolean;
    readonly asset?: string;
    readonly startedAt?: number;
    readonly entry?: HedgePlanned['entry'];
  }
  const life = ({
    to,
    reason = 'carry_gone',
    endedAt,
    filled = true,
    asset = 'SOL',
    startedAt = AT,
    entry,
  }: Life): Fact[] => {
    const hedge = `h${++number}`;
    const fills: Fact[] = filled
      ? [
          {
            kind: 'fill',
            fill: { ...fill(`t${number}`, 'alpha', 'buy', '1', '100'), fee: quote('0') },
            hedge,
            leg: 'long',
            bookedAt: AT,
          },
        ]
      : [];
    return [
      { ...plan(hedge), asset, at: startedAt, ...(entry && { entry }) },
      ...fills,
      { kind: 'hedge_moved', hedge, from: 'planned', to, reason, detail: '', at: endedAt },
    ];
  };
  const inARow = (since: number, ...lives: Fact[][]): number =>
    failuresInARow(folded(lives.flat()), 'live', 'SOL', { after: since, until: AT + HOUR_MS });

  it('failures are counted back from the newest until a hedge went as it was meant to', () => {
    const sound = life({ to: 'closed', endedAt: AT + 2 });
    const aborted = life({ to: 'aborted', reason: 'no_fill', filled: false, endedAt: AT + 3 });
    const unwound = life({ to: 'closed', reason: 'unwound:leg_missing', endedAt: AT + 5 });
    const quarantined = life({ to: 'quarantined', reason: 'dust', endedAt: AT + 4 });
    const early = life({ to: 'aborted', filled: false, endedAt: AT + 1 });
    expect(inARow(0, early, sound, aborted, unwound, quarantined)).toBe(3);
    expect(inARow(AT + 3, early, sound, aborted, unwound, quarantined)).toBe(2);
    expect(inARow(0, sound)).toBe(0);
    expect(inARow(0, life({ to: 'aborted', asset: 'ETH', endedAt: AT + 9 }))).toBe(0);
  });

  it('what was in trouble and was ended by people has failed; what they closed for their own reasons has not', () => {
    const ended = (trouble: HedgeState, reason: string, endedAt: number): Fact[] => {
      const [planned, filled, moved] = life({ to: trouble, endedAt: endedAt - 1 });
      if (!planned || !filled || moved?.kind !== 'hedge_moved') throw new Error('no life');
      const closed = { ...moved, from: trouble, to: 'closed', reason, at: endedAt } as const;
      return [planned, filled, moved, closed];
    };
    const lives = [
      ended('quarantined', 'operator_close', AT + 10),
      ended('unwinding', 'flatten', AT + 20),
      ended('quarantined', 'kill', AT + 30),
    ];
    expect(inARow(0, ...lives)).toBe(3);
    expect(inARow(0, ...lives, life({ to: 'closed', reason: 'operator_close', endedAt: AT + 40 }))).toBe(0);
    // Trouble that ended well, long before an ordinary exit.
    expect(inARow(0, ...lives, ended('quarantined', 'carry_gone', AT + 40))).toBe(0);
  });

  it('a maker order that nobody met is neither a failure nor a success; a refused one is a failure', () => {
    const entry: HedgePlanned['entry'] = {
      style: 'maker_taker',
      maker: 'long',
      limit: px('100'),
      least: base('1'),
      deadlineMs: 1,
      repriceMs: 1,
      maxReprices: 1,
    };
    const unmet = life({ to: 'aborted', reason: 'deadline', filled: false, entry, endedAt: AT + 3 });
    const refused = life({ to: 'aborted', reason: 'rejected:margin', filled: false, entry, endedAt: AT + 2 });
    const failed = life({ to: 'aborted', reason: 'no_fill', filled: false, endedAt: AT + 1 });
    expect(inARow(0, failed, refused, unmet)).toBe(2);
  });

  const cycles = (...lives: Fact[][]): number =>
    shortCycles(folded(lives.flat()), 'live', 'SOL', { after: AT, until: AT + HOUR_MS }, 30 * MINUTE_MS);

  it('a cycle filled and was over soon; an operator may close as often as he likes', () => {
    const soon = { to: 'closed', endedAt: AT + 30 * MINUTE_MS } as const;
    expect(cycles(life(soon), life({ ...soon, reason: 'unwound:leg_gone' }))).toBe(2);
    expect(cycles(life({ ...soon, endedAt: AT + 30 * MINUTE_MS + 1 }))).toBe(0);
    expect(cycles(life({ ...soon, filled: false, to: 'aborted' }))).toBe(0);
    expect(cycles(life({ ...soon, startedAt: AT - 60 * MINUTE_MS, endedAt: AT }))).toBe(0);
    for (const reason of ['operator_close', 'flatten', 'kill']) expect(cycles(life({ ...soon, reason }))).toBe(0);
  });
});
