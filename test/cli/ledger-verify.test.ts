/** An edited ledger is found, whatever was edited and however neatly. */
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { verifyLedger } from '../../src/cli/ledger-verify.ts';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { SCHEMA_VERSION } from '../../src/platform/sqlite/migrate.ts';
import { AT, attempt, fill, payment, planned } from '../platform/facts.ts';
import { open } from '../platform/ledger-dir.ts';
import { type Place, place, tandem } from './fake-bot.ts';

const SHORT = 'binance|BTC/USDT:USDT';
const moved = (hedge: string, from: string, to: string, at = AT): Fact =>
  ({ kind: 'hedge_moved', hedge, from, to, reason: 'r', detail: '', at }) as Fact;
const outcome = (clientOrderId: string, filled: string): Fact => ({
  kind: 'outcome',
  clientOrderId,
  status: 'filled',
  filled: base(filled),
  at: AT,
});

/** One closed hedge: long 0.25 at 30000 -> 30100 (+25), short 0.25 at 30010 -> 30090 (-20), fees 4 x 1, funding 5 - 2. */
const CLOSED: readonly Fact[] = [
  { kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: AT },
  { kind: 'baseline', venue: 'okx', route: 'live', currency: 'USDT', wallet: quote('1000'), at: AT },
  { kind: 'baseline', venue: 'binance', route: 'live', currency: 'USDT', wallet: quote('2000'), at: AT },
  planned('h1'),
  moved('h1', 'planned', 'entering'),
  attempt('a1', 'h1'),
  attempt('a2', 'h1', { leg: 'short', side: 'sell', key: SHORT, limitPrice: px('30000') }),
  fill('1', { hedge: 'h1', leg: 'long', clientOrderId: 'a1', fee: quote('1') }),
  outcome('a1', '0.25'),
  fill('2', {
    hedge: 'h1',
    leg: 'short',
    clientOrderId: 'a2',
    venue: 'binance',
    side: 'sell',
    price: px('30010'),
    fee: quote('1'),
  }),
  outcome('a2', '0.25'),
  moved('h1', 'entering', 'held'),
  payment('p1', '5', { hedge: 'h1', leg: 'short' }),
  payment('p2', '-2', { hedge: 'h1', leg: 'short' }),
  {
    kind: 'decision',
    subject: 'h1',
    asset: 'BTC',
    verdict: 'exit',
    rules: ['carry_gone'],
    reasons: '[]',
    at: AT,
  },
  moved('h1', 'held', 'exiting'),
  attempt('a3', 'h1', { purpose: 'exit', side: 'sell', reduceOnly: true, number: 2, limitPrice: px('30000') }),
  attempt('a4', 'h1', {
    leg: 'short',
    purpose: 'exit',
    side: 'buy',
    reduceOnly: true,
    number: 2,
    key: SHORT,
    limitPrice: px('30200'),
  }),
  fill('3', { hedge: 'h1', leg: 'long', clientOrderId: 'a3', side: 'sell', price: px('30100'), fee: quote('1') }),
  outcome('a3', '0.25'),
  fill('4', { hedge: 'h1', leg: 'short', clientOrderId: 'a4', venue: 'binance', price: px('30090'), fee: quote('1') }),
  outcome('a4', '0.25'),
  moved('h1', 'exiting', 'closed'),
];

function stored(facts: readonly Fact[] = CLOSED): Place {
  const where = place();
  const store = open(where.ledger);
  store.commit(facts);
  store.close();
  return where;
}

