/** How a hedge is entered lies in one cell; what earlier versions wrote has none, and was entered by both legs at once. */
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import type { Fact } from '../../src/ledger/facts.ts';
import { AT, planned } from './facts.ts';
import { ledgerOfSchema, ledgerPath, open } from './ledger-dir.ts';

const EPOCH: Fact = { kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: AT };
const moved = (hedge: string): Fact => ({
  kind: 'hedge_moved',
  hedge,
  from: 'planned',
  to: 'entering',
  reason: 'approved',
  detail: '',
  at: AT,
});

function loaded(path: string): readonly Fact[] {
  const store = open(path);
  onTestFinished(() => store.close());
  return [...store.load()];
}

test('a hedge of the schema before is one that both legs took', () => {
  const path = ledgerPath();
  const shell = ledgerOfSchema(path, 4);
  shell.exec(`INSERT INTO epochs VALUES (1, 1, 'sim', 1, ${AT})`);
  shell.exec(`INSERT INTO hedges
    (seq, hedge, route, asset, long_key, short_key, quantity, common_lot, leverage, expectation, epoch, at)
    VALUES (2, 'h1', 'live', 'BTC', 'okx|BTC/USDT:USDT', 'binance|BTC/USDT:USDT', '0.5', '0.01', 2, '{}', 1, ${AT})`);
  shell.close();
  expect(loaded(path)[1]).toMatchObject({ hedge: 'h1', entry: { style: 'taker' } });
});

test('upgrade-over-a-staged-plan: cells in the order of the version that staged them are read as they were meant', () => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([EPOCH]);
  store.stage([planned('h1'), moved('h1')]);
  store.close();
  const shell = new Database(path);
  const staged = JSON.parse(String(shell.prepare('SELECT facts FROM intents').pluck().get())) as unknown[][];
  const [plan, move] = staged;
  expect(plan?.at(-1)).toBe('{"style":"taker"}');
  shell.exec('DROP TRIGGER intents_no_update');
  shell.prepare('UPDATE intents SET facts = ?').run(JSON.stringify([plan?.slice(0, -1), move]));
  shell.exec(`CREATE TRIGGER intents_no_update BEFORE UPDATE ON intents
BEGIN SELECT RAISE(ABORT, 'intents is append-only'); END`);
  shell.close();
  expect(loaded(path)).toEqual([EPOCH, planned('h1'), moved('h1')]);
});

test.each([
  ['no JSON', 'taker'],
  ['an unknown style', '{"style":"twap"}'],
  ['a missing part', '{"style":"sliced","slice":"1","least":"1","deadlineMs":5}'],
  ['a decimal that is none', '{"style":"sliced","slice":"lots","least":"1","deadlineMs":5,"intervalMs":5}'],
  ['a part of another style', '{"style":"taker","slice":"1"}'],
])('an edited entry (%s) is told by row and column', (_, entry) => {
  const path = ledgerPath();
  const store = open(path);
  store.commit([EPOCH, planned('h1')]);
  store.close();
  const shell = new Database(path);
  shell.exec('DROP TRIGGER hedges_no_update');
  shell.prepare('UPDATE hedges SET entry = ?').run(entry);
  shell.exec(`CREATE TRIGGER hedges_no_update BEFORE UPDATE ON hedges
BEGIN SELECT RAISE(ABORT, 'hedges is append-only'); END`);
  shell.close();
  expect(() => loaded(path)).toThrow(/hedges row \d+: entry cannot be/);
});
