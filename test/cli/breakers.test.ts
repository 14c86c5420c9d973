/** `tandem breakers`: what people see of breakers, with a running bot and without one. */
import { expect, onTestFinished, test } from 'vitest';
import { parseRequest } from '../../src/cli/control-protocol.ts';
import { renderStatus } from '../../src/cli/screen.ts';
import type { BreakerStatus } from '../../src/engine/breaker-view.ts';
import type { BreakerSwitched, Fact } from '../../src/ledger/facts.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { AT as LEDGER_AT } from '../platform/facts.ts';
import { open } from '../platform/ledger-dir.ts';
import { AT, fakeBot, listening, type Place, place, snapshot, tandem } from './fake-bot.ts';

const breaker = (over: Partial<BreakerStatus> = {}): BreakerStatus => ({
  id: 'error_rate/live/okx',
  name: 'error_rate',
  route: 'live',
  subject: 'okx',
  state: 'tripped',
  reset: 'cooldown',
  unit: 'fraction of calls',
  limit: 0.5,
  actual: 0.6,
  detail: '12 of 20 calls to the venue failed within 5 min',
  since: AT,
  resetsAt: AT + 900_000,
  ...over,
});
const drawdown = breaker({
  id: 'drawdown/live',
  name: 'drawdown',
  subject: '',
  state: 'armed',
  reset: 'human',
  unit: 'USD',
  limit: 1000,
});

const trip = (over: Partial<BreakerSwitched> = {}): BreakerSwitched => ({
  kind: 'breaker',
  name: 'error_rate',
  route: 'live',
  subject: 'okx',
  state: 'tripped',
  limit: 0.5,
  actual: 0.6,
  detail: '12 of 20 calls to the venue failed within 5 min',
  by: 'evidence',
  at: LEDGER_AT,
  ...over,
});

function stored(where: Place, facts: readonly Fact[]): void {
  const store = open(where.ledger);
  store.commit([{ kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: LEDGER_AT }, ...facts]);
  store.close();
}

test('breakers lists every one with state, limit, actual and what ends it', async () => {
  const where = place();
  const bot = fakeBot();
  const { actual: _, ...unknown } = drawdown;
  bot.snapshot = snapshot({ breakers: [breaker(), unknown] });
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'breakers');
  expect(exit).toBe(0);
  expect(out).toMatch(
    /^error_rate\/live\/okx +tripped +0\.5 +0\.6 +fraction of calls +2024-01-01 08:30:00Z +from 2024-01-01 08:45:00Z +12 of 20/m,
  );
  expect(out).toMatch(/^drawdown\/live +armed +1000 +unknown +USD/m);
  const json = JSON.parse((await tandem(where, 'breakers', '--json')).out);
  expect(json).toEqual({ source: 'bot', breakers: [breaker(), unknown] });
});

test('breakers reset gives the command and repeats the answer; a refusal is 4', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  bot.reply = { ok: true, message: 'error_rate/live/okx is reset', hedges: [] };
  const done = await tandem(where, 'breakers', 'reset', 'error_rate/live/okx');
  expect(done).toMatchObject({ exit: 0, out: expect.stringContaining('error_rate/live/okx is reset\n') });
  bot.reply = { ok: false, message: 'daily_loss/live is not reset', hedges: [] };
  expect(await tandem(where, 'breakers', 'reset', 'daily_loss')).toMatchObject({ exit: 4 });
  expect(bot.commands.map(({ command }) => command)).toEqual([
    { action: 'breaker_reset', breaker: 'error_rate/live/okx' },
    { action: 'breaker_reset', breaker: 'daily_loss' },
  ]);
});

test.each(['everything', 'error_rate/both/okx', 'error_rate; rm', 'churn/live/BTC/x'])(
  'a name that no breaker has is wrong usage (2): %s',
  async (name) => {
    const where = place();
    const bot = fakeBot();
    await listening(where, bot);
    const { exit, err } = await tandem(where, 'breakers', 'reset', name);
    expect(exit).toBe(2);
    expect(err).toContain('error_rate/live/okx');
    expect(bot.commands).toEqual([]);
  },
);

