/** The command line's end of the control socket. Entry points: `connectControl`, `requireControl`. */
import { connect, type Socket } from 'node:net';
import type { OperatorCommand, OperatorReply } from '../engine/events.ts';
import type { StatusSnapshot } from '../engine/status.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type AccountPositions,
  type ControlReply,
  type ControlRequest,
  type Whom,
  whomText,
} from './control-protocol.ts';
import { checkFolder } from './control-socket.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

/** Every method throws CommandFailure: the bot went away, does not answer in time, or could not do it. */
export interface ControlClient {
  status(): Promise<StatusSnapshot>;
  command(command: OperatorCommand): Promise<OperatorReply>;
  positions(): Promise<readonly AccountPositions[]>;
  close(): void;
}

export interface ControlAddress {
  readonly path: string;
  /** Whom it must be; absent: whoever listens there. */
  readonly whom?: Whom;
  /** Wall pace. */
  readonly clock: Clock;
  /** For each answer. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 30_000;
/** Far above any status; a peer that sends more is not this program. */
const MAX_REPLY_BYTES = 32 * 1_048_576;
/** Recorded with every command. */
const BY = 'cli';

/** undefined when no bot listens there. */
export async function connectControl(address: ControlAddress): Promise<ControlClient | undefined> {
  const socket = await open(address.path);
  return socket && new Client(socket, address);
}

/** Throws CommandFailure (notRunning) with what `says` tells. */
export async function requireControl(address: ControlAddress, says: () => string): Promise<ControlClient> {
  const client = await connectControl(address);
  if (client) return client;
  throw new CommandFailure(EXIT.notRunning, says());
}

function open(path: string): Promise<Socket | undefined> {
  checkFolder(path, false);
  return new Promise((settle, fail) => {
    const socket = connect(path);
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return settle(undefined);
      const who = error.code === 'EACCES' ? '; it belongs to another user, or its folder does' : '';
      fail(new CommandFailure(EXIT.failed, `the control socket ${path} cannot be opened (${error.code})${who}`));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      settle(socket);
    });
  });
}

type Wanted = ControlRequest extends infer R ? (R extends ControlRequest ? Omit<R, 'id' | 'whom'> : never) : never;

interface Waiting {
  readonly id: number;
  settle(reply: ControlReply): void;
  fail(error: CommandFailure): void;
}

class Client implements ControlClient {
  readonly #socket: Socket;
  readonly #address: ControlAddress;
  #waiting: Waiting | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #lastId = 0;
  #ended = false;

  constructor(socket: Socket, address: ControlAddress) {
    this.#socket = socket;
    this.#address = address;
    socket.on('error', () => this.#gone());
    socket.on('close', () => this.#gone());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  status(): Promise<StatusSnapshot> {
    return this.#ask({ op: 'status' }) as Promise<StatusSnapshot>;
  }

  command(command: OperatorCommand): Promise<OperatorReply> {
    return this.#ask({ op: 'command', command, by: BY }) as Promise<OperatorReply>;
  }

  positions(): Promise<readonly AccountPositions[]> {
    return this.#ask({ op: 'positions' }) as Promise<readonly AccountPositions[]>;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #ask(request: Wanted): Promise<unknown> {
    if (this.#ended) throw GONE;
    this.#lastId += 1;
    const id = this.#lastId;
    const { clock, path, whom, deadlineMs = DEADLINE_MS } = this.#address;
    const reply = await new Promise<ControlReply>((settle, fail) => {
      const late = new CommandFailure(
        EXIT.failed,
        `the bot did not answer within ${deadlineMs / 1_000} s; what was asked may still happen: look with npx tandem status, and the same --config`,
      );
      const cancel = clock.after(deadlineMs, () => {
        fail(late);
        this.#socket.destroy();
      });
      this.#waiting = {
        id,
        settle: (answer) => {
          cancel();
          settle(answer);
        },
        fail: (error) => {
          cancel();
          fail(error);
        },
      };
      this.#socket.write(`${JSON.stringify({ id, ...(whom && { whom: nameOf(whom) }), ...request })}\n`);
    });
    if (reply.ok) return reply.value;
    if (reply.code === 'another_bot' && whom) {
      const expected = whomText(whom);
      throw new CommandFailure(
        EXIT.refused,
        `the bot that listens on ${path} is ${reply.detail}, not ${expected}: nothing was done. Is this the configuration that you mean (--config)?`,
      );
    }
    throw new CommandFailure(EXIT.failed, `the bot answered ${reply.code}: ${reply.detail}`);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_REPLY_BYTES) return this.#broken();
    if (!chunk.includes(0x0a)) return;
    const lines = Buffer.concat(this.#chunks).toString().split('\n');
    const rest = Buffer.from(lines.pop() ?? '');
    this.#chunks = [rest];
    this.#bytes = rest.length;
    for (const line of lines) this.#deliver(line);
  }

  #deliver(line: string): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const reply = parseReply(line);
    // 0: the server could not even read the request.
    if (!reply || (reply.id !== waiting.id && reply.id !== 0)) return this.#broken();
    this.#waiting = undefined;
    waiting.settle(reply);
  }

  #broken(): void {
    this.#waiting?.fail(
      new CommandFailure(EXIT.failed, `what listens on ${this.#address.path} does not speak as a bot does`),
    );
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #gone(): void {
    this.#ended = true;
    this.#waiting?.fail(GONE);
    this.#waiting = undefined;
  }
}

const nameOf = ({ mode, account }: Whom): Whom => ({ mode, account });

const GONE = new CommandFailure(
  EXIT.failed,
  'the bot went away before it answered; its ledger says what happened: tandem hedges, with the same --config',
);

function parseReply(line: string): ControlReply | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('id' in value) || !('ok' in value)) return undefined;
    return value as ControlReply;
  } catch {
    return undefined;
  }
}
