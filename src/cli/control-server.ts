/**
 * Lets the command line talk to the running bot over a Unix socket (mode 0600). Whatever a client sends, stops sending
 * or does not read, the bot goes on: requests are bounded, handled one at a time per client, and answered with codes.
 * Entry point: `serveControl`.
 */
import { lstatSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isZero, sub, text } from '../kernel/decimal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { AccountReading } from './account-reading.ts';
import type { RunningBot } from './compose.ts';
import {
  type AccountPositions,
  type ControlReply,
  type ControlRequest,
  MAX_REQUEST_BYTES,
  parseRequest,
  sameWhom,
  type Whom,
  whomText,
} from './control-protocol.ts';
import { checkFolder } from './control-socket.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export type ControlledBot = Pick<RunningBot, 'status' | 'command' | 'positions'>;

export interface ControlServer {
  readonly path: string;
  /** Ends every connection and removes the socket. */
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly path: string;
  readonly bot: ControlledBot;
  readonly whom: Whom;
  /** Wall pace. */
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_CLIENTS = 16;
/** Whether the socket's file is still there. */
const LOOK_EVERY_MS = 5_000;
/** A client that neither asks nor reads is let go. */
const IDLE_MS = 60_000;

/** Throws CommandFailure when another process listens there or the path is taken by something else. */
export async function serveControl(options: ControlOptions): Promise<ControlServer> {
  const { path, log } = options;
  const clients = new Set<Socket>();
  const serve = (socket: Socket): void => {
    socket.on('error', (error) => log.debug({ error }, 'control client went away'));
    if (clients.size >= MAX_CLIENTS) {
      const answer = lineOf({ id: 0, ok: false, code: 'busy', detail: `at most ${MAX_CLIENTS} clients at once` });
      // Its own end would never be read: nobody listens to this one.
      socket.end(answer, () => socket.destroy());
      return;
    }
    clients.add(socket);
    socket.on('close', () => clients.delete(socket));
    serveClient(socket, options);
  };
  const make = async (): Promise<Server> => {
    checkFolder(path, true);
    const server = createServer(serve);
    await bind(server, path);
    server.on('error', (error) => log.warn({ error }, 'control socket'));
    return server;
  };
  let server = await make();
  let isClosed = false;
  // Without its file nobody can reach the bot any more, which trades on: it is made again.
  const look = async (): Promise<void> => {
    if (!isClosed && isRemoved(path, log)) {
      log.warn({ path }, 'the control socket was removed and is made again');
      server.close();
      await make().then(
        (next) => {
          server = next;
        },
        (error: unknown) => log.error({ error, path }, 'the control socket cannot be made again'),
      );
    }
    if (isClosed) server.close();
    else cancelLook = options.clock.after(LOOK_EVERY_MS, () => void look());
  };
  let cancelLook = options.clock.after(LOOK_EVERY_MS, () => void look());
  return {
    path,
    close: () =>
      new Promise((closed) => {
        isClosed = true;
        cancelLook();
        server.close(() => closed());
        for (const socket of clients) socket.destroy();
      }),
  };
}

/** A folder that cannot be looked into for now says nothing. */
function isRemoved(path: string, log: Log): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    log.warn({ error, path }, 'the control socket cannot be looked at');
    return false;
  }
}

async function bind(server: Server, path: string): Promise<void> {
  if (await listen(server, path)) return;
  // A process that was killed leaves its socket behind: nobody answers there.
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isSocket())
    throw new CommandFailure(EXIT.failed, `${path} is not a socket; move it away, or set operator.socket`);
  if (await answers(path)) throw new CommandFailure(EXIT.failed, `another bot already listens on ${path}`);
  rmSync(path, { force: true });
  if (await listen(server, path)) return;
  throw new CommandFailure(EXIT.failed, `another bot has just begun to listen on ${path}`);
}

