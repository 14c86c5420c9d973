/** At which leverage and mark the margin of an account's positions is reckoned. */
import { px } from '../kernel/decimal.ts';
import { type InstrumentKey, type Route, splitKey } from '../kernel/ids.ts';
import { type MarginEvidence, ownersOf } from '../ledger/position-gaps.ts';
import { accountKey } from '../ledger/state.ts';
import type { VenuePosition } from '../market/order.ts';
import type { Core } from './core.ts';
import { markOf } from './valuation.ts';

/**
 * The leverage is what the venue lists, else what it listed last; before any list, what the hedges that hold the instrument
 * were opened at, if the setting is the same: a start prepares by the setting, and a human may change it beneath a position
 * (Binance lets it be raised; "Change Initial Leverage", -4161).
 */
export function marginTerms(
  core: Core,
  route: Route,
  positions: readonly VenuePosition[],
): Pick<MarginEvidence, 'leverageOf' | 'markOf'> {
  return {
    leverageOf: (key) => {
      const listed = positions.find((position) => position.key === key)?.leverage;
      if (listed !== undefined && listed > 0) return listed;
      const last = core.positions.get(accountKey(route, splitKey(key).venue))?.leverages.get(key);
      if (last !== undefined) return last;
      const planned = ownersOf(core.ledger, route, key).map(({ hedge }) => hedge.plan.leverage);
      const [first, ...others] = new Set([...planned, core.settings.execution.leverage]);
      return others.length > 0 ? undefined : first;
    },
    markOf: (key) => {
      const view = core.market.get(key);
      // A market that its venue lists no more has no mark in a process that has never seen it listed: its hedge's other
      // leg has nearly the same.
      const mark = view ? markOf(view) : partnerMark(core, route, key);
      return mark === undefined ? undefined : px(mark);
    },
  };
}

function partnerMark(core: Core, route: Route, key: InstrumentKey): number | undefined {
  const [owner] = ownersOf(core.ledger, route, key);
  if (!owner) return undefined;
  const { long, short } = owner.hedge;
  return markOf(core.market.get(owner.leg === long ? short.key : long.key));
}
