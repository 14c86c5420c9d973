import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { StatusSnapshot } from '../../src/engine/status.ts';
import { base, px, quote } from '../../src/kernel/decimal.ts';
import type { InstrumentKey } from '../../src/kernel/ids.ts';
import type { Fact } from '../../src/ledger/facts.ts';
import { openLedgerReader } from '../../src/platform/sqlite/reader.ts';
import { attempt, fill, AT as LEDGER_AT, payment, planned } from '../platform/facts.ts';
import { open } from '../platform/ledger-dir.ts';
import {
  fakeBot,
  heldHedge,
  listening,
  opportunity,
  type Place,
  place,
  position,
  snapshot,
  tandem,
} from './fake-bot.ts';

const BTC_LEGS = { long: 'okx|BTC/USDT:USDT', short: 'binance|BTC/USDT:USDT' };

/** h1 opened at 30000 and 30010, held; the short leg has received 1.25. */
const HELD: readonly Fact[] = [
  { kind: 'epoch', epoch: 1, mode: 'sim', pid: 1, at: LEDGER_AT },
  planned('h1'),
  { kind: 'hedge_moved', hedge: 'h1', from: 'planned', to: 'entering', reason: 'approved', detail: '', at: LEDGER_AT },
  attempt('c1', 'h1'),
  attempt('c2', 'h1', { leg: 'short', side: 'sell', key: 'binance|BTC/USDT:USDT', limitPrice: px('30000') }),
  fill('1', { hedge: 'h1', leg: 'long', clientOrderId: 'c1', fee: quote('3.75') }),
  fill('2', {
    hedge: 'h1',
    leg: 'short',
    clientOrderId: 'c2',
    venue: 'binance',
    side: 'sell',
    price: px('30010'),
    fee: quote('3'),
  }),
  { kind: 'outcome', clientOrderId: 'c1', status: 'filled', filled: base('0.25'), at: LEDGER_AT },
  { kind: 'outcome', clientOrderId: 'c2', status: 'filled', filled: base('0.25'), at: LEDGER_AT },
  { kind: 'hedge_moved', hedge: 'h1', from: 'entering', to: 'held', reason: 'filled', detail: '', at: LEDGER_AT },
  payment('p1', '1.25', { hedge: 'h1', leg: 'short' }),
  {
    kind: 'decision',
    subject: 'okx|ETH/USDT:USDT~bybit|ETH/USDT:USDT',
    asset: 'ETH',
    verdict: 'refused',
    rules: ['spread'],
    reasons: JSON.stringify([
      { rule: 'spread', limit: 0.0005, actual: 0.0002, shortfall: 0.0003, detail: 'short minus long rate per 8 h' },
    ]),
    at: LEDGER_AT,
  },
];

function stored(where: Place, facts: readonly Fact[] = HELD): void {
  const store = open(where.ledger);
  store.commit(facts);
  store.close();
}

test.each(['status', 'resume', 'flatten', 'kill --reset', 'close h1'])(
  '%s without a running bot says so and how to start one (3)',
  async (line) => {
    const { exit, out, err } = await tandem(place(), ...line.split(' '));
    expect(exit).toBe(3);
    expect(out).toBe('');
    expect(err).toMatch(/no bot is running .*npx tandem --config \S+ run/);
  },
);

test.each(['hedges', 'hedge h1', 'ledger verify', 'ledger backup b.db', 'why BTC', 'opportunities'])(
  '%s without a ledger says what makes one (1) and makes none',
  async (line) => {
    const where = place();
    const { exit, err } = await tandem(where, ...line.split(' '));
    expect(exit).toBe(1);
    expect(err).toContain(`the first run makes it: npx tandem --config ${where.config} run`);
    expect(existsSync(where.ledger)).toBe(false);
  },
);

test('a bad configuration lists every problem with its line (2)', async () => {
  const where = place('pausd: true\nrisk:\n  size: { hedgeNotionalUsd: -5 }\n');
  for (const command of ['run', 'doctor', 'config show']) {
    const { exit, out, err } = await tandem(where, ...command.split(' '));
    expect(exit, command).toBe(2);
    expect(out + err).toMatch(/sim\.yaml:5:\d+ pausd.*did you mean paused/);
    expect(out + err).toMatch(/sim\.yaml:7:\d+ risk\.size\.hedgeNotionalUsd/);
  }
  expect(await tandem(where, 'config', 'check')).toMatchObject({ exit: 2 });
});

