/** `tandem accept`: shows before it takes, and never takes by itself. */
import { expect, test } from 'vitest';
import { parseRequest } from '../../src/cli/control-protocol.ts';
import type { StatusSnapshot } from '../../src/engine/status.ts';
import type { Route } from '../../src/kernel/ids.ts';
import { AT, discrepancy, fakeBot, listening, place, snapshot, tandem } from './fake-bot.ts';

const WALLET = discrepancy();
const PAPER = discrepancy({ id: 'paper|okx|wallet|USDT', route: 'paper', at: AT });
const account = (route: Route, status = 'ready', blocked = '') => ({ route, status, blocked });
const accounts = (...of: ReturnType<typeof account>[]): Partial<StatusSnapshot> => ({
  venues: [{ venue: 'okx', feed: 'up', feedReason: '', malformed: 0, accounts: of }],
});
const BOTH = accounts(account('live'), account('paper'));

test('without a note it shows the account’s differences, accepts nothing, and returns 4', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ ...BOTH, discrepancies: [WALLET, PAPER] });
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'accept', 'okx');
  expect(exit).toBe(4);
  expect(out).toMatch(/^SIM, account main, ledger \S+sim\.db\n/);
  expect(out).toMatch(/60 s\s+wallet\s+100\s+150\s+wallet is 50 USDT away/);
  expect(out).toContain("tandem accept okx --route live --note '<why>'");
  expect(out).not.toContain('paper|');
  expect(bot.commands).toEqual([]);
});

test('with a note it gives the command for what was shown, and prints what the bot accepted', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ ...BOTH, discrepancies: [WALLET, PAPER] });
  bot.reply = { ok: true, message: 'accepted: wallet is 50 USDT away -> 150', hedges: [] };
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'accept', 'okx', '--note', 'deposit of 50');
  expect(exit).toBe(0);
  expect(out).toContain('accepted: wallet is 50 USDT away -> 150');
  expect(bot.commands.map(({ command }) => command)).toEqual([
    { action: 'accept', venue: 'okx', route: 'live', note: 'deposit of 50', seenAt: WALLET.at },
  ]);
  bot.reply = { ok: false, message: 'a newer difference has been found meanwhile', hedges: [] };
  const refused = await tandem(where, 'accept', 'okx', '--route', 'paper', '--note', 'x', '--json');
  expect(refused.exit).toBe(4);
  expect(JSON.parse(refused.out)).toMatchObject({ route: 'paper', accepted: false, open: [{ id: PAPER.id }] });
});

test('nothing open is nothing to accept', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot(BOTH);
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'accept', 'okx', '--note', 'x');
  expect(exit).toBe(0);
  expect(out).toContain('Nothing is open on live|okx');
  expect(bot.commands).toEqual([]);
});

test('wrong-bot: a simulated or test account that agrees is no word about real money', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  for (const [mode, kind] of [
    ['sim', 'a simulated account'],
    ['testnet', 'an account of a test network'],
  ] as const) {
    bot.snapshot = snapshot({ ...BOTH, mode });
    const { out } = await tandem(where, 'accept', 'okx', '--route', 'live');
    expect(out).toContain(`live|okx is ${kind}; of real money this says nothing`);
  }
  bot.snapshot = snapshot({ ...BOTH, mode: 'live' });
  expect((await tandem(where, 'accept', 'okx', '--route', 'live')).out).not.toContain('real money');
});

test('wrong-bot: mode paper has no live account to be at one with (2)', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ ...accounts(account('paper')), mode: 'paper' });
  await listening(where, bot);
  const { exit, out, err } = await tandem(where, 'accept', 'okx', '--route', 'live');
  expect(exit).toBe(2);
  expect(out).not.toContain('agree');
  expect(err).toContain('there is no account live|okx: mode paper has paper|okx; another bot: --config <file>');
});

test('the account is the one there is; one that is not there, or was not compared, does not agree', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ ...accounts(account('paper')), discrepancies: [PAPER] });
  await listening(where, bot);
  const paper = await tandem(where, 'accept', 'okx');
  expect(paper).toMatchObject({ exit: 4, out: expect.stringContaining('tandem accept okx --route paper') });
  const unknown = await tandem(where, 'accept', 'bynance');
  expect(unknown).toMatchObject({ exit: 2, err: expect.stringContaining('mode sim has paper|okx') });
  expect((await tandem(where, 'accept', 'okx', '--route', 'live')).exit).toBe(2);
  bot.snapshot = snapshot(accounts(account('live', 'booting', 'timeout: no answer')));
  const booting = await tandem(where, 'accept', 'okx');
  expect(booting).toMatchObject({ exit: 4, err: expect.stringContaining('has not been compared yet: timeout') });
  expect(booting.out).not.toContain('agree');
});

test('wrong usage is 2, and no bot is 3', async () => {
  const where = place();
  expect(await tandem(where, 'accept', 'okx')).toMatchObject({ exit: 3 });
  await listening(where, fakeBot());
  for (const args of [
    ['--note', ' '],
    ['--note', 'x'.repeat(501)],
    ['--route', 'both'],
  ])
    expect(await tandem(where, 'accept', 'okx', ...args)).toMatchObject({ exit: 2 });
});

test('what is not exactly an acceptance is no request', () => {
  const sound = { action: 'accept', venue: 'okx', route: 'live', note: 'why', seenAt: 1 };
  const parsed = (over: object) =>
    parseRequest(JSON.stringify({ id: 1, op: 'command', by: 'cli', command: { ...sound, ...over } })).ok;
  expect(parsed({})).toBe(true);
  for (const over of [
    { venue: 'OKX;' },
    { route: 'all' },
    { note: '' },
    { note: 7 },
    { seenAt: 'now' },
    { seenAt: 1.5 },
  ])
    expect(parsed(over)).toBe(false);
});
