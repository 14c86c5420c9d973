/**
 * The exchange model: `createExchange` is the entry point, `api.ts` the contract.
 *
 * Liquidity is external: orders trade with the levels of the last `setBook` and consume them, so a level fills once;
 * resting orders fill as maker, at their own limit, when a later book crosses them. Accounts never trade with one
 * another. Orders and settings live in trading.ts, answers in queries.ts, the market source's side in world-side.ts;
 * beneath them checks in admission.ts, fills in matching.ts, cash and positions in clearing.ts, settlements in
 * funding.ts, and what outlives the process in saved.ts.
 */
import type { Exchange } from './api.ts';
import { ExchangeCore, type ExchangeOptions } from './core.ts';
import { queriesOf } from './queries.ts';
import { applyChange, saveAll } from './saved.ts';
import { tradingOn } from './trading.ts';
import { worldSideOf } from './world-side.ts';

export type { ExchangeOptions } from './core.ts';

/** One venue. Throws InvariantError on misuse by the market source; traders' mistakes are refusals. */
export function createExchange(options: ExchangeOptions): Exchange {
  const core = new ExchangeCore(options);
  return {
    venue: core.venue,
    now: () => core.now(),
    ...tradingOn(core),
    ...queriesOf(core),
    ...worldSideOf(core),
    listen: (listener) => core.events.listen(listener),
    onChange: (listener) => core.changes.listen(listener),
    save: () => saveAll(core.accounts.values(), core.markets.values(), core.lastId),
    restore(change) {
      applyChange(core, change);
      core.lastId = change.lastId;
    },
  };
}