test.each([
  ['a key twice', 'risk: { exposure: { maxOpenHedges: 1, maxOpenHedges: 2 } }\n'],
  ['a section that is like none of ours', 'riks: {}\n'],
  ['a key of somebody else', 'owner: me\n'],
])('bad-edit-then-kill: %s leaves no doubt which bot is meant', async (_, extra) => {
  const where = place(extra);
  const bot = fakeBot();
  await listening(where, bot);
  bot.snapshot = snapshot({ hedges: [] });
  bot.reply = { ok: true, message: 'no hedge is open', hedges: [] };
  expect(await tandem(where, 'config', 'check')).toMatchObject({ exit: 2 });
  expect(await tandem(where, 'kill')).toMatchObject({ exit: 0 });
  expect(bot.commands.map(({ command }) => command.action)).toEqual(['kill']);
});

test('bad-edit-then-kill: a slip in the file does not stand between the operator and the running bot', async () => {
  const where = place('pausd: true\nrisk:\n  size: { hedgeNotionalUsd: -5 }\n');
  const bot = fakeBot();
  await listening(where, bot);
  bot.snapshot = snapshot({ hedges: [] });
  bot.reply = { ok: true, message: 'no hedge is open', hedges: [] };
  for (const command of ['status', 'pause', 'flatten', 'kill']) {
    const { exit, err } = await tandem(where, command);
    expect(exit, command).toBe(0);
    expect(err).toMatch(/sim\.yaml has 2 problems; a bot that runs goes on with what it had .*config check/);
  }
  expect(bot.commands.map(({ command }) => command.action)).toEqual(['pause', 'flatten', 'kill']);
});

test.each([
  ['a misspelled section that may have named it', 'ledgr: { path: other.db }\n'],
  ['one at the wrong depth', 'risk:\n  ledger: { path: other.db }\n'],
  ['its mode twice', 'mode: paper\n'],
  ['a misspelled account', 'acount: other\n'],
  ['an unusable socket', 'operator: { socket: 5 }\n'],
  ['text that cannot be parsed', 'risk: [1\n'],
])('which bot is meant is never guessed: %s (2)', async (_, extra) => {
  const where = place(extra);
  const bot = fakeBot();
  await listening(where, bot);
  const { exit, err } = await tandem(where, 'kill');
  expect(exit).toBe(2);
  expect(err).toContain('does not tell which bot is meant');
  expect(err).toMatch(/sim\.yaml:\d+:\d+ /);
  expect(bot.commands).toEqual([]);
});

test.each([
  ['bogus'],
  ['close'],
  ['close', 'h1; rm'],
  ['flatten', '--wait', '-1'],
  ['flatten', '--wait', '1e9'],
  ['why'],
])('wrong usage is 2: %s %s %s', async (...args) => {
  expect(await tandem(place(), ...args)).toMatchObject({ exit: 2 });
});

test('status shows the bot, and --json is the snapshot itself', async () => {
  const where = place();
  await listening(where, fakeBot());
  const text = await tandem(where, 'status');
  expect(text.exit).toBe(0);
  expect(text.out).toContain('tandem · main');
  expect(JSON.parse((await tandem(where, 'status', '--json')).out)).toEqual(snapshot());
  expect(JSON.parse((await tandem(where, '--json', 'status')).out)).toEqual(snapshot());
});

