import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connectControl } from '../../src/cli/control-client.ts';
import { MAX_REQUEST_BYTES } from '../../src/cli/control-protocol.ts';
import { serveControl } from '../../src/cli/control-server.ts';
import { controlSocketPath } from '../../src/cli/control-socket.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { failure } from '../../src/kernel/outcome.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { fakeBot, listening, place, position, SILENT, snapshot, WHOM } from './fake-bot.ts';

const clock = systemClock();

function raw(path: string): { socket: Socket; lines: string[]; next(): Promise<string>; closed: Promise<void> } {
  const socket = connect(path);
  onTestFinished(() => void socket.destroy());
  let held = '';
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  socket.on('data', (chunk) => {
    held += chunk.toString();
    for (let end = held.indexOf('\n'); end >= 0; end = held.indexOf('\n')) {
      const line = held.slice(0, end);
      held = held.slice(end + 1);
      const waiter = waiting.shift();
      if (waiter) waiter(line);
      else lines.push(line);
    }
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((settle) => socket.on('close', () => settle()));
  const next = (): Promise<string> => {
    const ready = lines.shift();
    return ready === undefined ? new Promise((settle) => void waiting.push(settle)) : Promise.resolve(ready);
  };
  return { socket, lines, next, closed };
}

async function client(path: string, deadlineMs = 5_000) {
  const found = await connectControl({ path, clock, deadlineMs });
  if (!found) throw new Error('nobody listens');
  onTestFinished(() => found.close());
  return found;
}

test('status, commands and positions come back as the bot says them', async () => {
  const where = place();
  const bot = fakeBot();
  bot.reply = { ok: true, message: 'closing h3', hedges: ['h3'] };
  bot.held = [
    position('live|okx', { 'okx|BTC/USDT:USDT': '-0.0000001', 'okx|ETH/USDT:USDT': '0' }),
    {
      account: 'live|bybit',
      read: failure('timeout', 'no answer in 10 s'),
      orders: failure('timeout', 'no answer in 10 s'),
    },
  ];
  await listening(where, bot);
  const asks = await client(where.socket);
  expect(await asks.status()).toEqual(snapshot());
  expect(await asks.command({ action: 'close', hedge: 'h3' })).toEqual(bot.reply);
  expect(bot.commands).toEqual([{ command: { action: 'close', hedge: 'h3' }, by: 'cli' }]);
  const [okx, bybit] = await asks.positions();
  // Exact, without an exponent; a flat row is no position; a failed read stays a failure.
  expect(okx).toMatchObject({ ok: true, positions: [{ key: 'okx|BTC/USDT:USDT', quantity: '-0.0000001' }] });
  expect(bybit).toEqual({ account: 'live|bybit', ok: false, code: 'timeout', detail: 'no answer in 10 s' });
});

test('wrong-bot: a request for another mode or account is refused by whoever listens', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  for (const whom of [
    { mode: 'live', account: 'main' },
    { mode: 'sim', account: 'other' },
  ]) {
    const asks = await connectControl({ path: where.socket, clock, whom });
    for (const ask of [() => asks?.status(), () => asks?.positions(), () => asks?.command({ action: 'kill' })])
      await expect(ask()).rejects.toMatchObject({
        exitCode: EXIT.refused,
        message: expect.stringMatching(
          /is SIM, account main, not (LIVE, account main|SIM, account other): nothing was/,
        ),
      });
    asks?.close();
  }
  expect(bot.commands).toEqual([]);
  const right = await connectControl({ path: where.socket, clock, whom: WHOM });
  expect(await right?.command({ action: 'kill' })).toEqual(bot.reply);
  right?.close();
  const { socket, next } = raw(where.socket);
  socket.write('{"id":1,"op":"status","whom":"LIVE"}\n');
  expect(JSON.parse(await next())).toMatchObject({ id: 1, ok: false, code: 'bad_request' });
});

test('the socket is closed to other users', async () => {
  const where = place();
  await listening(where, fakeBot());
  expect(statSync(where.socket).mode & 0o777).toBe(0o600);
});

test('junk is answered with a code and does not disturb the connection or others', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  const { socket, next } = raw(where.socket);
  const junk = [
    'not json',
    'null',
    '[]',
    '{}',
    '{"id":1,"op":"shutdown"}',
    '{"id":-1,"op":"status"}',
    '{"id":2,"op":"command","command":{"action":"close","hedge":"h1; rm"},"by":"x"}',
    '{"id":3,"op":"command","command":{"action":"toString"},"by":"x"}',
    '{"id":4,"op":"command","command":{"action":"kill"},"by":"bad\\u001b[31m"}',
    '\u0000\u0001\u00ff',
  ];
  socket.write(`${junk.join('\n')}\n`);
  for (const _ of junk) expect(JSON.parse(await next())).toMatchObject({ ok: false, code: 'bad_request' });
  expect(bot.commands).toEqual([]);
  socket.write('{"id":9,"op":"status"}\n');
  expect(JSON.parse(await next())).toMatchObject({ id: 9, ok: true });
  expect(await (await client(where.socket)).status()).toEqual(snapshot());
});

test('a request without end is cut off at its bound; the bot answers the next client', async () => {
  const where = place();
  await listening(where, fakeBot());
  const { socket, next, closed } = raw(where.socket);
  socket.write('x'.repeat(MAX_REQUEST_BYTES + 1));
  expect(JSON.parse(await next())).toMatchObject({ ok: false, code: 'too_large' });
  await closed;
  expect(await (await client(where.socket)).status()).toEqual(snapshot());
});

