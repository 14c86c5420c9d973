import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { doctor } from '../../src/cli/commands/doctor.ts';
import { type Check, examineAll, type Surroundings } from '../../src/cli/health-checks.ts';
import { probeAccount } from '../../src/cli/venue-probe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { contracts, quote } from '../../src/kernel/decimal.ts';
import { failure, success } from '../../src/kernel/outcome.ts';
import { hostsTo } from '../../src/venues/registry.ts';
import { open } from '../platform/ledger-dir.ts';
import { BTC, CREDENTIALS, startWorld } from '../venues/world.ts';
import { AT, fakeBot, listening, place, tandem, terminal } from './fake-bot.ts';

const answering: Surroundings['probe'] = async () => success({ skewMs: 20, roundTripMs: 40 }, AT);
const unasked: Surroundings['probeAccount'] = () => {
  throw new Error('must not be asked');
};
const taking: Surroundings['probeAccount'] = async () =>
  success({ excess: [], currency: 'USDT', wallet: quote('1234.567'), positions: 1 }, AT);

async function checksOf(yaml: string, over: Partial<Surroundings> = {}, where = place()): Promise<readonly Check[]> {
  writeFileSync(where.config, `${yaml}\nledger:\n  path: ${where.ledger}\n`);
  const loaded = loadConfig(where.config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const envFile = join(where.folder, '.env');
  const probes = { probe: answering, probeAccount: unasked };
  const around = { env: {}, configFile: where.config, envFile, ...probes, ...over };
  return examineAll(loaded.config, around);
}

const named = (checks: readonly Check[], name: string): Check | undefined =>
  checks.find((check) => check.name === name);
const SIM = 'mode: sim\nsimulator: { stepSeconds: 1 }';

test('a fresh sim is all ok, contacts no venue and makes no ledger', async () => {
  const probe: Surroundings['probe'] = () => {
    throw new Error('must not be asked');
  };
  const checks = await checksOf(SIM, { probe });
  expect(checks.map(({ level }) => level)).toEqual(checks.map(() => 'ok'));
  expect(named(checks, 'ledger')?.detail).toContain('the first run makes it');
});

test.each([
  ['a link to a disk that is not there', (path: string) => symlinkSync(`${path}.elsewhere`, path)],
  ['its log without it', (path: string) => writeFileSync(`${path}-wal`, 'what was committed last')],
])('a ledger that is not there though it was, %s, is not called one that the first run makes', async (_, leave) => {
  const where = place();
  leave(where.ledger);
  const check = named(await checksOf(SIM, {}, where), 'ledger');
  expect(check).toMatchObject({ level: 'fail', fix: expect.stringContaining('bring it back') });
  const read = await tandem(where, 'hedges');
  expect(read.exit).not.toBe(0);
  expect(read.err).toContain(where.ledger);
  expect(read.err).not.toContain('first run');
});

test('a ledger that may not be looked at is a finding, not a crash', async () => {
  const where = place();
  // Whoever runs this may enter any folder, but nobody a circle of links.
  symlinkSync('circle', join(where.folder, 'circle'));
  const inside = { ...where, ledger: join(where.folder, 'circle', 'sim.db') };
  const check = named(await checksOf(SIM, {}, inside), 'ledger');
  expect(check).toMatchObject({ level: 'fail', detail: expect.stringContaining('ELOOP') });
  expect(await tandem(inside, 'hedges')).toMatchObject({
    exit: 7,
    err: expect.stringMatching(/^tandem: ledger .*ELOOP/),
  });
});

test('a bot that lets questions wait does not count as one that answers', async () => {
  const where = place();
  const hung = createServer(() => undefined).listen(where.socket);
  await once(hung, 'listening');
  onTestFinished(() => void hung.close());
  const check = named(await checksOf(SIM, {}, where), 'bot');
  expect(check).toMatchObject({ level: 'fail', detail: expect.stringContaining('did not answer within 5 s') });
}, 20_000);

test('a log that cannot be made where log.file says fails', async () => {
  const checks = await checksOf(`${SIM}\nlog: { file: /dev/null/below.log }`);
  expect(named(checks, 'log')).toMatchObject({ level: 'fail', fix: expect.stringContaining('log.file') });
  const fine = await checksOf(`${SIM}\nlog: { file: ${join(tmpdir(), 'tandem-no-such-folder', 'bot.log')} }`);
  expect(named(fine, 'log')).toMatchObject({ level: 'ok' });
});

test('live without keys and arming fails with what to set, and shows no value', async () => {
  const secret = 'Sup3rSecretValue9999';
  const checks = await checksOf('mode: live', { env: { TANDEM_OKX_KEY: secret } });
  expect(named(checks, 'arming')).toMatchObject({ level: 'warn', fix: expect.stringContaining('TANDEM_ARM=live') });
  expect(named(checks, 'keys')).toMatchObject({ level: 'fail', detail: expect.stringContaining('TANDEM_OKX_SECRET') });
  expect(named(checks, 'keys binance')).toMatchObject({
    level: 'fail',
    fix: 'set TANDEM_BINANCE_KEY, TANDEM_BINANCE_SECRET',
  });
  expect(named(checks, 'keys okx')?.fix).toContain('TANDEM_OKX_PASSPHRASE');
  expect(JSON.stringify(checks)).not.toContain(secret);
});

test('a key of the wrong shape warns; a .env that others can read fails', async () => {
  const where = place();
  const envFile = join(where.folder, '.env');
  writeFileSync(envFile, 'TANDEM_BYBIT_KEY=short\nTANDEM_BYBIT_SECRET=short\n');
  chmodSync(envFile, 0o600);
  const shaped = await checksOf('mode: testnet', { probeAccount: taking }, where);
  expect(named(shaped, 'keys bybit')).toMatchObject({ level: 'warn', detail: expect.stringContaining('5 characters') });
  chmodSync(envFile, 0o644);
  const open = await checksOf('mode: testnet', { probeAccount: taking }, where);
  expect(named(open, 'keys')).toMatchObject({ level: 'fail', fix: expect.stringContaining('chmod 600') });
});

/** A configuration of mode live whose venue is a simulated one, and the keys in its environment. */
async function liveOn(name: 'binance' | 'bybit' | 'okx', key: Parameters<typeof startWorld>[3]) {
  const world = await startWorld(name, undefined, '1000.555', key);
  onTestFinished(() => world.close());
  const hosts = JSON.stringify(hostsTo(world.facts, world.server.url));
  const prefix = `TANDEM_${name.toUpperCase()}`;
  const { apiKey, secret, passphrase } = CREDENTIALS;
  const env = { [`${prefix}_KEY`]: apiKey, [`${prefix}_SECRET`]: secret, [`${prefix}_PASSPHRASE`]: passphrase };
  const yaml = `mode: live\nvenues: { ${name}: { hosts: ${hosts} }, ${name === 'okx' ? 'bybit' : 'okx'}: {} }`;
  const check = async (over: object = {}) => {
    const checks = await checksOf(yaml, { env: { ...env, ...over }, probeAccount });
    return checks.findLast((each) => each.name === `keys ${name}`);
  };
  return { world, prefix, check };
}

describe.each(['binance', 'bybit', 'okx'] as const)('the keys of %s are tried', (name) => {
  test('taken: what the account has, and nothing of it is changed', async () => {
    const { world, check } = await liveOn(name, { ips: ['127.0.0.1'] });
    const market = { symbol: BTC, side: 'buy', type: 'market', tif: 'IOC', reduceOnly: false } as const;
    world.exchange.place(world.account, {
      ...market,
      contracts: world.exchange.market(BTC)?.instrument.lot ?? contracts('1'),
    });
    const told = await check();
    expect(told).toMatchObject({ level: 'ok', detail: expect.stringContaining('1 position open') });
    expect(told?.detail).toMatch(/\b(1,000|999)\.\d\d USDT/);
    expect(world.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
  });

  test('a wrong secret fails, with the venue’s own code and no word of the key', async () => {
    const { prefix, check } = await liveOn(name, { ips: ['127.0.0.1'] });
    const told = await check({ [`${prefix}_SECRET`]: 'another-secret-than-that' });
    expect(told).toMatchObject({ level: 'fail', detail: expect.stringMatching(/not taken \(.*(-1022|10004|50113)/) });
    expect(JSON.stringify(told)).not.toMatch(/key-of-main|another-secret/);
  });

  test('one that may withdraw, or works from everywhere, is told as a start would', async () => {
    const { check } = await liveOn(name, { withdraw: true });
    const told = await check();
    expect(told).toMatchObject({
      level: 'fail',
      detail: expect.stringMatching(/may withdraw and works from every address/),
    });
  });
});

test('clock-skew: beyond what the round trip explains; a venue that is down fails', async () => {
  const answers = new Map([
    ['binance', success({ skewMs: -700, roundTripMs: 100 }, AT)],
    ['bybit', success({ skewMs: 2_000, roundTripMs: 100 }, AT)],
    ['okx', failure('timeout', 'no answer in 5000 ms')],
  ]);
  const probe: Surroundings['probe'] = async ({ venue }) => answers.get(venue) ?? failure('none', '');
  const checks = await checksOf('mode: paper', { probe });
  expect(named(checks, 'venue binance')).toMatchObject({
    level: 'warn',
    detail: expect.stringContaining('700 ms ahead'),
  });
  expect(named(checks, 'venue bybit')).toMatchObject({
    level: 'fail',
    detail: expect.stringContaining('2000 ms behind'),
  });
  expect(named(checks, 'venue okx')).toMatchObject({ level: 'fail', detail: expect.stringContaining('timeout') });
  // 900 ms off in a round trip of 2 s says nothing about the clock.
  const slow = await checksOf('mode: paper', { probe: async () => success({ skewMs: 900, roundTripMs: 2_000 }, AT) });
  expect(named(slow, 'venue okx')).toMatchObject({ level: 'ok' });
});

test('the ledger’s world, damage and holder are told', async () => {
  const where = place();
  const store = open(where.ledger);
  const held = await checksOf(SIM, {}, where);
  expect(named(held, 'bot')).toMatchObject({ level: 'warn', detail: expect.stringContaining(String(process.pid)) });
  expect(named(held, 'ledger')).toMatchObject({ level: 'ok' });
  await listening(where, fakeBot());
  expect(named(await checksOf(SIM, {}, where), 'bot')).toMatchObject({
    level: 'ok',
    detail: expect.stringContaining('running'),
  });
  store.close();
  const foreign = await checksOf(`${SIM}\naccount: other`, {}, where);
  expect(named(foreign, 'ledger')).toMatchObject({ level: 'fail', detail: expect.stringContaining('account main') });
  const torn = place();
  writeFileSync(torn.ledger, 'this is no database, however long it may be '.repeat(100));
  expect(named(await checksOf(SIM, {}, torn), 'ledger')).toMatchObject({ level: 'fail' });
});

test('a ledger that cannot be opened is not called lost', async () => {
  const where = place();
  mkdirSync(where.ledger);
  const check = named(await checksOf(SIM, {}, where), 'ledger');
  expect(check?.level).toBe('fail');
  expect(check?.fix).toMatch(/who owns/);
  expect(check?.fix).not.toMatch(/move|backup/);
});

test('a replay needs its recording', async () => {
  const yaml = 'mode: sim\nreplay: {}';
  expect(named(await checksOf(yaml), 'replay data')).toMatchObject({ level: 'fail', detail: 'TANDEM_DATA is not set' });
  const where = place();
  const env = { TANDEM_DATA: where.folder };
  expect(named(await checksOf(yaml, { env }, where), 'replay data')).toMatchObject({ level: 'fail' });
  mkdirSync(join(where.folder, 'market'));
  writeFileSync(join(where.folder, 'market/btc-3venues-8h.csv'), '');
  expect(named(await checksOf(yaml, { env }, where), 'replay data')).toMatchObject({ level: 'ok' });
});

test('each line says ok, warn or fail, with a fix; one failure makes the exit code 1', async () => {
  const where = place();
  writeFileSync(where.config, `mode: paper\nledger:\n  path: ${where.ledger}\n`);
  const io = terminal();
  const probe: Surroundings['probe'] = async () => failure('timeout', 'evil\u001b[31m');
  expect(await doctor({ io, configFile: where.config, json: false }, { probe, probeAccount: unasked })).toBe(1);
  expect(io.written.out).toContain('fail  venue okx: does not answer (timeout: evil [31m)');
  expect(io.written.out).toContain('fix: check the network');
  const json = terminal();
  expect(
    await doctor({ io: json, configFile: where.config, json: true }, { probe: answering, probeAccount: unasked }),
  ).toBe(0);
  expect(JSON.parse(json.written.out)).toMatchObject({ ok: true });
});