/** As somebody with a shell would: the guards of one table away, the change, the guards back as they were. */
function edit(where: Place, table: string, sql: string, restore = true): void {
  const database = new Database(where.ledger);
  database.pragma('foreign_keys = OFF');
  const triggers = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?")
    .all(table) as { name: string; sql: string }[];
  expect(triggers).toHaveLength(2);
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`);
  expect(database.prepare(sql).run().changes).toBeGreaterThan(0);
  if (restore) for (const trigger of triggers) database.exec(trigger.sql);
  database.close();
}

const problems = (where: Place): string[] =>
  verifyLedger(where.ledger)
    .findings.filter(({ level }) => level === 'problem')
    .map(({ check }) => check);

test('a sound ledger: every account’s wallet is baseline + realised + funding - fees', async () => {
  const where = stored();
  const report = verifyLedger(where.ledger);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ ok: true, hedges: 1, facts: CLOSED.length - 1, stamp: { mode: 'sim' } });
  // okx: 1000 + 25 - 2. binance: 2000 - 20 + 5 - 2 - 2.
  expect(report.accounts).toEqual([
    { route: 'live', venue: 'okx', baseline: '1000', realised: '25', funding: '0', fees: '2', wallet: '1023' },
    { route: 'live', venue: 'binance', baseline: '2000', realised: '-20', funding: '3', fees: '2', wallet: '1981' },
  ]);
  const { exit, out } = await tandem(where, 'ledger', 'verify');
  expect(exit).toBe(0);
  expect(out).toMatch(/live +binance +2,000\.00 +-20\.00 +\+3\.00 +2\.00 +1,981\.00/);
  expect(out).toContain('The ledger is sound.');
});

test.each([
  ['a fill’s quantity', 'fills', "UPDATE fills SET quantity = '0.2' WHERE trade_id = '1'", 'filled'],
  [
    'a fill’s price, beyond its limit',
    'fills',
    "UPDATE fills SET price = '30500' WHERE trade_id = '1'",
    'fill_mismatch',
  ],
  ['a fill’s side', 'fills', "UPDATE fills SET side = 'sell' WHERE trade_id = '1'", 'fill_mismatch'],
  [
    'a fill’s owner',
    'fills',
    "UPDATE fills SET client_order_id = NULL, hedge = NULL, leg = NULL WHERE trade_id = '3'",
    'unowned_fill',
  ],
  ['a deleted fill', 'fills', "DELETE FROM fills WHERE trade_id = '4'", 'sequence'],
  ['a deleted payment', 'payments', "DELETE FROM payments WHERE payment_id = 'p2'", 'sequence'],
  ['an amount that is no decimal', 'payments', "UPDATE payments SET amount = '5 USD' WHERE payment_id = 'p1'", 'row'],
  ['a state', 'hedge_moves', "UPDATE hedge_moves SET to_state = 'held' WHERE to_state = 'closed'", 'transition'],
  [
    'a state that breaks the chain',
    'hedge_moves',
    "UPDATE hedge_moves SET from_state = 'planned' WHERE to_state = 'exiting'",
    'fold',
  ],
  ['an order’s size', 'attempts', "UPDATE attempts SET quantity = '0.1' WHERE client_order_id = 'a1'", 'overfilled'],
  ['an order’s hedge', 'hedges', "UPDATE hedges SET hedge = 'h2' WHERE hedge = 'h1'", 'orphan'],
  ['an outcome', 'outcomes', "UPDATE outcomes SET filled = '9' WHERE client_order_id = 'a2'", 'filled'],
  ['a decision', 'decisions', "UPDATE decisions SET rules = 'none'", 'row'],
  ['a commit number', 'decisions', 'UPDATE decisions SET seq = 4000', 'sequence'],
])('edited-ledger: %s is found', async (_, table, sql, check) => {
  const where = stored();
  edit(where, table, sql);
  expect(problems(where)).toContain(check);
  const { exit, out } = await tandem(where, 'ledger', 'verify');
  expect(exit).toBe(5);
  expect(out).toContain(`problem ${check}: `);
});

test('edited-ledger: a guard that is gone is a problem even if no row looks wrong', async () => {
  const where = stored();
  // Nothing else in a ledger repeats a payment's amount, so the missing guard is all there is to see.
  edit(where, 'payments', "UPDATE payments SET amount = '50' WHERE payment_id = 'p1'", false);
  expect(problems(where)).toEqual(['guard', 'guard']);
  expect(await tandem(where, 'ledger', 'verify')).toMatchObject({ exit: 5 });
});

test('unreadable-row: how much there is stays unknown, which is not none', async () => {
  const where = stored();
  edit(where, 'payments', "UPDATE payments SET amount = '5 USD' WHERE payment_id = 'p1'");
  const report = verifyLedger(where.ledger);
  expect(report).not.toHaveProperty('facts');
  expect(report).not.toHaveProperty('hedges');
  const { out } = await tandem(where, 'ledger', 'verify');
  expect(out).toContain('unknown facts, unknown hedges');
});

test('a closed hedge that is not flat, and a move that the machine never makes', () => {
  const notFlat = CLOSED.filter((fact) => !(fact.kind === 'fill' && fact.fill.tradeId === '4')).filter(
    (fact) => !(fact.kind === 'outcome' && fact.clientOrderId === 'a4'),
  );
  expect(problems(stored(notFlat))).toEqual(['not_flat']);
  expect(problems(stored([planned('h1'), moved('h1', 'planned', 'closed')]))).toEqual(['transition']);
});

test('liquidation: a fill nobody ordered is a note when it was flagged', () => {
  const foreign = fill('9', { venue: 'okx', quantity: base('1') });
  const flagged: Fact = {
    kind: 'discrepancy',
    id: 'live|okx|foreign_fill|BTC/USDT:USDT|9',
    venue: 'okx',
    route: 'live',
    what: 'foreign_fill',
    status: 'open',
    ledger: '',
    venueSays: '',
    detail: '',
    at: AT,
  };
  expect(problems(stored([foreign]))).toEqual(['unowned_fill']);
  const report = verifyLedger(stored([foreign, flagged]).ledger);
  expect(report.ok).toBe(true);
  expect(report.findings.map(({ check }) => check)).toEqual(['foreign_fill', 'unassigned', 'discrepancy']);
});

test('late-fill: more than the venue first said is a note, less is a problem', () => {
  const entry = CLOSED.slice(0, 9);
  const late = verifyLedger(stored([...entry.slice(0, 8), outcome('a1', '0.1')]).ledger);
  expect(late.findings.map(({ level, check }) => `${level} ${check}`)).toContain('note late_fill');
  expect(problems(stored([...entry.slice(0, 8), outcome('a1', '0.3')]))).toEqual(['filled']);
});

test('verify reads beside a running writer', async () => {
  const where = place();
  const store = open(where.ledger);
  store.commit(CLOSED);
  try {
    expect(await tandem(where, 'ledger', 'verify')).toMatchObject({ exit: 0 });
  } finally {
    store.close();
  }
});

test('a file that is no ledger is told as such (5)', async () => {
  const where = place();
  const database = new Database(where.ledger);
  database.exec('CREATE TABLE x (y)');
  database.close();
  expect(await tandem(where, 'ledger', 'verify')).toMatchObject({ exit: 5 });
});

test('a ledger of an older version is no damaged one: the next run migrates it', async () => {
  const where = stored();
  const database = new Database(where.ledger);
  database.pragma(`user_version = ${SCHEMA_VERSION - 1}`);
  database.close();
  expect(verifyLedger(where.ledger)).toMatchObject({ ok: true, findings: [{ level: 'note', check: 'schema' }] });
  const { exit, out } = await tandem(where, 'ledger', 'verify');
  expect(exit).toBe(0);
  expect(out).toContain('migrates it');
  expect(out).toContain('mode sim, account main');
  expect(out).not.toMatch(/restore a backup|is sound/);
});

test('a ledger of a newer version is not for this one', async () => {
  const where = stored();
  const database = new Database(where.ledger);
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  database.close();
  expect(problems(where)).toEqual(['schema']);
  expect((await tandem(where, 'ledger', 'verify')).exit).toBe(5);
});
