/** Entry plans wait in one row until the next commit: they count as committed from the first moment on. */
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { verifyLedger } from '../../src/cli/ledger-verify.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { AT, attempt, outcome, plain, planned } from './facts.ts';
import { ledgerPath, open } from './ledger-dir.ts';

const EPOCH: Fact = { kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: AT };

const plan = (n: number): readonly Fact[] => [
  planned(`h${n}`),
  { kind: 'hedge_moved', hedge: `h${n}`, from: 'planned', to: 'entering', reason: 'planned', detail: '', at: AT },
  attempt(`a${n}`, `h${n}`),
  attempt(`b${n}`, `h${n}`, { leg: 'short', side: 'sell', key: 'binance|BTC/USDT:USDT', number: 2 }),
];

/** A ledger whose newest facts are staged, its writer gone without a word. */
function leftStaged(): string {
  const path = ledgerPath();
  const store = open(path);
  store.commit([EPOCH]);
  store.stage(plan(1));
  store.close();
  return path;
}

const rows = (path: string, table: string): number => {
  const shell = new Database(path, { readonly: true });
  const count = Number(shell.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
  shell.close();
  return count;
};

test('plans, commits, restarts and reads in any order: every fact is loaded once and in order', () => {
  const steps = fc.array(fc.constantFrom('stage', 'commit', 'restart', 'read'), { maxLength: 25 });
  fc.assert(
    fc.property(steps, (run) => {
      const path = ledgerPath();
      let store = open(path);
      const facts: Fact[] = [];
      run.forEach((step, n) => {
        if (step === 'restart') {
          store.close();
          store = open(path);
        } else if (step === 'read') {
          const reader = openLedgerReader(path);
          expect(plain(reader.facts())).toEqual(plain(facts));
          reader.close();
        } else {
          const batch = step === 'stage' ? plan(n) : [outcome(lastOrder(facts) ?? 'none')];
          if (step === 'commit' && lastOrder(facts) === undefined) return;
          store[step === 'stage' ? 'stage' : 'commit'](batch);
          facts.push(...batch);
        }
      });
      expect(plain(store.load())).toEqual(plain(facts));
      store.close();
    }),
    { numRuns: 40 },
  );
});

const lastOrder = (facts: readonly Fact[]): string | undefined => {
  const attempts = facts.flatMap((fact) => (fact.kind === 'attempt' ? [fact.clientOrderId] : []));
  return attempts.at(-1);
};

test('killed after staging: the plan stands in one row, readers and checks know it, the next start places it', () => {
  const path = leftStaged();
  expect([rows(path, 'intents'), rows(path, 'hedges'), rows(path, 'attempts')]).toEqual([1, 0, 0]);
  const reader = openLedgerReader(path);
  expect(plain(reader.hedgeFacts('h1'))).toEqual(plain(plan(1)));
  expect([...reader.facts()]).toHaveLength(5);
  reader.close();
  const verdict = verifyLedger(path);
  expect(verdict.findings.filter(({ level }) => level === 'problem')).toEqual([]);
  expect(verdict.findings.map(({ check }) => check)).toContain('staged');
  const again = open(path);
  onTestFinished(() => again.close());
  expect([rows(path, 'intents'), rows(path, 'hedges'), rows(path, 'attempts')]).toEqual([0, 1, 2]);
  expect(plain(again.load())).toEqual(plain([EPOCH, ...plan(1)]));
});

test('a writer places the plan between two reads of a reader: nothing is lost and nothing met twice', () => {
  const path = ledgerPath();
  const store = open(path);
  onTestFinished(() => store.close());
  store.commit([EPOCH]);
  store.stage(plan(1));
  const reader = openLedgerReader(path);
  const facts = reader.facts()[Symbol.iterator]();
  const first = facts.next().value as Fact;
  store.commit([outcome('a1')]);
  const rest = [first, ...{ [Symbol.iterator]: () => facts }];
  expect(plain(rest)).toEqual(plain([EPOCH, ...plan(1)]));
  reader.close();
});

test('a staged plan can be neither changed nor taken out', () => {
  const path = leftStaged();
  const shell = new Database(path);
  expect(() => shell.exec("UPDATE intents SET facts = '[]'")).toThrow(/append-only/);
  expect(() => shell.exec('DELETE FROM intents')).toThrow(/append-only/);
  shell.close();
});

test.each([
  ['no JSON', 'x'],
  ['no list', '{}'],
  ['an unknown kind', '[["wish"]]'],
  ['a cell that cannot be', '[["hedge_moved","h1","nowhere","entering","","",1]]'],
])('an edited staged row (%s) refuses to open and is named', (_, facts) => {
  const path = leftStaged();
  const shell = new Database(path);
  shell.exec('DROP TRIGGER intents_no_update');
  shell.prepare('UPDATE intents SET facts = ?, seq = 2').run(facts);
  shell.exec(`CREATE TRIGGER intents_no_update BEFORE UPDATE ON intents
    BEGIN SELECT RAISE(ABORT, 'intents is append-only'); END`);
  shell.close();
  expect(() => open(path)).toThrow(/damaged|intents row|hedge_moves row|malformed/i);
});
