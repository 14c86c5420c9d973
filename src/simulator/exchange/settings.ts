/** Leverage, margin mode and position mode: what may change while something is open. */
import { isZero } from '../../kernel/decimal.ts';
import type { RefuseReason } from './api.ts';
import { refreshOrderMargin } from './margin.ts';
import { initialMargin, mustLiquidate } from './position.ts';
import { type Account, availableOf, type Slot } from './state.ts';

const LEVERAGE_DECIMALS = 2;

/** Re-margins the position and open orders at the new leverage; refuses what the free cash cannot carry. */
export function changeLeverage(slot: Slot, leverage: number): RefuseReason | undefined {
  const { maxLeverage, contractSize, maintenanceRate } = slot.market.instrument;
  const plain = Number.isFinite(leverage) && leverage === Number(leverage.toFixed(LEVERAGE_DECIMALS));
  if (!plain || leverage < 1 || leverage > maxLeverage) return 'bad_leverage';
  if (leverage === slot.leverage) return 'no_change';
  const before = { leverage: slot.leverage, position: slot.position };
  slot.leverage = leverage;
  if (!isZero(slot.position.contracts)) {
    slot.position = { ...slot.position, margin: initialMargin(slot.position.cost, leverage) };
  }
  refreshOrderMargin(slot);
  const sound =
    availableOf(slot.account).gte('0') &&
    !mustLiquidate(slot.position, slot.market.mark, contractSize, maintenanceRate);
  if (sound) return undefined;
  slot.leverage = before.leverage;
  slot.position = before.position;
  refreshOrderMargin(slot);
  return 'position_open';
}

export function changeMarginMode(slot: Slot, mode: 'isolated' | 'cross'): RefuseReason | undefined {
  if (slot.marginMode === mode) return 'no_change';
  if (busy(slot)) return 'position_open';
  slot.marginMode = mode;
  return undefined;
}

export function changePositionMode(account: Account, mode: 'one_way' | 'hedge'): RefuseReason | undefined {
  if (account.positionMode === mode) return 'no_change';
  if ([...account.slots.values()].some(busy)) return 'position_open';
  account.positionMode = mode;
  return undefined;
}

const busy = (slot: Slot): boolean => !isZero(slot.position.contracts) || slot.open.size > 0;