test('why: every candidate with its rules, limits, actual figures and shortfalls', async () => {
  const where = place();
  const bot = fakeBot();
  const sound = opportunity({ verdict: 'approved', breaches: [], pair: 'bybit|BTC~okx|BTC' });
  bot.snapshot = snapshot({ opportunities: [sound, opportunity(), opportunity({ asset: 'ETH' })] });
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'why', 'btc');
  expect(exit).toBe(0);
  expect(out).toContain('bybit|BTC~okx|BTC: approved');
  expect(out).toMatch(/net_apr +0\.1 +0\.082 +0\.018 +net APR after all costs/);
  const json = JSON.parse((await tandem(where, 'why', 'BTC', '--json')).out);
  expect(json).toMatchObject({ source: 'bot', asset: 'BTC' });
  expect(json.candidates).toHaveLength(2);
  expect(await tandem(where, 'why', 'NOPE')).toMatchObject({ exit: 1 });
});

test('a log that cannot be opened is named before anything starts', async () => {
  const where = place('log: { file: /dev/null/below.log }\n');
  const { exit, err } = await tandem(where, 'run');
  expect(exit).toBe(2);
  expect(err).toContain('the log cannot be opened, see log.file: ');
  expect(existsSync(where.ledger)).toBe(false);
});

test('unpriced: what cannot be priced is named with its reason, and is no candidate', async () => {
  const where = place();
  const bot = fakeBot();
  const unpriced = {
    pair: 'okx|SOL~bybit|SOL',
    asset: 'SOL',
    key: 'okx|SOL' as InstrumentKey,
    code: 'no_depth' as const,
    detail: 'the book ends at 2000 of 5000 USD',
  };
  bot.snapshot = snapshot({ unpriced: [unpriced] });
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'why', 'sol');
  expect(exit).toBe(0);
  expect(out).toContain('okx|SOL~bybit|SOL: cannot be priced\n  no_depth: okx|SOL: the book ends at 2000 of 5000 USD');
  expect((await tandem(where, 'why', 'BTC')).out).not.toContain('cannot be priced');
  const all = (await tandem(where, 'opportunities')).out;
  expect(all).toContain(`Not priced: 1 pair of SOL; npx tandem --config ${where.config} why <asset>`);
  expect(JSON.parse((await tandem(where, 'opportunities', '--json')).out).unpriced).toEqual([unpriced]);
});

test('why: venues without market data are named before it is said that they do not list an asset', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  expect((await tandem(where, 'why', 'NOPE')).out).toContain(
    'The running bot sees no pair of NOPE: it has no market data of okx (no frame for 9 s).',
  );
  bot.snapshot = snapshot({ venues: snapshot().venues.map((venue) => ({ ...venue, feed: 'up' })) });
  expect((await tandem(where, 'why', 'NOPE')).out).toContain('at least two of its venues must list it');
});

test('why and opportunities without a bot tell the newest recorded decisions', async () => {
  const where = place();
  stored(where);
  const { exit, out } = await tandem(where, 'why', 'ETH');
  expect(exit).toBe(0);
  expect(out).toContain('No bot is running');
  expect(out).toMatch(/spread +0\.0005 +0\.0002 +0\.0003/);
  const { source, opportunities } = JSON.parse((await tandem(where, 'opportunities', '--json')).out);
  expect(source).toBe('ledger');
  expect(opportunities).toMatchObject([{ asset: 'ETH', verdict: 'refused', breaches: [{ rule: 'spread' }] }]);
});

test('what a leg paid is told once as paid, without a sign', async () => {
  const where = place();
  stored(where, [...HELD, payment('p2', '-0.25', { hedge: 'h1', leg: 'long' })]);
  const { out } = await tandem(where, 'hedge', 'h1');
  expect(out).toContain('funding   received 1.25 USDT on binance (short leg)');
  expect(out).toContain('funding   paid 0.25 USDT on binance (long leg)');
});

