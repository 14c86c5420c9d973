/** The simulated venues in their own process, as a bot in mode testnet meets them. Entry point: `startVenues`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAIN = join(ROOT, 'dist/cli/main.js');

interface Keys {
  readonly apiKey: string;
  readonly secret: string;
  readonly passphrase: string;
}
interface Introduction {
  readonly control: string;
  readonly venues: Readonly<Record<string, Keys & { readonly hosts: Readonly<Record<string, string>> }>>;
}

/** What the venues know; quantities in base units, long positive. */
export interface Books {
  /** Every order that arrived, before any venue judged it. */
  readonly sent: readonly { readonly venue: string; readonly clientOrderId: string }[];
  readonly venues: Readonly<
    Record<
      string,
      {
        readonly wallet: string;
        readonly positions: readonly { readonly symbol: string; readonly quantity: string }[];
        readonly orders: readonly { readonly clientOrderId: string; readonly status: string }[];
      }
    >
  >;
}

export interface VenuesProcess {
  /** The `venues` section of a configuration. */
  readonly section: Readonly<Record<string, { readonly hosts: Readonly<Record<string, string>> }>>;
  /** API keys as the bot reads them from its environment. */
  readonly keys: Readonly<Record<string, string>>;
  books(): Promise<Books>;
  /** The next bot comes from an address of its own. */
  newAddress(): Promise<void>;
  /** True once an order has arrived and before a venue has seen it; false after `withinMs` without one. */
  orderArrives(withinMs: number): Promise<boolean>;
  stop(): void;
}

/** `args` are those of `scripts/sim-venues.ts`. */
export async function startVenues(args: readonly string[]): Promise<VenuesProcess> {
  const script = join(ROOT, 'scripts/sim-venues.ts');
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('no output');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { control, venues }: Introduction = JSON.parse(line);
  return {
    section: Object.fromEntries(Object.entries(venues).map(([id, { hosts }]) => [id, { hosts }])),
    keys: Object.fromEntries(Object.entries(venues).flatMap(([id, keys]) => environmentOf(id, keys))),
    books: async () => (await (await fetch(`${control}/books`)).json()) as Books,
    newAddress: async () => void (await (await fetch(`${control}/new-address`)).text()),
    orderArrives: async (withinMs) => {
      try {
        await (await fetch(`${control}/next-order`, { signal: AbortSignal.timeout(withinMs) })).text();
        return true;
      } catch (error) {
        if (error instanceof DOMException && error.name === 'TimeoutError') return false;
        throw error;
      }
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

function environmentOf(venue: string, { apiKey, secret, passphrase }: Keys): [string, string][] {
  const name = `TANDEM_${venue.toUpperCase()}`;
  return [
    [`${name}_KEY`, apiKey],
    [`${name}_SECRET`, secret],
    ...(venue === 'okx' ? [[`${name}_PASSPHRASE`, passphrase] satisfies [string, string]] : []),
  ];
}