test('requests in pieces and many at once are answered in order', async () => {
  const where = place();
  await listening(where, fakeBot());
  const { socket, next } = raw(where.socket);
  socket.write('{"id":1,"op":"sta');
  await new Promise((settle) => setImmediate(settle));
  socket.write('tus"}\n{"id":2,"op":"positions"}\n{"id":3,"op":"status"}\n');
  const ids = [await next(), await next(), await next()].map((line) => JSON.parse(line).id);
  expect(ids).toEqual([1, 2, 3]);
});

test('clients at the same time each get their own answers; one too many is told so', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  const clients = await Promise.all(Array.from({ length: 16 }, () => client(where.socket)));
  expect(await Promise.all(clients.map((each) => each.status()))).toHaveLength(16);
  const surplus = raw(where.socket);
  expect(JSON.parse(await surplus.next())).toMatchObject({ ok: false, code: 'busy' });
  clients[0]?.close();
  await expect.poll(async () => (await client(where.socket)).status().catch(() => undefined)).toEqual(snapshot());
});

test('a client that leaves in the middle of a request: the command still happens, the bot goes on', async () => {
  const where = place();
  const bot = fakeBot();
  let finish: () => void = () => {};
  bot.command = (command, by) => {
    bot.commands.push({ command, by });
    return new Promise((settle) => {
      finish = () => settle(bot.reply);
    });
  };
  await listening(where, bot);
  const { socket } = raw(where.socket);
  socket.write('{"id":1,"op":"command","command":{"action":"kill"},"by":"cli"}\n');
  await expect.poll(() => bot.commands.length).toBe(1);
  socket.destroy();
  finish();
  expect(await (await client(where.socket)).status()).toEqual(snapshot());
});

test('a bot that throws or does not answer is told as a failure', async () => {
  const where = place();
  const bot = fakeBot();
  bot.positions = () => Promise.reject(new Error('venues are closed'));
  bot.command = () => new Promise(() => {});
  await listening(where, bot);
  await expect((await client(where.socket)).positions()).rejects.toThrow('failed: venues are closed');
  await expect((await client(where.socket, 50)).command({ action: 'pause' })).rejects.toThrow('did not answer within');
});

test('killed-bot: a socket that nobody listens on is replaced', async () => {
  const where = place();
  // The child exits without closing: the file stays.
  const script = `require('node:net').createServer().listen(${JSON.stringify(where.socket)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(existsSync(where.socket)).toBe(true);
  expect(await connectControl({ path: where.socket, clock })).toBeUndefined();
  await listening(where, fakeBot());
  expect(await (await client(where.socket)).status()).toEqual(snapshot());
});

test('second-instance: a socket that somebody listens on is left alone', async () => {
  const where = place();
  await listening(where, fakeBot());
  await expect(listening(where, fakeBot())).rejects.toThrow('another bot already listens');
  expect(await (await client(where.socket)).status()).toEqual(snapshot());
});

test('a file that is no socket is never removed', async () => {
  const where = place();
  writeFileSync(where.socket, 'precious');
  await expect(listening(where, fakeBot())).rejects.toThrow('is not a socket');
  expect(statSync(where.socket).size).toBe(8);
});

test('a path longer than sockets allow goes to a private folder, the same one for both sides', async () => {
  const where = place();
  const deep = join(where.folder, 'd'.repeat(120));
  mkdirSync(deep);
  const path = controlSocketPath({ operator: { socket: join(deep, 'sim.db.sock') } });
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
  expect(path).toBe(controlSocketPath({ operator: { socket: join(deep, 'sim.db.sock') } }));
  const server = await serveControl({ path, bot: fakeBot(), whom: WHOM, clock, log: SILENT });
  onTestFinished(() => server.close());
  expect(await (await client(path)).status()).toEqual(snapshot());
});

test('closing ends every connection and removes the socket', async () => {
  const where = place();
  const server = await serveControl({ path: where.socket, bot: fakeBot(), whom: WHOM, clock, log: SILENT });
  const { closed } = raw(where.socket);
  const asks = await client(where.socket);
  await asks.status();
  await server.close();
  await closed;
  expect(existsSync(where.socket)).toBe(false);
  await expect(asks.status()).rejects.toThrow('went away');
});

test('removed-socket: it is made again, and those who are connected stay so', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  const before = await client(where.socket);
  rmSync(where.socket);
  expect(await connectControl({ path: where.socket, clock })).toBeUndefined();
  await expect.poll(() => existsSync(where.socket), { timeout: 20_000 }).toBe(true);
  expect(statSync(where.socket).mode & 0o777).toBe(0o600);
  expect(await (await client(where.socket)).status()).toMatchObject({ epoch: 4 });
  expect(await before.status()).toMatchObject({ epoch: 4 });
}, 40_000);

test('a folder that cannot be looked into for a while ends nothing: the socket is there again afterwards', async () => {
  const where = place();
  await listening(where, fakeBot());
  renameSync(where.folder, `${where.folder}.aside`);
  // ENOTDIR, whoever runs this; EACCES is the same to us.
  writeFileSync(where.folder, '');
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  rmSync(where.folder);
  renameSync(`${where.folder}.aside`, where.folder);
  expect(await (await client(where.socket)).status()).toMatchObject({ epoch: 4 });
}, 40_000);