test('hedges and hedge tell the life from the ledger, money exact', async () => {
  const where = place();
  stored(where);
  // Fees 3.75 + 3, funding 1.25: net -5.50.
  const list = (await tandem(where, 'hedges')).out;
  expect(list).toContain('Of open hedges, price PnL and net hold what is realised');
  expect(list).toMatch(/h1 +BTC +live +long okx \/ short binance +0\.25 +held .* \+1\.25 +6\.75 +0\.00 +-5\.50/);
  const { out } = await tandem(where, 'hedge', 'h1');
  const kinds = out.split('\n').flatMap((line) => /^\d{4}-.*? s {2}(\w+) /.exec(line)?.[1] ?? []);
  expect(kinds).toEqual([
    'planned',
    'state',
    'order',
    'order',
    'fill',
    'fill',
    'outcome',
    'outcome',
    'state',
    'funding',
  ]);
  expect(out).toContain('fill      c2: sell 0.25 on binance at 30010, fee 3 USDT');
  const json = JSON.parse((await tandem(where, 'hedge', 'h1', '--json')).out);
  expect(json.hedge).toMatchObject({ id: 'h1', state: 'held', funding: '1.25', fees: '6.75', net: '-5.5' });
  expect(json.facts).toHaveLength(10);
  expect(await tandem(where, 'hedge', 'h9')).toMatchObject({ exit: 1 });
  expect(await tandem(where, 'hedge', 'nine')).toMatchObject({ exit: 2 });
  expect(JSON.parse((await tandem(where, 'hedges', '--json', '--open')).out)).toMatchObject({ total: 1 });
});

test.each(['hedges', 'hedge h1', 'why ETH', 'opportunities', 'breakers'])(
  'wrong-bot: %s says first whom it answers for, beside a bot and without one; never in --json',
  async (line) => {
    const where = place();
    stored(where);
    const whom = new RegExp(`^SIM, account main, ledger ${where.ledger}\n`);
    expect((await tandem(where, ...line.split(' '))).out).toMatch(whom);
    const bot = fakeBot();
    bot.snapshot = snapshot({ opportunities: [opportunity({ asset: 'ETH' })] });
    await listening(where, bot);
    expect((await tandem(where, ...line.split(' '))).out).toMatch(whom);
    expect((await tandem(where, ...line.split(' '), '--json')).out).toMatch(/^\{/);
  },
);

test.each([
  ['mode', 'live'],
  ['account', 'other'],
])('wrong-bot: a file that names another %s reaches neither the bot nor its ledger', async (key, value) => {
  const where = place();
  stored(where);
  const wrong = join(where.folder, 'wrong.yaml');
  const settings = { mode: 'sim', account: 'main', [key]: value };
  writeFileSync(
    wrong,
    `mode: ${settings.mode}\naccount: ${settings.account}\nledger: { path: ${where.ledger} }\n${value === 'live' ? '' : 'simulator: { stepSeconds: 1 }\n'}`,
  );
  const elsewhere = { ...where, config: wrong };
  for (const line of ['hedges', 'hedge h1', 'why ETH', 'opportunities', 'breakers', 'pause', 'kill']) {
    const { exit, err } = await tandem(elsewhere, ...line.split(' '));
    expect([line, exit, err]).toEqual([line, 5, expect.stringMatching(/belongs to/)]);
  }
  const bot = fakeBot();
  await listening(where, bot);
  for (const line of [
    'status',
    'why ETH',
    'opportunities',
    'breakers',
    'pause',
    'resume',
    'close h1',
    'flatten',
    'kill',
    'kill --reset',
  ]) {
    const { exit, err } = await tandem(elsewhere, ...line.split(' '));
    expect([line, exit, err]).toEqual([line, 4, expect.stringMatching(/is SIM, account main, not /)]);
  }
  expect(bot.commands).toEqual([]);
});

test('wrong-bot: what a command says to do next names the file that it was given', async () => {
  const where = place();
  stored(where);
  const bot = fakeBot();
  bot.snapshot = snapshot({ killed: true });
  bot.reply = { ok: true, message: 'closing h3', hedges: ['h3'] };
  await listening(where, bot);
  const hint = (command: string): string => `tandem --config ${where.config} ${command}`;
  expect((await tandem(where, 'status')).out).toContain(hint('kill --reset'));
  expect((await tandem(where, 'hedges')).out).toContain(hint('status'));
  expect((await tandem(where, 'hedge', 'h9')).err).toContain(hint('hedges'));
  expect((await tandem(where, 'close', 'h3', '--wait', '0')).out).toContain(hint('status'));
});

test('removed-socket: a bot that trades on is not called stopped, and makes its socket again', async () => {
  const where = place();
  const store = open(where.ledger);
  onTestFinished(() => store.close());
  store.commit(HELD);
  for (const line of ['breakers', 'why BTC', 'opportunities', 'why ETH']) {
    const { out } = await tandem(where, ...line.split(' '));
    expect(out, line).not.toContain('No bot is running');
    expect(out, line).toContain(`process ${process.pid}, which held the ledger last, is alive`);
  }
  const { exit, err } = await tandem(where, 'status');
  expect(exit).toBe(3);
  expect(err).toContain(`process ${process.pid}`);
});

test('frozen-clock: a simulated hedge is held until now, as the running bot or else the newest decision has it', async () => {
  const where = place();
  const minutes = 60_000;
  const [decision] = HELD.slice(-1);
  if (decision?.kind !== 'decision') throw new Error('the last of the facts is a decision');
  stored(where, [...HELD, { ...decision, at: LEDGER_AT + 31 * minutes }]);
  const held = async (): Promise<string[]> => [
    (await tandem(where, 'hedges')).out.match(/ (\S+ \S+) +\+1\.25 /)?.[1] ?? '',
    (await tandem(where, 'hedge', 'h1')).out.match(/, held (\S+ \S+)\n/)?.[1] ?? '',
  ];
  expect(await held()).toEqual(['31 min', '31 min']);
  const bot = fakeBot();
  bot.snapshot = snapshot({ hedges: [], at: LEDGER_AT + 46 * minutes });
  await listening(where, bot);
  expect(await held()).toEqual(['46 min', '46 min']);
});

test('a limit of none is not an empty ledger', async () => {
  const where = place();
  stored(where);
  const { out } = await tandem(where, 'hedges', '--limit', '0');
  expect(out).not.toContain('No hedge');
  expect(out).toContain('1 more');
});

test('pause, resume and kill --reset give the command and repeat the answer; a refusal is 4', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  bot.reply = { ok: true, message: 'paused: nothing opens', hedges: [] };
  expect(await tandem(where, 'pause')).toMatchObject({
    exit: 0,
    // Which bot it was for, before what it answered.
    out: expect.stringMatching(/^SIM, account main, ledger \S+sim\.db\npaused: nothing opens\n$/),
  });
  bot.reply = { ok: false, message: 'the kill switch is latched', hedges: [] };
  expect(await tandem(where, 'resume')).toMatchObject({ exit: 4, err: 'tandem: the kill switch is latched\n' });
  expect(await tandem(where, 'close', 'h3')).toMatchObject({ exit: 4 });
  bot.reply = { ok: true, message: 'reset', hedges: [] };
  expect(await tandem(where, 'kill', '--reset')).toMatchObject({ exit: 0 });
  expect(bot.commands.map(({ command }) => command.action)).toEqual(['pause', 'resume', 'close', 'kill_reset']);
});

