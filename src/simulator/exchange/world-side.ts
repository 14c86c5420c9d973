/**
 * What the world does to a venue: accounts opening, marks, books, funding, forced reductions. Market sources call it;
 * misuse throws InvariantError.
 */
import { invariant } from '../../kernel/assert.ts';
import { add, type Contracts, isPositive, isZero, min, type Px, type Quote } from '../../kernel/decimal.ts';
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import type { BookLevel, Exchange, HeldPosition } from './api.ts';
import type { ExchangeCore } from './core.ts';
import { payPending, recordSettled, snapshot } from './funding.ts';
import { assertSoundBook, sizeOf, without } from './liquidity.ts';
import { fillResting } from './matching.ts';
import { ZERO_CONTRACTS } from './position.ts';
import { balanceReport } from './report.ts';
import { type Account, availableOf, holdersOf, type Market, newAccount, reopenPosition, slotOf } from './state.ts';

type WorldSide = Pick<
  Exchange,
  | 'openAccount'
  | 'transfer'
  | 'setBook'
  | 'setMark'
  | 'setFunding'
  | 'settleFunding'
  | 'snapshotSettlement'
  | 'payFunding'
  | 'recordSettled'
  | 'stressMark'
  | 'setTrading'
  | 'changeSteps'
  | 'forceReduce'
>;

export function worldSideOf(core: ExchangeCore): WorldSide {
  const payFunding = (symbol: UnifiedSymbol, at: number, rate: string): boolean => {
    const market = core.market(symbol);
    const { events, clearing, changes } = core;
    if (!payPending(market, at, rate, () => core.nextId(), events, clearing, changes)) return false;
    clearing.announce('funding');
    liquidateAt(core, market, market.mark);
    return true;
  };
  return {
    openAccount: (account, deposit, held) => openAccount(core, account, deposit, held),
    transfer: (account, amount) => transfer(core, account, amount),
    setBook: (symbol, bids, asks) => setBook(core, symbol, bids, asks),
    setMark: (symbol, mark, index) => setMark(core, symbol, mark, index),
    setFunding(symbol, state) {
      core.market(symbol).funding = { ...state, at: core.now() };
      core.events.publish({ kind: 'funding', symbol });
      core.finish();
    },
    settleFunding(symbol, rate) {
      const at = core.now();
      snapshot(core.market(symbol), at);
      payFunding(symbol, at, rate);
    },
    snapshotSettlement: (symbol, at) => snapshot(core.market(symbol), at),
    payFunding,
    recordSettled: (entry) => recordSettled(core.market(entry.symbol), entry),
    stressMark: (symbol, mark) => liquidateAt(core, core.market(symbol), mark),
    setTrading(symbol, trading) {
      core.market(symbol).trading = trading;
      core.events.publish({ kind: 'status', symbol });
      core.finish();
    },
    changeSteps(symbol, steps) {
      const market = core.market(symbol);
      market.instrument = { ...market.instrument, ...steps };
      core.events.publish({ kind: 'status', symbol });
      core.finish();
    },
    forceReduce(account, symbol, contracts, cause) {
      const slot = core.slot(account, symbol);
      const trade = core.clearing.forceReduce(slot, contracts, cause, slot.market.mark);
      core.finish();
      return trade;
    },
  };
}

function openAccount(core: ExchangeCore, name: string, deposit: Quote, held: readonly HeldPosition[] = []): void {
  invariant(!core.accounts.has(name), `account ${name} is already open`);
  invariant(isPositive(deposit) || isZero(deposit), 'a deposit cannot be negative');
  const account = newAccount(name, deposit, core.markets.values());
  core.accounts.set(name, account);
  core.changes.account(account);
  for (const each of held) {
    const slot = slotOf(account, core.market(each.symbol));
    reopenPosition(slot, each, core.now());
    core.changes.slot(slot);
  }
  tellTransfer(core, account);
}

function tellTransfer(core: ExchangeCore, account: Account): void {
  core.events.publish({
    kind: 'balance',
    account: account.name,
    balance: balanceReport(account, core.settle),
    cause: 'transfer',
  });
  core.finish();
}

function transfer(core: ExchangeCore, name: string, amount: Quote): void {
  const account = core.account(name);
  invariant(!add(availableOf(account), amount).lt('0'), 'a withdrawal cannot exceed what is available');
  account.wallet = add(account.wallet, amount);
  account.deposits = add(account.deposits, amount);
  core.changes.account(account);
  tellTransfer(core, account);
}

function setMark(core: ExchangeCore, symbol: UnifiedSymbol, mark: Px, index: Px): void {
  invariant(isPositive(mark) && isPositive(index), 'mark and index must be positive');
  const market = core.market(symbol);
  market.mark = mark;
  market.index = index;
  market.markAt = core.now();
  core.events.publish({ kind: 'mark', symbol });
  // The mark that stood before the restart has already done what it does.
  if (market.reopened) core.finish();
  else liquidateAt(core, market, mark);
}

function setBook(
  core: ExchangeCore,
  symbol: UnifiedSymbol,
  bids: readonly BookLevel[],
  asks: readonly BookLevel[],
): void {
  assertSoundBook(bids, asks);
  const market = core.market(symbol);
  if (market.reopened) {
    // The book that stood before the restart, whole again in the source's eyes: orders took their part already.
    market.reopened = false;
    market.bids = withoutTaken(bids, market.takenBids);
    market.asks = withoutTaken(asks, market.takenAsks);
    core.bookChanged(market);
    core.finish();
    return;
  }
  if (!isZero(market.takenBids) || !isZero(market.takenAsks)) core.changes.market(market);
  market.takenBids = ZERO_CONTRACTS;
  market.takenAsks = ZERO_CONTRACTS;
  market.bids = bids;
  market.asks = asks;
  core.bookChanged(market);
  if (market.trading) {
    fillResting(market, market.restingBuys, core.clearing);
    fillResting(market, market.restingSells, core.clearing);
  }
  core.finish();
}

const withoutTaken = (levels: readonly BookLevel[], taken: Contracts): readonly BookLevel[] =>
  without(levels, min(taken, sizeOf(levels)));

function liquidateAt(core: ExchangeCore, market: Market, mark: Px): void {
  for (const slot of holdersOf(market)) core.clearing.liquidate(slot, mark);
  core.finish();
}
