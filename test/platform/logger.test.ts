import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Logger, openLogger } from '../../src/platform/logger.ts';
import { REDACTED, Redactor } from '../../src/platform/redact.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Clock } from '../../src/ports/clock.ts';

const AT = Date.UTC(2024, 4, 6, 7, 8, 9, 10);
const clock: Clock = { now: () => AT, monotonicMs: () => 0, after: () => () => undefined };

function captured(level: 'debug' | 'info' = 'info'): {
  logger: Logger;
  lines: () => Array<Record<string, unknown>>;
  raw: () => string;
} {
  const written: string[] = [];
  const logger = openLogger({ level, clock, write: (line) => written.push(line) });
  return { logger, lines: () => written.map((line) => JSON.parse(line)), raw: () => written.join('') };
}

const KEY = 'vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A';
const SECRET = 'NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j';
const PASSPHRASE = 'tr1cky "pass" & word/+=';

describe('canary secrets never reach a line', () => {
  test('wherever they were planted', () => {
    const { logger, raw } = captured('debug');
    for (const secret of [KEY, SECRET, PASSPHRASE]) logger.registerSecret(secret);
    const cause = new Error(`refused ${SECRET}`);
    const error = Object.assign(new Error(`binance GET https://x/y?apiKey=${KEY}&signature=abc123def`, { cause }), {
      code: KEY,
    });
    logger.info({}, `message ${KEY} and ${PASSPHRASE}`);
    logger.warn({ error, other: { inner: [SECRET, { deep: `x${PASSPHRASE}x` }] } }, 'failed');
    logger.child({ bound: KEY }).error({ [KEY]: 1 }, 'as a field name');
    logger.debug({ body: JSON.stringify({ a: JSON.stringify({ passphrase: PASSPHRASE }) }) }, 'nested JSON');
    logger.info({ url: `https://h/p?x=${encodeURIComponent(PASSPHRASE)}` }, Buffer.from(SECRET).toString('base64'));
    logger.info({ hex: Buffer.from(SECRET).toString('hex') }, '');
    const text = raw();
    for (const form of [KEY, SECRET, PASSPHRASE, encodeURIComponent(PASSPHRASE), 'tr1cky', 'abc123def']) {
      expect(text).not.toContain(form);
    }
    expect(text).not.toContain(Buffer.from(SECRET).toString('base64'));
    expect(text).not.toContain(Buffer.from(SECRET).toString('hex'));
  });

  test.each([
    'https://fapi.binance.com/fapi/v1/order?symbol=BTCUSDT&timestamp=1&signature=CANARY',
    'POST body symbol=BTCUSDT&signature=CANARY',
    '{"apiKey":"CANARY","ok":1}',
    '{\\"secret\\": \\"CANARY\\"}',
    'X-MBX-APIKEY: CANARY',
    'X-BAPI-SIGN=CANARY',
    'headers { "OK-ACCESS-SIGN": "CANARY", "OK-ACCESS-PASSPHRASE": "CANARY" }',
    'Authorization: Bearer CANARYCANARY1234',
    'deri-hmac-sha256 id=CANARY,ts=1,sig=CANARY,nonce=2',
    'listenKey=CANARY',
    'wss://x/ws?access_token=CANARY',
  ])('unregistered, in free text: %s', (text) => {
    const { logger, raw } = captured();
    logger.info({ text }, text);
    expect(raw()).not.toContain('CANARY');
    expect(raw()).toContain(REDACTED);
  });

  test.each([
    'apiKey',
    'API_KEY',
    'secret',
    'apiSecret',
    'password',
    'passphrase',
    'X-MBX-APIKEY',
    'OK-ACCESS-SIGN',
    'X-BAPI-SIGN',
    'signature',
    'privateKey',
    'listenKey',
    'token',
    'authorization',
    'cookie',
  ])('by field name at any depth: %s', (name) => {
    const { logger, raw } = captured();
    logger.info({ request: [{ headers: { [name]: 'CANARY' } }], [name]: { whole: 'CANARY' } }, 'sent');
    expect(raw()).not.toContain('CANARY');
  });

  test('any registered value in any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!REDACTED.includes(secret) && !before.includes(secret) && !after.includes(secret));
        const redactor = new Redactor();
        redactor.register(secret);
        return !redactor.text(`${before}${secret}${after}`).replaceAll(REDACTED, '\u0000').includes(secret);
      }),
    );
  });

  test('ordinary fields and words stay readable', () => {
    const { logger, lines } = captured();
    const fields = { key: 'okx|BTC/USDT:USDT', tag: 'ab12', pair: 'a~b', design: 'x', signal: { basis: 1 } };
    logger.info(fields, 'basic carry: design signed off, 3 tokens of depth');
    expect(lines()[0]).toMatchObject({ ...fields, message: 'basic carry: design signed off, 3 tokens of depth' });
  });
});

describe('a line', () => {
  test('is one JSON object with level, time by the given clock, fields and message', () => {
    const { logger, lines } = captured();
    logger.child({ venue: 'okx' }).info({ hedge: 'h1' }, 'held\nnow');
    expect(lines()).toEqual([
      { level: 'info', time: '2024-05-06T07:08:09.010Z', venue: 'okx', hedge: 'h1', message: 'held\nnow' },
    ]);
  });

  test('carries an error with its causes, in whatever field', () => {
    const { logger, lines } = captured();
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'E1' });
    logger.error({ failure: error }, 'x');
    expect(lines()[0]).toMatchObject({
      failure: { type: 'TypeError', code: 'E1', message: 'outer', cause: { message: 'inner' } },
    });
  });

  test('is bounded, and survives cycles', () => {
    const { logger, raw } = captured();
    const loop: Record<string, unknown> = { a: 1 };
    loop.self = loop;
    logger.info({ loop, page: '<html>'.repeat(100_000) }, 'x');
    expect(raw().length).toBeLessThan(20_000);
  });

  test('the level is one switch for all children, also those made before', () => {
    const { logger, lines } = captured();
    const child = logger.child({ c: 1 });
    child.debug({}, 'hidden');
    logger.setLevel('debug');
    child.debug({}, 'shown');
    logger.setLevel('error');
    child.warn({}, 'hidden');
    expect(lines().map(({ message }) => message)).toEqual(['shown']);
  });
});

test('a sink that throws loses lines, never the caller', () => {
  const logger = openLogger({
    level: 'info',
    clock,
    write: () => {
      throw new Error('closed');
    },
  });
  logger.info({}, 'x');
  expect(logger.lost()).toBe(1);
});

test('a file is appended to', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-log-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'logs', 'bot.log');
  for (const message of ['one', 'two']) {
    const logger = openLogger({ level: 'info', clock: systemClock(), file });
    logger.info({}, message);
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').includes(message)).toBe(true);
    logger.flush();
  }
  expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
});
