/** A terminal that nobody reads any more: here a pipe with a name, which is as full after 64 kB. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nonBlocking } from '../../src/cli/terminal.ts';
import { place } from './fake-bot.ts';

const BIG = 'x'.repeat(50_000);

function pipe() {
  const path = join(place().folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // Linux opens both ends at once without waiting for the other.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  const room = Buffer.alloc(1_000_000);
  const read = (): string => room.toString('utf8', 0, readSync(fd, room));
  return { write: nonBlocking(fd), read };
}

test('stalled-terminal: it is never waited for, and what is dropped is told', () => {
  const { write, read } = pipe();
  expect(write('first')).toBe(true);
  expect(read()).toBe('first');
  // The second one does not fit as a whole, and the third not at all.
  expect([write(BIG), write(`${BIG}end`), write('dropped')]).toEqual([true, true, false]);
  let seen = read();
  expect(write('after')).toBe(true);
  seen += read();
  expect(seen).toBe(`${BIG}${BIG}endafter`);
});

test('a terminal that is gone is written to no more, and nothing throws', () => {
  const fd = openSync('/dev/full', constants.O_WRONLY | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  const write = nonBlocking(fd);
  expect([write('lost'), write('lost too')]).toEqual([true, true]);
});
