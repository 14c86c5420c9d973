import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import type { DecisionMade, Fact } from '../../src/ledger/facts.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { STAGED_COUNT } from '../../src/platform/sqlite/staged.ts';
import { AT, attempt, fill, payment, planned } from './facts.ts';
import { ledgerPath, open } from './ledger-dir.ts';

const decision = (subject: string, rules: readonly string[], asset = 'BTC'): DecisionMade => ({
  kind: 'decision',
  subject,
  asset,
  verdict: rules.length === 0 ? 'approved' : 'refused',
  rules,
  reasons: '[]',
  at: AT,
});

/**
 * h1: 2 BTC long okx at 100 (fee 1), short binance at 110 (fee 1.5); 0.5 long bought at 120 more (fee 0.25).
 * Long closed wholly at 130 (2.5 BTC, fee 2); short still 2 open. Funding +3 (short, of 5: a
 * human held the rest) and -1 (long).
 */
const history: readonly Fact[] = [
  planned('h1', { at: AT }),
  attempt('c1', 'h1'),
  attempt('c2', 'h1', { leg: 'short', side: 'sell', key: 'binance|BTC/USDT:USDT' }),
  { kind: 'hedge_moved', hedge: 'h1', from: 'planned', to: 'entering', reason: 'sent', detail: '', at: AT },
  decision('okx~binance', ['spread']),
  { kind: 'outcome', clientOrderId: 'c1', status: 'filled', at: AT },
  { kind: 'outcome', clientOrderId: 'c2', status: 'unknown', code: 'timeout', at: AT },
  fill('1', { hedge: 'h1', leg: 'long', quantity: base('2'), price: px('100'), fee: quote('1') }),
  fill('2', {
    hedge: 'h1',
    leg: 'short',
    venue: 'binance',
    side: 'sell',
    quantity: base('2'),
    price: px('110'),
    fee: quote('1.5'),
  }),
  fill('3', { hedge: 'h1', leg: 'long', quantity: base('0.5'), price: px('120'), fee: quote('0.25') }),
  fill('4', { hedge: 'h1', leg: 'long', side: 'sell', quantity: base('2.5'), price: px('130'), fee: quote('2') }),
  payment('p1', '5', { hedge: 'h1', leg: 'short', legAmount: quote('3') }),
  payment('p2', '-1', { hedge: 'h1', leg: 'long' }),
  { kind: 'hedge_moved', hedge: 'h1', from: 'entering', to: 'held', reason: 'filled', detail: '', at: AT },
  decision('okx~binance', []),
  decision('okx~bybit', ['depth', 'spread']),
  decision('x~y', ['spread'], 'ETH'),
  planned('h2'),
  { kind: 'hedge_moved', hedge: 'h2', from: 'planned', to: 'aborted', reason: 'no_fills', detail: '', at: AT },
  { kind: 'control', action: 'close', subject: 'h1', by: 'cli', detail: '', at: AT },
  { kind: 'control', action: 'pause', subject: '', by: 'cli', detail: '', at: AT },
  { kind: 'config', key: 'paused', before: 'false', after: 'true', loosens: false, at: AT },
  { kind: 'config', key: 'paused', before: 'true', after: 'false', loosens: true, at: AT },
  // A human's trade on the same account.
  fill('5', { quantity: base('0.125'), price: px('100'), fee: quote('0') }),
];

function stored(): string {
  const path = ledgerPath();
  const store = open(path);
  onTestFinished(() => store.close());
  for (const fact of history) store.commit([fact]);
  return path;
}

test('beside a writer: a commit in the middle of the check is no damage', () => {
  const path = ledgerPath();
  const store = open(path);
  onTestFinished(() => store.close());
  store.commit(history);
  const prepare = Database.prototype.prepare;
  let commits = 0;
  const spy = vi.spyOn(Database.prototype, 'prepare').mockImplementation(function (this: Database.Database, sql) {
    if (sql === STAGED_COUNT && this.readonly && commits++ === 0) store.commit([planned('h7')]);
    return prepare.call(this, sql);
  });
  onTestFinished(() => spy.mockRestore());
  openLedgerReader(path).close();
  expect(commits).toBeGreaterThan(0);
});

test('beside a writer: every answer is of one moment', () => {
  const path = ledgerPath();
  const store = open(path);
  onTestFinished(() => store.close());
  store.commit(history);
  const reader = openLedgerReader(path);
  onTestFinished(() => reader.close());
  const before = [...reader.facts()].length;
  store.stage([planned('h7'), attempt('c7', 'h7')]);
  store.commit([attempt('c8', 'h7')]);
  expect([...reader.facts()]).toHaveLength(before);
  expect(reader.hedgeFacts('h7')).toEqual([]);
  const later = openLedgerReader(path);
  onTestFinished(() => later.close());
  expect(later.hedgeFacts('h7')).toHaveLength(3);
});