test('close waits until the hedge is final and the venues are flat, then says so', async () => {
  const where = place();
  const bot = fakeBot();
  const h3 = heldHedge({ id: 'h3', ...BTC_LEGS });
  const other = heldHedge({ id: 'h4', route: 'live' });
  bot.snapshot = snapshot({ hedges: [h3, other] });
  bot.reply = { ok: true, message: 'closing h3', hedges: ['h3'] };
  bot.held = [
    position('live|okx', { 'okx|BTC/USDT:USDT': '0.5' }),
    position('live|binance', { 'binance|ETH/USDT:USDT': '9' }),
  ];
  bot.onCommand = () => {
    bot.snapshot = snapshot({ hedges: [{ ...h3, state: 'exiting' }, other] });
    setTimeout(() => {
      bot.snapshot = snapshot({ hedges: [other] });
      // The position list trails the fills.
      setTimeout(() => {
        bot.held = [position('live|okx'), position('live|binance', { 'binance|ETH/USDT:USDT': '9' })];
      }, 300);
    }, 100);
  };
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'close', 'h3', '--wait', '20');
  expect(out).toContain('h3: closed; live|okx BTC/USDT:USDT flat; live|binance BTC/USDT:USDT flat');
  expect(out).toContain('Everything asked for is flat.');
  expect(exit).toBe(0);
});

