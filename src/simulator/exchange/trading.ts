/** What an account does on a venue: orders and settings. Refusals are values; an unknown account is a bug. */
import type { UnifiedSymbol } from '../../kernel/ids.ts';
import { admit } from './admission.ts';
import type { Exchange, PlaceRequest, Refusal, RefuseReason } from './api.ts';
import type { ExchangeCore } from './core.ts';
import { fillTaking } from './matching.ts';
import { type OrderRef, orderOf } from './queries.ts';
import { changeLeverage, changeMarginMode, changePositionMode } from './settings.ts';
import { type Slot, slotOf } from './state.ts';

type Trading = Pick<Exchange, 'place' | 'cancel' | 'setLeverage' | 'setMarginMode' | 'setPositionMode'>;

export function tradingOn(core: ExchangeCore): Trading {
  return {
    place: (account, request) => place(core, account, request),
    cancel: (account, symbol, ref) => cancel(core, account, symbol, ref),
    setLeverage: (account, symbol, leverage) =>
      changeSlot(core, account, symbol, (slot) => changeLeverage(slot, leverage)),
    setMarginMode: (account, symbol, mode) => changeSlot(core, account, symbol, (slot) => changeMarginMode(slot, mode)),
    setPositionMode(name, mode) {
      const account = core.account(name);
      const reason = changePositionMode(account, mode);
      if (reason !== undefined) return refused(reason);
      core.changes.account(account);
      core.finish();
      return { ok: true };
    },
  };
}

function place(core: ExchangeCore, account: string, request: PlaceRequest): ReturnType<Exchange['place']> {
  const market = core.markets.get(request.symbol);
  if (!market) return refused('unknown_symbol');
  const slot = slotOf(core.account(account), market);
  const verdict = admit(slot, request, core.uniqueness);
  if (!verdict.ok) return verdict;
  const { contracts, takes, rests } = verdict.admitted;
  const live = core.clearing.accept(slot, request, contracts);
  const trades = fillTaking(live, takes, core.clearing);
  if (takes.length > 0) core.bookChanged(market);
  if (live.order.status === 'open') {
    if (rests) core.clearing.rest(live);
    else core.clearing.end(live, 'expired');
  }
  core.finish();
  return { ok: true, order: live.order, trades };
}

function cancel(
  core: ExchangeCore,
  account: string,
  symbol: UnifiedSymbol,
  ref: OrderRef,
): ReturnType<Exchange['cancel']> {
  const order = orderOf(core.account(account), symbol, ref);
  if (!order) return refused('order_not_found');
  const live = core.slot(account, symbol).open.get(order.orderId);
  if (!live) return refused('order_not_open');
  core.clearing.end(live, 'canceled');
  core.finish();
  return { ok: true, order: live.order };
}

function changeSlot(
  core: ExchangeCore,
  account: string,
  symbol: UnifiedSymbol,
  change: (slot: Slot) => RefuseReason | undefined,
): { readonly ok: true } | Refusal {
  const market = core.markets.get(symbol);
  if (!market) return refused('unknown_symbol');
  const slot = slotOf(core.account(account), market);
  const reason = change(slot);
  if (reason !== undefined) return refused(reason);
  core.changes.slot(slot);
  core.finish();
  return { ok: true };
}

const refused = (reason: RefuseReason): Refusal => ({ ok: false, reason });
