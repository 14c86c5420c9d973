/** Deribit's transaction log on loopback, and this project's connection to it through unmodified ccxt. */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';
import { DAY_MS } from '../../src/kernel/instant.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { createActivity } from '../../src/simulator/activity.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { createSeededRandom } from '../../src/simulator/random.ts';
import { createBudget } from '../../src/venues/budget.ts';
import { bybitFacts } from '../../src/venues/bybit/facts.ts';
import type { CallResult } from '../../src/venues/call.ts';
import { connectAccount } from '../../src/venues/connect.ts';
import { deribitPayments, TRANSACTION_LOG, transactionLogLimit } from '../../src/venues/deribit/payments.ts';
import type { RawPayment, VenueFacts, Window } from '../../src/venues/facts.ts';
import { readWindow } from '../../src/venues/pages.ts';
import { instant } from '../../src/venues/rows.ts';

const CREDENTIALS = { apiKey: 'client-id', secret: 'client-secret' };
const HOST = 'www.deribit.com';
const TIME = '/api/v2/public/get_time';

/** The venue does not exist yet: whatever payments do not need is another venue's and is not called. */
const facts: VenueFacts = {
  ...bybitFacts,
  id: 'deribit',
  ccxtClass: 'deribit' as never,
  hosts: { rest: [HOST], ws: [] },
  options: {},
  configure: () => undefined,
  limits: [transactionLogLimit],
  cost: (_method, path) => (path === TRANSACTION_LOG ? { [transactionLogLimit.name]: 1 } : {}),
  errorCode: (body) => {
    const parsed = z.object({ error: z.object({ code: z.coerce.string() }) }).safeParse(body);
    return parsed.success ? parsed.data.error.code : undefined;
  },
  paymentWindowMs: 365 * DAY_MS,
  reads: {
    ...bybitFacts.reads,
    payments: deribitPayments('BTC'),
    serverTime: async (client) =>
      z.object({ result: instant }).parse(await client.request('get_time', 'public', 'GET', {})).result,
  },
};

export interface Asked {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  /** The signature that these bytes must carry with that timestamp and nonce. */
  readonly signature: (ts: string, nonce: string) => string;
}

/** What the venue does with a request for a page: an answer, or the connection is lost. */
export type Answer = { readonly status?: number; readonly body: string } | 'lost';

export interface DeribitWorld {
  /** Every request for the log. */
  readonly asked: Asked[];
  answer: (asked: Asked) => Answer;
  read(window: Window): Promise<CallResult<readonly RawPayment[]>>;
  close(): Promise<void>;
}

export const result = (value: unknown): Answer => ({
  body: JSON.stringify({ jsonrpc: '2.0', result: value, usIn: 1, usOut: 2, usDiff: 1, testnet: false }),
});

export async function startDeribit(startAt: number): Promise<DeribitWorld> {
  const clock = createSimClock(startAt);
  const activity = createActivity();
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const seen = describe(request, clock.now());
    if (seen.path !== TIME) asked.push(seen);
    const answer = seen.path === TIME ? result(clock.now()) : world.answer(seen);
    if (answer === 'lost') return request.socket.destroy();
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    return response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await connectAccount({
    facts,
    budget: createBudget({ limits: facts.limits, clock, random: createSeededRandom(7), activity }),
    activity,
    clock,
    ioClock: systemClock(),
    hosts: { [HOST]: `http://127.0.0.1:${port}` },
    timeoutMs: 2_000,
    credentials: CREDENTIALS,
  });
  // Simulated time moves only for requests that the budget has parked.
  const pump = setInterval(() => {
    const due = clock.nextTimerAt();
    if (due !== undefined && activity.busy() === 0) clock.advanceTo(due);
  }, 1);
  const world: DeribitWorld = {
    asked,
    answer: () => result({ logs: [], continuation: null }),
    read: (window) =>
      connection.call('poll', (client) =>
        readWindow(window, facts.paymentWindowMs, (part) => facts.reads.payments(client, part)),
      ),
    close: async () => {
      clearInterval(pump);
      await connection.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return world;
}

function describe(request: IncomingMessage, at: number): Asked {
  const { method = '', url = '' } = request;
  const { pathname, searchParams } = new URL(url, 'http://loopback');
  return {
    at,
    method,
    path: pathname,
    params: Object.fromEntries(searchParams),
    authorization: request.headers.authorization,
    signature: (ts, nonce) =>
      createHmac('sha256', CREDENTIALS.secret).update(`${ts}\n${nonce}\n${method}\n${url}\n\n`).digest('hex'),
  };
}
