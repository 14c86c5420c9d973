/**
 * The one schema of a configuration file. Every key says its unit, default and whether a change is live; reference,
 * editor schema and error messages are made from it. Entry points: `configSchema`, `Config`, `resolveConfig`.
 */
import { validate } from 'node-cron';
import * as z from 'zod';
import type { ExecutionSettings } from '../execution/settings.ts';
import type { Mode } from '../kernel/ids.ts';
import { iso } from '../kernel/instant.ts';
import type { RiskLimits, RiskSettings } from '../risk/limits.ts';
import type { SignalSettings } from '../signal/settings.ts';
import { executionSchema } from './execution-schema.ts';
import { also, fraction, list, live, positive, restart, section, whole } from './key.ts';
import { riskSchema, signalSchema, type VENUE_IDS } from './trading-schema.ts';

const MODES = ['sim', 'paper', 'testnet', 'live'] as const satisfies readonly Mode[];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const path = () => z.string().min(1).max(1_000);
/** Written or listened at by this program. */
const ownFile = <T extends z.ZodType>(schema: T, description: string) =>
  also(restart(schema, 'path', description), { path: true });
const instant = () =>
  z.string().refine(isInstant, {
    message: 'should be a UTC day or instant from 2009 to 2099, like 2024-01-31 or 2024-01-31T08:00:00Z',
  });
const feeRate = () => fraction(0.01, -0.01);

const officialHost = z.string().regex(/^[a-z0-9.-]+(:\d+)?$/, 'should be a host like api.bybit.com');
const baseUrl = z.string().refine(isBaseUrl, {
  message:
    'should be http(s):// or ws(s)://host:port, without path, query or user; plain http and ws on this machine only',
});

const venueSchema = z.strictObject({
  enabled: live(z.boolean().default(true), '', 'Off: nothing opens here. What is open is managed to its end.'),
  hosts: restart(
    z.record(officialHost, baseUrl).exactOptional(),
    'official host: base URL',
    'Sends requests for official hosts elsewhere: loopback, a proxy. Once set, every host must be listed.',
  ),
  depositUsd: restart(
    positive(1e9).default(100_000),
    'USD',
    'First balance of the simulated and of the paper account.',
  ),
  fees: restart(
    z
      .strictObject({
        takerRate: restart(feeRate(), 'fraction (1 % is 0.01)', 'Taker fee of the paper account; negative = rebate.'),
        makerRate: restart(feeRate(), 'fraction (1 % is 0.01)', 'Maker fee of the paper account; negative = rebate.'),
      })
      .exactOptional(),
    '',
    'Fees of the paper account; left out, the venue’s own.',
  ),
  requestDeadlineMs: restart(
    whole(100, 120_000).default(10_000),
    'ms',
    'A request without an answer counts as unknown.',
  ),
  budgetShare: restart(
    fraction(1, 0.2).default(0.8),
    'fraction (1 % is 0.01)',
    'Part of the venue’s published request limits that is used at all. The smallest of them are five requests in a few seconds: a fifth is one.',
  ),
});

const venueSection = (name: string) => venueSchema.exactOptional().meta({ description: `${name} account.` });