/** False when the path is in use. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((settle, fail) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') settle(false);
      else fail(new CommandFailure(EXIT.failed, `the control socket ${path} cannot be made (${error.code})`));
    };
    server.once('error', onError);
    // The file is made within this call, never open to others even for a moment.
    const umask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', onError);
        settle(true);
      });
    } finally {
      process.umask(umask);
    }
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    // Only a refused connection proves that nobody listens.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    );
  });
}

/** Reads lines, one request at a time; the socket is paused meanwhile, so nothing piles up. */
function serveClient(socket: Socket, { bot, whom, clock, log }: ControlOptions): void {
  let held = Buffer.alloc(0);
  let busy = false;
  let cancelIdle = clock.after(IDLE_MS, () => socket.destroy());
  const restartIdle = (): void => {
    cancelIdle();
    cancelIdle = clock.after(IDLE_MS, () => socket.destroy());
  };
  const reply = async (answer: ControlReply): Promise<void> => {
    if (socket.destroyed || socket.write(lineOf(answer))) return;
    await new Promise<void>((settle) => {
      const done = (): void => {
        socket.off('drain', done);
        socket.off('close', done);
        settle();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  };
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    socket.pause();
    for (let end = held.indexOf(0x0a); end >= 0 && !socket.destroyed; end = held.indexOf(0x0a)) {
      const line = held.subarray(0, end);
      held = held.subarray(end + 1);
      if (HTTP_REQUEST.test(line.subarray(0, MAX_REQUEST_BYTES).toString())) {
        log.warn({ line: line.subarray(0, 200).toString() }, 'an HTTP request on the control socket was refused');
        socket.destroy();
        return;
      }
      // A client's own wait for the bot is not idleness.
      cancelIdle();
      const answer: ControlReply =
        line.length > MAX_REQUEST_BYTES ? TOO_LARGE : await answerLine(bot, whom, line.toString());
      restartIdle();
      await reply(answer);
      // However many questions have piled up: one for each client, then the market's turn.
      await new Promise<void>((resolve) => clock.after(0, resolve));
    }
    busy = false;
    if (held.length > MAX_REQUEST_BYTES) socket.end(lineOf(TOO_LARGE), () => socket.destroy());
    else socket.resume();
  };
  socket.on('close', () => cancelIdle());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    work().catch((error: unknown) => {
      log.error({ error }, 'control request');
      socket.destroy();
    });
  });
}

/** A web page that some bridge let through: the lines of its body must never be taken for commands. */
const HTTP_REQUEST = /^[A-Z]+ \S.* HTTP\/\d/;

const TOO_LARGE: ControlReply = {
  id: 0,
  ok: false,
  code: 'too_large',
  detail: `a request has at most ${MAX_REQUEST_BYTES} bytes`,
};

async function answerLine(bot: ControlledBot, whom: Whom, line: string): Promise<ControlReply> {
  const parsed = parseRequest(line);
  if (!parsed.ok) return { id: parsed.id, ok: false, code: 'bad_request', detail: parsed.detail };
  const { request } = parsed;
  if (request.whom && !sameWhom(request.whom, whom)) {
    return { id: request.id, ok: false, code: 'another_bot', detail: whomText(whom) };
  }
  try {
    return { id: request.id, ok: true, value: await perform(bot, request) };
  } catch (error) {
    return {
      id: request.id,
      ok: false,
      code: 'failed',
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}

async function perform(bot: ControlledBot, request: ControlRequest): Promise<unknown> {
  switch (request.op) {
    case 'status':
      return bot.status();
    case 'positions':
      return (await bot.positions()).map(plain);
    case 'command':
      return bot.command(request.command, request.by);
  }
}

function plain({ account, read, orders }: AccountReading): AccountPositions {
  if (!read.ok) return { account, ok: false, code: read.code, detail: read.detail };
  const positions = read.value
    .filter(({ quantity }) => !isZero(quantity))
    .map(({ key, quantity }) => ({ key, quantity: text(quantity) }));
  if (!orders.ok) return { account, ok: true, at: read.at, positions };
  const open = orders.value.map(({ key, side, quantity, filled, venueOrderId }) => ({
    key,
    side,
    open: text(sub(quantity, filled)),
    venueOrderId,
  }));
  return { account, ok: true, at: Math.max(read.at, orders.at), positions, orders: open };
}

const lineOf = (reply: ControlReply): string => `${JSON.stringify(reply)}\n`;