test('not-flat: what is left after the wait is named, and the exit code is not 0', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({
    hedges: [heldHedge({ id: 'h3', state: 'exiting', reason: 'operator_close', ...BTC_LEGS })],
  });
  bot.reply = { ok: true, message: 'closing h3', hedges: ['h3'] };
  bot.held = [position('live|okx', { 'okx|BTC/USDT:USDT': '0.5' }), position('live|binance')];
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'close', 'h3', '--wait', '0');
  expect(exit).toBe(1);
  expect(out).toContain(
    'h3: still exiting after 0 s (operator_close); live|okx BTC/USDT:USDT 0.5; live|binance BTC/USDT:USDT flat',
  );
  expect(out).toContain('The bot goes on closing');
  expect(out).toContain('left: live|okx okx|BTC/USDT:USDT 0.5');
  expect(out).not.toContain('Everything');
});

test.each([
  ['close h3', 'dust'],
  ['flatten', 'position_differs'],
  ['kill', 'hidden'],
  ['close h3', 'order_unresolvable'],
  ['close h3', 'a_reason_of_later'],
])(
  'quarantined-is-not-closing: after %s, what is quarantined for %s needs a human, and why is said',
  async (line, reason) => {
    const where = place();
    const bot = fakeBot();
    const detail = 'okx takes no order as small as 0.0003';
    const h3 = heldHedge({ id: 'h3', state: 'quarantined', reason, detail, ...BTC_LEGS });
    bot.snapshot = snapshot({ hedges: [h3] });
    bot.reply = { ok: true, message: 'closing h3', hedges: ['h3'] };
    bot.held = [position('live|okx', { 'okx|BTC/USDT:USDT': '0.0003' }), position('live|binance')];
    await listening(where, bot);
    const { exit, out } = await tandem(where, ...line.split(' '), '--wait', '0');
    expect(exit).toBe(1);
    expect(out).toContain(`h3: still quarantined after 0 s (${reason}: ${detail}); live|okx`);
    expect(out).toContain(`h3 needs you: npx tandem --config ${where.config} hedge h3`);
    expect(out).not.toContain('goes on closing');
    const json = JSON.parse((await tandem(where, ...line.split(' '), '--wait', '0', '--json')).out);
    expect(json.hedges).toMatchObject([{ id: 'h3', state: 'quarantined', reason, detail }]);
  },
);

test('quarantined-is-not-closing: exhausted attempts are repeated by the bot, beside one that needs a human', async () => {
  const where = place();
  const bot = fakeBot();
  const tired = heldHedge({ id: 'h3', state: 'quarantined', reason: 'attempts_exhausted', ...BTC_LEGS });
  bot.snapshot = snapshot({ hedges: [tired, heldHedge({ id: 'h4', state: 'quarantined', reason: 'dust' })] });
  bot.reply = { ok: true, message: 'closing h3, h4', hedges: ['h3', 'h4'] };
  await listening(where, bot);
  const { out } = await tandem(where, 'flatten', '--wait', '0');
  expect(out).toContain('The bot goes on closing h3; look again with');
  expect(out).not.toContain('h3 needs you');
  expect(out).toContain('h4 needs you');
});

test('unreadable-venue: unknown is not flat, and the exit code tells it from something that is left', async () => {
  const where = place();
  const bot = fakeBot();
  const late = { ok: false, code: 'timeout', detail: 'late' } as const;
  bot.snapshot = snapshot({ hedges: [] });
  bot.held = [position('live|okx'), { account: 'live|bybit', read: late, orders: late }];
  bot.reply = { ok: true, message: 'no hedge is open', hedges: [] };
  await listening(where, bot);
  for (const command of ['flatten', 'kill']) {
    const { exit, out } = await tandem(where, command, '--wait', '0');
    expect(exit).toBe(6);
    expect(out).toContain('unknown: live|bybit could not be read (timeout: late)');
    expect(out).not.toContain('Proved');
  }
  bot.held = [position('live|okx'), { ...position('live|bybit'), orders: late }];
  expect(await tandem(where, 'kill', '--wait', '0')).toMatchObject({ exit: 6 });
  bot.held = [position('live|okx'), position('live|bybit', { 'bybit|X/USDT:USDT': '1' })];
  const { exit, out } = await tandem(where, 'flatten', '--wait', '0', '--json');
  expect(exit).toBe(1);
  // Nobody's position counts as well: flatten means everything.
  expect(JSON.parse(out)).toMatchObject({ complete: false, left: [{ account: 'live|bybit', quantity: '1' }] });
});

