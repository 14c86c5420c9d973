/** Who may not reach the bot through its control socket, and what a flood of questions may not do to it. */
import { statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectControl } from '../../src/cli/control-client.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { fakeBot, listening, place, snapshot } from './fake-bot.ts';

const clock = systemClock();

/** Whether this process listens on any TCP port. */
const listensOnTcp = (): boolean => process.getActiveResourcesInfo().includes('TCPServerWrap');

test('fault-62-cross-site-post: the socket is no TCP port, is closed to other users, and speaks no HTTP', async () => {
  const where = place();
  const bot = fakeBot();
  await listening(where, bot);
  expect(listensOnTcp()).toBe(false);
  const probe = createServer().listen(0);
  expect(listensOnTcp(), 'the check must see a TCP server').toBe(true);
  probe.close();
  expect(statSync(where.socket).mode & 0o777).toBe(0o600);
  // What a page or a rebound host would send, were it ever bridged to the socket: the body is a valid command.
  const outcome = await new Promise<string>((settle) => {
    const request = httpRequest({
      socketPath: where.socket,
      method: 'POST',
      path: '/',
      headers: { origin: 'http://evil.test' },
    });
    request.on('response', (response) => settle(`status ${response.statusCode}`));
    request.on('error', (error) => settle(`error ${error.name}`));
    request.end('{"id":1,"op":"command","command":{"action":"kill"},"by":"page"}\n');
  });
  expect(outcome).toMatch(/^error/);
  await pause(50);
  expect(bot.commands).toEqual([]);
  const client = await connectControl({ path: where.socket, clock });
  expect(await client?.status()).toEqual(snapshot());
  client?.close();
});

test('fault-64-status-flood: sixteen clients that ask without end take turns with everything else', async () => {
  const where = place();
  await listening(where, fakeBot());
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  let answers = 0;
  for (let i = 0; i < 16; i++) {
    const socket = connect(where.socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      answers += chunk.toString().split('\n').length - 1;
    });
    sockets.push(socket);
  }
  const ask = `${'{"id":1,"op":"status"}\n'.repeat(500)}`;
  const until = performance.now() + 1_500;
  const lateMs: number[] = [];
  while (performance.now() < until) {
    for (const socket of sockets) if (socket.writableLength === 0) socket.write(ask);
    // What the trading loop waits for: the next turn of the event loop.
    const at = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    lateMs.push(performance.now() - at);
  }
  expect(answers).toBeGreaterThan(1_000);
  lateMs.sort((a, b) => a - b);
  expect(lateMs[Math.floor(lateMs.length * 0.95)]).toBeLessThan(50);
});
