/** Compares what the venues know with what the ledger file says, from outside both processes. Entry point: `openJudge`. */
import Database from 'better-sqlite3';
import type { Books, VenuesProcess } from './venues.ts';

export interface Finding {
  /** Wrongs; empty when everything is as it must be. */
  readonly wrongs: readonly string[];
  /** Something is still on its way: judge again later. */
  readonly moving: readonly string[];
  readonly end: 'hedged' | 'flat';
}

export interface Judge {
  /** Positions cancel out, the ledger has the same ones, every order that arrived was intended first, none twice. */
  judge(): Promise<Finding>;
  /** Cash of every fill and payment against the wallets, to the cent. Only when all accounts are flat. */
  wallets(depositUsd: number): Promise<readonly string[]>;
  count(from: string): number;
  /** Of the newest process that wrote the ledger. */
  pid(): number;
  close(): void;
}

const AT_REST = new Set(['held', 'closed', 'aborted']);
const DUST = 1e-9;
const CENT = 0.01;

/** The ledger must exist. */
export function openJudge(ledger: string, venues: Pick<VenuesProcess, 'books'>): Judge {
  const database = new Database(ledger, { readonly: true, timeout: 5_000 });
  const read = <T>(sql: string): T[] => database.prepare<[], T>(sql).all();
  const count = (from: string): number => read<{ n: number }>(`SELECT count(*) AS n FROM ${from}`)[0]?.n ?? 0;
  /** Everything as of one instant. */
  const snapshot = database.transaction(() => ({
    states: read<{ hedge: string; state: string }>('SELECT hedge, state FROM v_hedges'),
    unresolved: count('v_unresolved_orders'),
    held: read<{ venue: string; symbol: string; quantity: number }>(
      `SELECT venue, symbol, quantity FROM v_positions WHERE route = 'live' AND abs(quantity) > ${DUST}`,
    ),
    intended: new Set(read<{ id: string }>('SELECT client_order_id AS id FROM attempts').map(({ id }) => id)),
    // Plans that are durable and not yet in their tables.
    staged: read<{ facts: string }>('SELECT facts FROM intents'),
    differences: read<{ detail: string }>('SELECT detail FROM v_open_discrepancies'),
  }));
  const judge = async (): Promise<Finding> => {
    const before = await venues.books();
    const ledger = snapshot();
    const after = await venues.books();
    const moving = ledger.states
      .filter(({ state }) => !AT_REST.has(state))
      .map(({ hedge, state }) => `${hedge} is ${state}`);
    if (ledger.unresolved > 0) moving.push(`${ledger.unresolved} orders without a known end`);
    if (ledger.staged.length > 0) moving.push('an entry has begun');
    if (standing(before) !== standing(after)) moving.push('the books have moved');
    // Whatever had arrived before the ledger was read must have been in it.
    const ids = before.sent.map(({ clientOrderId }) => clientOrderId);
    const isIntended = (id: string): boolean =>
      ledger.intended.has(id) || (id !== '' && ledger.staged.some(({ facts }) => facts.includes(id)));
    const wrongs = [
      ...duplicates(ids).map((id) => `${id} arrived twice`),
      ...ids.filter((id) => !isIntended(id)).map((id) => `${id || 'an order without id'} was never intended`),
    ];
    moving.push(...comparison(after, ledger.held), ...ledger.differences.map(({ detail }) => detail));
    return { wrongs, moving, end: ledger.held.length > 0 ? 'hedged' : 'flat' };
  };
  return {
    judge,
    count,
    pid: () => read<{ pid: number }>('SELECT pid FROM epochs ORDER BY epoch DESC LIMIT 1')[0]?.pid ?? 0,
    wallets: async (depositUsd) => {
      const { venues: accounts } = await venues.books();
      const cash = new Map<string, number>();
      const rows = read<{ venue: string; change: number }>(
        `SELECT venue, CASE side WHEN 'sell' THEN 1 ELSE -1 END * CAST(quantity AS REAL) * CAST(price AS REAL)
           - CAST(fee AS REAL) AS change FROM fills WHERE route = 'live'
         UNION ALL SELECT venue, CAST(amount AS REAL) AS change FROM payments WHERE route = 'live'`,
      );
      for (const { venue, change } of rows) cash.set(venue, (cash.get(venue) ?? 0) + change);
      return Object.entries(accounts).flatMap(([venue, { wallet }]) => {
        const expected = depositUsd + (cash.get(venue) ?? 0);
        return Math.abs(expected - Number(wallet)) > CENT
          ? [`${venue}: ledger wallet ${expected.toFixed(4)}, venue ${wallet}`]
          : [];
      });
    },
    close: () => database.close(),
  };
}

const standing = ({ sent, venues }: Books): string =>
  JSON.stringify([sent.length, Object.values(venues).map(({ positions }) => positions)]);

function duplicates(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

/** Differences that time may still explain: an order that has filled and whose answer is on its way. */
function comparison(
  { venues }: Books,
  held: readonly { readonly venue: string; readonly symbol: string; readonly quantity: number }[],
): string[] {
  const found: string[] = [];
  const net = new Map<string, number>();
  const ours = new Map(held.map(({ venue, symbol, quantity }) => [`${venue} ${symbol}`, quantity]));
  const theirs = new Map<string, number>();
  for (const [venue, { positions, orders }] of Object.entries(venues)) {
    for (const { symbol, quantity } of positions) {
      theirs.set(`${venue} ${symbol}`, Number(quantity));
      net.set(symbol, (net.get(symbol) ?? 0) + Number(quantity));
    }
    if (orders.some(({ status }) => status === 'open')) found.push(`${venue} has an open order`);
  }
  for (const [symbol, delta] of net) if (Math.abs(delta) > DUST) found.push(`${symbol}: net ${delta}`);
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(key) ?? 0, theirs.get(key) ?? 0];
    if (Math.abs(a - b) > DUST) found.push(`${key}: ledger ${a}, venue ${b}`);
  }
  return found;
}
