import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { armed, checkShape, readCredentials, Secret } from '../../src/config/secrets.ts';

function envFile(text: string, mode = 0o600): string {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-env-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, '.env');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const NOWHERE = '/nowhere/.env';
const venues = ['binance', 'okx'];

describe('credentials', () => {
  test('come from the environment or the file, the environment first', () => {
    const path = envFile(
      '# keys\nexport TANDEM_BINANCE_KEY=file-key\nTANDEM_BINANCE_SECRET="file secret"\r\nTANDEM_OKX_KEY=\'k\'\nTANDEM_OKX_SECRET= s \nTANDEM_OKX_PASSPHRASE=a=b#c\n',
    );
    const { byVenue, problems } = readCredentials({ env: { TANDEM_BINANCE_KEY: 'env-key' }, envFile: path, venues });
    expect(problems).toEqual([]);
    expect(byVenue.get('binance')?.key.reveal()).toBe('env-key');
    expect(byVenue.get('binance')?.secret.reveal()).toBe('file secret');
    expect(byVenue.get('okx')?.passphrase?.reveal()).toBe('a=b#c');
    expect(byVenue.get('okx')?.secret.reveal()).toBe('s');
  });

  test.each([0o640, 0o604, 0o644, 0o660, 0o666])(
    'a file that others can read is refused, with the fix: mode %o',
    (mode) => {
      const path = envFile('TANDEM_BINANCE_KEY=CANARY1\nTANDEM_BINANCE_SECRET=CANARY2', mode);
      const { byVenue, problems } = readCredentials({ env: {}, envFile: path, venues });
      expect(byVenue.size).toBe(0);
      expect(problems).toMatchObject([{ code: 'env_file_mode' }]);
      expect(problems[0]?.detail).toContain(`chmod 600 ${path}`);
      expect(JSON.stringify(problems)).not.toContain('CANARY');
    },
  );

  test('a venue without any is left out; a half-set one is a problem that names what is missing', () => {
    expect(readCredentials({ env: {}, envFile: NOWHERE, venues })).toEqual({ byVenue: new Map(), problems: [] });
    const half = readCredentials({ env: { TANDEM_OKX_KEY: 'k', TANDEM_OKX_SECRET: 's' }, envFile: NOWHERE, venues });
    expect(half.byVenue.size).toBe(0);
    expect(half.problems).toMatchObject([
      { code: 'missing', detail: expect.stringContaining('TANDEM_OKX_PASSPHRASE') },
    ]);
  });

  test('a line that is no assignment is told by its number, without its text', () => {
    const { problems } = readCredentials({ env: {}, envFile: envFile('A=1\nCANARY'), venues });
    expect(problems).toMatchObject([
      { code: 'env_file_line', detail: expect.stringMatching(/\.env:2 is not NAME=value/) },
    ]);
    expect(JSON.stringify(problems)).not.toContain('CANARY');
  });

  test('do not print themselves', () => {
    const credentials = { key: new Secret('CANARY'), secret: new Secret('CANARY') };
    const printed = [
      JSON.stringify(credentials),
      inspect(credentials, { depth: 9, showHidden: true }),
      `${credentials.key}`,
    ];
    for (const text of printed) expect(text).not.toContain('CANARY');
  });

  test('shapes: lengths are told, values are not', () => {
    const good = {
      binance: ['A'.repeat(64), 'b1'.repeat(32)],
      bybit: ['a'.repeat(18), 'b'.repeat(36)],
      okx: ['0123abcd-0123-4567-89ab-0123456789ab', '0123456789ABCDEF0123456789ABCDEF', 'Passw0rd!'],
    } as const;
    for (const [venue, [key, secret, passphrase]] of Object.entries(good)) {
      const word = passphrase === undefined ? {} : { passphrase: new Secret(passphrase) };
      expect(checkShape(venue, { key: new Secret(key), secret: new Secret(secret), ...word })).toEqual([]);
    }
    const bad = checkShape('binance', { key: new Secret('"CANARY"'), secret: new Secret('b1'.repeat(32)) });
    expect(bad.map(({ detail }) => detail)).toEqual([
      'TANDEM_BINANCE_KEY has 8 characters and is in quotes; expected 64 letters and digits',
    ]);
  });
});

describe('arming', () => {
  test('mode live needs TANDEM_ARM=live as well; other modes do not', () => {
    expect(armed('live', { TANDEM_ARM: 'live' })).toEqual({ ok: true });
    for (const value of [undefined, '', 'LIVE', 'true', '1', 'live ']) {
      expect(armed('live', { TANDEM_ARM: value })).toMatchObject({
        ok: false,
        reason: expect.stringMatching(/TANDEM_ARM=live/),
      });
    }
    for (const mode of ['sim', 'paper', 'testnet'] as const) expect(armed(mode, {})).toEqual({ ok: true });
  });
});