test('the socket takes well-formed names only', () => {
  const parse = (name: unknown) =>
    parseRequest(
      JSON.stringify({ id: 1, op: 'command', by: 'x', command: { action: 'breaker_reset', breaker: name } }),
    );
  for (const name of ['churn', 'churn/live', 'churn/paper/BTC']) expect(parse(name).ok, name).toBe(true);
  for (const name of ['', 'Churn', '../x', 'churn/live/B C', 'churn\u001b[31m', 7, undefined, 'a'.repeat(41)])
    expect(parse(name).ok, String(name)).toBe(false);
});

test('without a bot: the ledger tells what is tripped, and a reset is recorded for the next start', async () => {
  const where = place();
  stored(where, [trip(), trip({ subject: 'bybit' }), trip({ name: 'churn', subject: 'BTC', limit: 3, actual: 3 })]);
  const listed = await tandem(where, 'breakers');
  expect(listed.out).toContain('No bot is running');
  expect(listed.out).toMatch(/^churn\/live\/BTC +tripped +3 +3 /m);
  const { exit, out } = await tandem(where, 'breakers', 'reset', 'error_rate');
  expect(exit).toBe(0);
  expect(out).toContain('recorded: error_rate/live/okx, error_rate/live/bybit are reset for the next start');
  expect((await tandem(where, 'breakers', 'reset', 'error_rate')).out).toContain('no breaker error_rate is tripped');
  const left = JSON.parse((await tandem(where, 'breakers', '--json')).out);
  expect(left).toMatchObject({ source: 'ledger', breakers: [{ id: 'churn/live/BTC', state: 'tripped' }] });
  const reader = openLedgerReader(where.ledger);
  onTestFinished(() => reader.close());
  const facts = [...reader.facts()].filter((fact) => fact.kind === 'breaker');
  expect(facts.slice(3)).toMatchObject([
    { subject: 'okx', state: 'reset', by: 'cli' },
    { subject: 'bybit', state: 'reset', by: 'cli' },
  ]);
  expect(facts.at(-1)).not.toHaveProperty('actual');
  expect(await tandem(where, 'ledger', 'verify')).toMatchObject({ exit: 0 });
});

test('breakers without a ledger say what makes one (1); a reset without one has nothing to record (3)', async () => {
  expect(await tandem(place(), 'breakers')).toMatchObject({ exit: 1 });
  expect(await tandem(place(), 'breakers', 'reset', 'churn')).toMatchObject({ exit: 3 });
});

test('the status shows what is tripped and what ends it, the first few in full', () => {
  const screen = (breakers: readonly BreakerStatus[]): string =>
    renderStatus(snapshot({ breakers }), { columns: 220, rows: 60, color: false });
  expect(screen([drawdown])).not.toContain('BREAKER');
  const { resetsAt: _, ...human } = breaker({ id: 'drawdown/live', name: 'drawdown', reset: 'human' });
  const text = screen([breaker(), human]);
  expect(text).toContain('BREAKER  error_rate/live/okx tripped at 2024-01-01T08:30:00.000Z: 12 of 20');
  expect(text).toContain('nothing opens there at least until 2024-01-01T08:45:00.000Z');
  expect(text).toContain('nothing opens there until: tandem breakers reset drawdown/live');
  const many = screen(Array.from({ length: 9 }, (_, i) => breaker({ id: `latency/live/v${i}` })));
  expect(many.split('\n').filter((line) => line.includes('BREAKER'))).toHaveLength(4);
  expect(many).toContain('6 more: npx tandem breakers');
});

test('hostile text in a breaker reaches no terminal', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ breakers: [breaker({ detail: 'x\u001b[2Jy' })] });
  await listening(where, bot);
  for (const command of ['breakers', 'status']) expect((await tandem(where, command)).out).not.toContain('\u001b');
});