test.each(['kill', 'flatten'])('%s is given before anything is asked', async (command) => {
  const where = place();
  const bot = fakeBot();
  bot.positions = async () => [position('live|okx')];
  bot.reply = { ok: true, message: 'no hedge is open', hedges: [] };
  const seen: string[] = [];
  const status = (): StatusSnapshot => {
    seen.push(`status after ${bot.commands.length}`);
    return bot.snapshot;
  };
  await listening(where, { ...bot, status });
  await tandem(where, command, '--wait', '0');
  expect(seen[0]).toBe('status after 1');
});

test('proved-flat: two looks apart, positions and open orders; the first empty answer may be wrong', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ hedges: [] });
  bot.reply = { ok: true, message: 'kill switch latched; no hedge is open', hedges: [] };
  const looks: number[] = [];
  const held = position('live|okx', { 'okx|BTC/USDT:USDT': '0.5' });
  // Empty at first, then the position after all, then gone.
  bot.positions = async () => {
    looks.push(Date.now());
    return looks.length === 2 ? [held] : [position('live|okx')];
  };
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'kill', '--wait', '20');
  expect(exit).toBe(0);
  expect(out).toContain('Proved flat: every account was read twice');
  expect(looks.length).toBeGreaterThan(3);
  const [, , third = Number.NaN] = looks;
  expect((looks.at(-1) ?? 0) - third).toBeGreaterThanOrEqual(1_400);
});

test('a flattening that the ledger could not take is not in force, and says so (4)', async () => {
  const where = place();
  const bot = fakeBot();
  bot.reply = { ok: false, message: 'the ledger cannot be written: disk_full', hedges: [] };
  await listening(where, bot);
  const { exit, err } = await tandem(where, 'flatten');
  expect(exit).toBe(4);
  expect(err).toMatch(/disk_full; it is NOT in force: hedges stay open until it is given again/);
});

test.each(['hedges', 'hedge h1', 'breakers', 'kill'])(
  '%s of a ledger whose facts do not follow: damaged (5)',
  async (line) => {
    const where = place();
    // Held before it was entered, as only an editor's hand writes it.
    stored(
      where,
      HELD.filter((fact) => !(fact.kind === 'hedge_moved' && fact.to === 'entering')),
    );
    const { exit, err } = await tandem(where, ...line.split(' '));
    expect(exit).toBe(5);
    expect(err).toMatch(/cannot follow those before it .*tandem ledger verify/);
    expect(err).not.toContain('    at ');
  },
);

test('a bot that goes away after it took the command: what it said is not lost', async () => {
  const where = place();
  const bot = fakeBot();
  bot.reply = { ok: true, message: 'kill switch latched; closing h3', hedges: ['h3'] };
  bot.positions = () => Promise.reject(new Error('it is gone'));
  bot.snapshot = snapshot({ hedges: [] });
  await listening(where, bot);
  const { exit, err } = await tandem(where, 'kill', '--wait', '0');
  expect(exit).toBe(1);
  expect(err).toMatch(/kill switch latched; closing h3.*how far it came is not known.*it is gone/);
});

test('an order that rests is left, whoever placed it', async () => {
  const where = place();
  const bot = fakeBot();
  bot.snapshot = snapshot({ hedges: [] });
  bot.reply = { ok: true, message: 'no hedge is open', hedges: [] };
  const order = {
    clientOrderId: 'web-1',
    venueOrderId: '77',
    key: 'okx|BTC/USDT:USDT',
    side: 'buy',
    status: 'open',
    quantity: base('0.5'),
    filled: base('0.1'),
    updatedAt: LEDGER_AT,
  } as const;
  bot.held = [{ ...position('live|okx'), orders: { ok: true, at: LEDGER_AT, value: [order] } }];
  await listening(where, bot);
  const { exit, out } = await tandem(where, 'kill', '--wait', '0');
  expect(exit).toBe(1);
  expect(out).toContain('open order: live|okx okx|BTC/USDT:USDT buy 0.4 (77)');
});