export const configSchema = z
  .strictObject({
    mode: restart(
      z.enum(MODES),
      '',
      'sim: built-in venues. paper: real market data, simulated fills. testnet, live: signed orders.',
    ),
    account: restart(
      z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'should be 1 to 32 of a-z, 0-9, - and _')
        .default('main'),
      '',
      'Name of the set of venue accounts; stamped on the ledger.',
    ),
    paused: live(z.boolean().default(false), '', 'Opens nothing while true. What is open is managed to its end.'),
    ledger: section(
      z.strictObject({
        path: ownFile(
          path().exactOptional(),
          'The ledger file. Default: data/<mode>.db, and data/replay.db of a replay. Here as everywhere, a path that is not absolute begins at the folder that the command is started in: another folder is another ledger.',
        ),
      }),
      'Where everything is recorded.',
    ),
    venues: z
      .strictObject({
        binance: venueSection('Binance USD-M'),
        bybit: venueSection('Bybit'),
        okx: venueSection('OKX'),
      } satisfies Record<(typeof VENUE_IDS)[number], z.ZodType>)
      .prefault({ binance: {}, bybit: {}, okx: {} })
      .meta({ description: 'Venues to trade on. Only those listed; all three when the section is left out.' }),
    signal: signalSchema,
    risk: riskSchema,
    execution: executionSchema,
    routing: section(
      z.strictObject({
        liveShare: also(
          live(
            fraction(1).default(0),
            '0 to 1',
            'Share of pairs that trade on the real accounts (in sim: the simulated ones); the others trade on paper. Raising it only adds pairs.',
          ),
          { loosens: 'raise' },
        ),
      }),
      'Traffic split.',
    ),
    reconcile: section(
      z.strictObject({
        everyMinutes: live(
          z.number().min(0.1).max(1_440).default(5),
          'minutes',
          'Between two comparisons with the venues.',
        ),
        positionsEverySeconds: live(
          z.number().min(1).max(86_400).default(5),
          'seconds',
          'Between two looks at a venue’s positions and liquidation prices while a hedge stands there.',
        ),
        paymentDelayMs: live(
          whole(0, 3_600_000).default(30_000),
          'ms',
          'After a settlement, before the venue is asked for the payment.',
        ),
      }),
      'Comparing the ledger with the venues.',
    ),
    simulator: z
      .strictObject({
        seed: restart(whole(0, 2 ** 31).default(1), '', 'Same seed, same market.'),
        speed: restart(positive(100_000).default(240), 'simulated seconds per second', 'How fast simulated time runs.'),
        stepSeconds: restart(whole(1, 3_600).default(60), 'simulated seconds', 'Between two market data publications.'),
        startAt: restart(instant().default('2024-01-01T00:00:00Z'), 'UTC', 'Where simulated time begins.'),
        assets: restart(
          list(z.string().regex(/^[A-Z0-9]{1,20}$/, 'should be an asset in capitals, like BTC'))
            .min(1)
            .exactOptional(),
          'assets',
          'Assets to simulate; all of the generator’s when left out.',
        ),
      })
      .exactOptional()
      .meta({ description: 'The generated market of mode sim; used when there is no replay section.' }),
    replay: z
      .strictObject({
        file: also(
          restart(
            path()
              .refine((text) => !text.startsWith('/') && !text.split('/').includes('..'), {
                message: 'should be a path inside TANDEM_DATA, without .. or a leading /',
              })
              .default('market/btc-3venues-8h.csv'),
            'path below TANDEM_DATA',
            'Recorded prices and funding to replay.',
          ),
          { path: true },
        ),
        from: restart(instant().exactOptional(), 'UTC', 'First instant; left out, the recording’s first.'),
        to: restart(instant().exactOptional(), 'UTC', 'Last instant; left out, the recording’s last.'),
        halfSpreadRate: restart(
          fraction(0.1).gt(0).default(0.00005),
          'fraction (1 % is 0.01)',
          'Distance of the best levels from mid.',
        ),
        depthShare: restart(
          fraction(1).gt(0).default(0.0005),
          'fraction (1 % is 0.01)',
          'What one side of the book shows, as a share of the bar’s volume.',
        ),
        report: ownFile(
          path().default('data/replay-report.json'),
          'Where the report is written, over the one before. The ledger of the replay before is kept as <ledger>.previous.',
        ),
      })
      .exactOptional()
      .meta({ description: 'Mode sim on recorded prices and funding instead of the generated market.' }),
    log: section(
      z.strictObject({
        level: live(z.enum(LEVELS).default('info'), '', 'Least severe line that is written.'),
        file: ownFile(
          path().exactOptional(),
          'Appends to this file; left out, standard output, and <ledger>.log while a status screen is shown. It may be rotated by renaming it: a new one is made within seconds.',
        ),
      }),
      'The log.',
    ),
    summary: section(
      z.strictObject({
        schedule: restart(
          z
            .string()
            .refine((text) => validate(text), { message: 'should be a cron expression like 55 23 * * *' })
            .default('55 23 * * *'),
          'cron, UTC',
          'When the log gets a summary of each route. `dayPnlUsd` in it is the UTC day so far, from 00:00. Real time: not used in mode sim.',
        ),
      }),
      'The regular summary.',
    ),
    operator: section(
      z.strictObject({
        socket: ownFile(
          path().max(100).exactOptional(),
          'Unix socket for commands. Default: the ledger’s path and .sock.',
        ),
      }),
      'How commands reach the running bot.',
    ),
  })
  .meta({ title: 'tandem configuration' });

type Written = z.output<typeof configSchema>;
type Frozen<T> = T extends readonly (infer I)[]
  ? readonly Frozen<I>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

export type VenueConfig = Frozen<z.output<typeof venueSchema>>;
export type SimulatorConfig = Frozen<NonNullable<Written['simulator']>>;
export type ReplayConfig = Frozen<NonNullable<Written['replay']>>;

/** A whole, valid configuration. Deeply frozen; every default is filled in. */
export interface Config
  extends Omit<Frozen<Written>, 'ledger' | 'operator' | 'venues' | 'signal' | 'risk' | 'execution' | 'simulator'> {
  readonly ledger: { readonly path: string };
  readonly operator: { readonly socket: string };
  /** By venue id; only those listed. */
  readonly venues: Readonly<Record<string, VenueConfig>>;
  readonly signal: SignalSettings;
  readonly risk: RiskLimits;
  readonly execution: ExecutionSettings & Pick<RiskSettings, 'marginReserveRate'>;
  /** Present in mode sim without a replay. */
  readonly simulator?: SimulatorConfig;
}

/** Fills in the defaults that depend on other keys, and freezes. */
export function resolveConfig(written: Written): Config {
  const path = written.ledger.path ?? defaultLedger(written.mode, written.replay !== undefined);
  const generated = written.mode === 'sim' && !written.replay;
  return freezeConfig({
    ...written,
    ledger: { path },
    operator: { socket: written.operator.socket ?? `${path}.sock` },
    signal: { ...written.signal, notionalUsd: written.signal.notionalUsd ?? written.risk.size.hedgeNotionalUsd },
    ...(generated ? { simulator: written.simulator ?? simulatorDefaults() } : {}),
  });
}

/** A replay begins with an empty ledger, so never with the one of a simulation that goes on. */
export const defaultLedger = (mode: Mode, isReplay: boolean): string => `data/${isReplay ? 'replay' : mode}.db`;

const simulatorDefaults = (): SimulatorConfig => configSchema.shape.simulator.unwrap().parse({});

/** The same configuration, frozen at every depth. */
export function freezeConfig(config: Config): Config {
  freeze(config);
  return config;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}

/** A day that no calendar has (31 June) would quietly be another one, and the year 0 no market's. */
function isInstant(text: string): boolean {
  const year = Number(text.slice(0, 4));
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) || year < 2009 || year > 2099) return false;
  const at = Date.parse(text);
  return !Number.isNaN(at) && iso(at).startsWith(text.replace('Z', ''));
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Keys and orders must not cross a network in the clear. */
function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username, password } = new URL(text);
  const bare = (pathname === '/' || pathname === '') && !search && !hash && !username && !password;
  if (protocol === 'https:' || protocol === 'wss:') return bare;
  return (protocol === 'http:' || protocol === 'ws:') && bare && LOOPBACK.test(hostname);
}