test('the reader answers beside the running writer', () => {
  const reader = openLedgerReader(stored());
  onTestFinished(() => reader.close());
  expect(reader.stamp).toMatchObject({ mode: 'sim', account: 'main' });
  expect([...reader.facts()]).toHaveLength(history.length - 4);

  const life = reader.hedgeFacts('h1').map(({ kind }) => kind);
  expect(life.slice(0, 4)).toEqual(['hedge_planned', 'attempt', 'attempt', 'hedge_moved']);
  expect(life.filter((kind) => kind === 'fill')).toHaveLength(4);
  expect(life.filter((kind) => kind === 'outcome')).toHaveLength(2);
  expect(life.at(-1)).toBe('control');
  expect(reader.hedgeFacts('h9')).toEqual([]);

  const latest = (asset?: string) => reader.latestDecisions(asset).map(({ subject, rules }) => [subject, rules]);
  expect(latest('BTC')).toEqual([
    ['okx~bybit', ['depth', 'spread']],
    ['okx~binance', []],
  ]);
  expect(latest()).toHaveLength(3);
  expect(reader.decisionsOf('okx~binance', 1).map(({ verdict }) => verdict)).toEqual(['approved']);
  expect(reader.decisionsOf('okx~binance', 9).map(({ verdict }) => verdict)).toEqual(['approved', 'refused']);
  expect(reader.configChanges(1)).toMatchObject([{ key: 'paused', after: 'false', loosens: true }]);
  expect(reader.controls(5).map(({ action }) => action)).toEqual(['pause', 'close']);
});

test('the views say what the facts say', () => {
  const shell = new Database(stored(), { readonly: true });
  onTestFinished(() => {
    shell.close();
  });
  const all = (sql: string): unknown[] => shell.prepare(sql).all();
  expect(all('SELECT venue, quantity FROM v_positions ORDER BY venue')).toEqual([
    { venue: 'binance', quantity: -2 },
    { venue: 'okx', quantity: 0.125 },
  ]);
  // Long: entry (2 x 100 + 0.5 x 120) / 2.5 = 104, exit 130, 2.5 x 26 = 65. Short: nothing closed.
  expect(all('SELECT hedge, leg, quantity, entry_price, exit_price, funding, fees, price_pnl FROM v_legs')).toEqual(
    expect.arrayContaining([
      {
        hedge: 'h1',
        leg: 'long',
        quantity: 0,
        entry_price: 104,
        exit_price: 130,
        funding: -1,
        fees: 3.25,
        price_pnl: 65,
      },
      {
        hedge: 'h1',
        leg: 'short',
        quantity: -2,
        entry_price: 110,
        exit_price: null,
        funding: 3,
        fees: 1.5,
        price_pnl: 0,
      },
      {
        hedge: 'h2',
        leg: 'short',
        quantity: 0,
        entry_price: null,
        exit_price: null,
        funding: 0,
        fees: 0,
        price_pnl: 0,
      },
    ]),
  );
  expect(all("SELECT state, funding, fees, price_pnl, net, net_quantity FROM v_hedge_pnl WHERE hedge = 'h1'")).toEqual([
    { state: 'held', funding: 2, fees: 4.75, price_pnl: 65, net: 62.25, net_quantity: -2 },
  ]);
  expect(all('SELECT hedge, state, planned_at FROM v_open_hedges')).toEqual([
    { hedge: 'h1', state: 'held', planned_at: '2023-11-14T22:13:20.000Z' },
  ]);
  expect(all('SELECT client_order_id, status, code FROM v_unresolved_orders')).toEqual([
    { client_order_id: 'c2', status: 'unknown', code: 'timeout' },
  ]);
  expect(all('SELECT day, venue, funding, fees, fills, payments FROM v_daily ORDER BY venue')).toEqual([
    { day: '2023-11-14', venue: 'binance', funding: 4, fees: 1.5, fills: 1, payments: 2 },
    { day: '2023-11-14', venue: 'okx', funding: 0, fees: 3.25, fills: 4, payments: 0 },
  ]);
  expect(all('SELECT subject, verdict FROM v_latest_decisions ORDER BY subject')).toHaveLength(3);
  expect(all('SELECT * FROM v_open_discrepancies')).toEqual([]);
});