test('pause without a bot is recorded in the ledger for the next start', async () => {
  const where = place();
  stored(where);
  const first = await tandem(where, 'pause');
  expect(first.exit).toBe(0);
  expect(first.out).toContain('the next start opens nothing');
  expect(first.out).toContain('Open and not managed: h1.');
  expect((await tandem(where, 'pause')).out).toContain('paused already');
  const reader = openLedgerReader(where.ledger);
  onTestFinished(() => reader.close());
  expect(reader.controls(9)).toMatchObject([{ action: 'pause', by: 'cli', at: LEDGER_AT + 5 }]);
});

test('kill without a bot latches, orders the exits for the next start, and does not call anything closed (3)', async () => {
  const where = place();
  stored(where);
  const { exit, out } = await tandem(where, 'kill');
  expect(exit).toBe(3);
  expect(out).toContain('NOT closed: h1');
  const reader = openLedgerReader(where.ledger);
  onTestFinished(() => reader.close());
  expect(reader.hedgeFacts('h1').at(-1)).toMatchObject({
    kind: 'hedge_moved',
    from: 'held',
    to: 'exiting',
    reason: 'kill',
  });
  expect(await tandem(where, 'ledger', 'verify')).toMatchObject({ exit: 0 });
});

test('kill without a bot proves nothing, however empty the ledger is (3)', async () => {
  const where = place();
  stored(where, HELD.slice(0, 1));
  for (const words of ['latched for the next start', 'latched already']) {
    const { exit, out } = await tandem(where, 'kill');
    expect(exit).toBe(3);
    expect(out).toContain(words);
    expect(out).toContain('no account was read');
  }
  const { exit, out } = await tandem(where, '--json', 'kill');
  expect([exit, JSON.parse(out)]).toEqual([3, expect.objectContaining({ ok: false, openHedges: [] })]);
});

test('a valid configuration that can open nothing is told so', async () => {
  const where = place('risk: { allow: { venues: [okx] } }');
  const { exit, out } = await tandem(where, 'config', 'check');
  expect([exit, out]).toEqual([0, expect.stringMatching(/opens nothing: only okx is left/)]);
  const { out: json } = await tandem(where, '--json', 'config', 'check');
  expect(JSON.parse(json)).toMatchObject({ ok: true, idle: expect.stringContaining('only okx') });
});

test('a ledger that another process holds is not written beside it', async () => {
  const where = place();
  const store = open(where.ledger);
  onTestFinished(() => store.close());
  const { exit, err } = await tandem(where, 'kill');
  expect(exit).toBe(1);
  expect(err).toContain(`process ${process.pid} runs on ledger`);
});

test('a ledger whose lock was removed beneath its holder is not written beside it either', async () => {
  const where = place();
  const store = open(where.ledger);
  onTestFinished(() => store.close());
  rmSync(`${where.ledger}.lock`);
  const { exit, err } = await tandem(where, 'pause');
  expect(exit).toBe(1);
  expect(err).toMatch(/lock file was removed.*remove .*sim\.db\.lock\.json and try again; nothing was recorded/);
});

test('a ledger of another account is refused (5)', async () => {
  const where = place();
  open(where.ledger, { account: 'other' }).close();
  expect(await tandem(where, 'pause')).toMatchObject({ exit: 5 });
});

test('config show and schema print what is in force', async () => {
  const where = place();
  const json = JSON.parse((await tandem(where, 'config', 'show', '--json')).out);
  expect(json).toMatchObject({ mode: 'sim', ledger: { path: where.ledger }, paused: false });
  expect((await tandem(where, 'config', 'show')).out).toContain('mode: sim\n');
  expect(JSON.parse((await tandem(where, 'config', 'schema')).out)).toMatchObject({ type: 'object' });
  expect(await tandem(where, 'config', 'check')).toMatchObject({ exit: 0 });
});
