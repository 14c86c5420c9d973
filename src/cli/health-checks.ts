/**
 * What `tandem doctor` looks at, one function a subject. Everything only reads, with the account's keys too.
 * Entry point: `examineAll`.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { opensNothing } from '../config/idle.ts';
import type { Config } from '../config/schema.ts';
import { armed, checkShape, readCredentials, variablesOf } from '../config/secrets.ts';
import type { Read } from '../kernel/outcome.ts';
import { isLedgerThere } from '../platform/sqlite/connection.ts';
import { LedgerOpenError } from '../platform/sqlite/errors.ts';
import { isAlive } from '../platform/sqlite/sidecar.ts';
import type { Credentials } from '../venues/connect.ts';
import { revealed } from './account-keys.ts';
import { asking, findBot } from './bot-address.ts';
import { tandemFor } from './command-line.ts';
import { CommandFailure } from './exit-codes.ts';
import { cents, money } from './format.ts';
import { holderPid } from './ledger-holder.ts';
import { verifyLedger } from './ledger-verify.ts';
import type { AccountAnswer, Probed, VenueAnswer } from './venue-probe.ts';

export interface Check {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly name: string;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly configFile: string;
  /** Usually `.env`. */
  readonly envFile: string;
  probe(probed: Probed): Promise<Read<VenueAnswer>>;
  probeAccount(probed: Probed, credentials: Credentials): Promise<Read<AccountAnswer>>;
}

/** Venues refuse signed requests that are a few seconds off; Binance and Bybit beyond 5 s and 1 s ahead. */
const SKEW_WARN_MS = 500;
const SKEW_FAIL_MS = 1_000;
const MIN_FREE_BYTES = 200 * 1_048_576;

export async function examineAll(config: Config, around: Surroundings): Promise<readonly Check[]> {
  return [
    configCheck(config, around),
    ...(await keyChecks(config, around)),
    armCheck(config, around),
    ...(config.replay ? [replayCheck(config.replay.file, around)] : []),
    ...(await venueChecks(config, around)),
    ledgerCheck(config, around),
    await holderCheck(config),
    spaceCheck(config),
    ...(config.log.file === undefined ? [] : [logCheck(config.log.file)]),
  ];
}

const ok = (name: string, detail: string): Check => ({ level: 'ok', name, detail });
const warn = (name: string, detail: string, fix: string): Check => ({ level: 'warn', name, detail, fix });
const fail = (name: string, detail: string, fix: string): Check => ({ level: 'fail', name, detail, fix });

function configCheck(config: Config, { configFile }: Surroundings): Check {
  const { mode, account, venues } = config;
  const idle = opensNothing(config);
  const detail = `${configFile}: mode ${mode}, account ${account}, venues ${Object.keys(venues).join(', ')}`;
  return idle === undefined
    ? ok('config', detail)
    : warn('config', `${detail}; it opens nothing`, `if that is not meant: ${idle}`);
}

async function keyChecks(config: Config, around: Surroundings): Promise<Check[]> {
  const { mode } = config;
  if (mode !== 'testnet' && mode !== 'live') return [ok('keys', `none needed in mode ${mode}`)];
  const { env, envFile } = around;
  const venues = Object.keys(config.venues);
  const { byVenue, problems } = readCredentials({ env, envFile, venues });
  const general = problems.map(({ detail }) =>
    fail(
      'keys',
      detail,
      `give each variable in the environment, or in ${envFile} with mode 0600 (chmod 600 ${envFile})`,
    ),
  );
  const perVenue = Object.entries(config.venues).map(async ([venue, settings]): Promise<Check[]> => {
    const found = byVenue.get(venue);
    if (!found) return [fail(`keys ${venue}`, 'no complete set', `set ${variablesOf(venue).join(', ')}`)];
    const shapes = checkShape(venue, found).map(({ detail }) =>
      warn(`keys ${venue}`, detail, 'copy it anew from the venue, without quotes or spaces'),
    );
    const answer = await around.probeAccount({ venue, config: settings, mode }, revealed(found));
    return [...shapes, accountCheck(venue, answer, mode)];
  });
  return [...general, ...(await Promise.all(perVenue)).flat()];
}

function accountCheck(venue: string, read: Read<AccountAnswer>, mode: 'testnet' | 'live'): Check {
  const name = `keys ${venue}`;
  if (!read.ok) {
    const where = mode === 'testnet' ? 'its test network' : 'the venue itself';
    const fix = `is the key one of ${where}, complete, still valid, allowed to read and trade, and from this machine’s address?`;
    return fail(name, `not taken (${read.code}: ${read.detail})`, fix);
  }
  const { excess, wallet, currency, positions } = read.value;
  if (excess.length > 0)
    return fail(name, `the key ${excess.join(' and ')}: run would refuse`, 'make one that may trade only');
  const standing = positions === 0 ? 'nothing open' : `${positions} ${positions === 1 ? 'position' : 'positions'} open`;
  return ok(name, `taken by the venue; ${money(cents(wallet))} ${currency} in the wallet, ${standing}`);
}

function armCheck({ mode }: Config, { env }: Surroundings): Check {
  const arming = armed(mode, env);
  if (!arming.ok)
    return warn('arming', `${arming.reason}: run would refuse`, 'set TANDEM_ARM=live when real orders are meant');
  return ok('arming', mode === 'live' ? 'ARMED: orders go to real money' : `mode ${mode} sends no order to real money`);
}

function replayCheck(file: string, { env }: Surroundings): Check {
  const folder = env.TANDEM_DATA;
  if (!folder) return fail('replay data', 'TANDEM_DATA is not set', 'set TANDEM_DATA to the folder of recorded data');
  const path = join(folder, file);
  return existsSync(path)
    ? ok('replay data', path)
    : fail('replay data', `${path} is not there`, 'check TANDEM_DATA and replay.file');
}

async function venueChecks({ mode, venues }: Config, { probe }: Surroundings): Promise<Check[]> {
  if (mode === 'sim') return [ok('venues', 'built in; nothing to reach')];
  const entries = Object.entries(venues);
  return Promise.all(entries.map(async ([venue, config]) => venueCheck(venue, await probe({ venue, config, mode }))));
}

function venueCheck(venue: string, read: Read<VenueAnswer>): Check {
  const name = `venue ${venue}`;
  if (!read.ok)
    return fail(
      name,
      `does not answer (${read.code}: ${read.detail})`,
      'check the network, a proxy, or venues.*.hosts',
    );
  const { skewMs, roundTripMs } = read.value;
  const detail = `answers in ${Math.round(roundTripMs)} ms; our clock is ${Math.abs(skewMs)} ms ${skewMs >= 0 ? 'behind' : 'ahead'}`;
  // Half the round trip is how well the difference can be known.
  const off = Math.abs(skewMs) - roundTripMs / 2;
  if (off > SKEW_FAIL_MS) return fail(name, detail, 'synchronise this machine’s clock (NTP)');
  return off > SKEW_WARN_MS ? warn(name, detail, 'synchronise this machine’s clock (NTP)') : ok(name, detail);
}

function ledgerCheck(config: Config, { configFile }: Surroundings): Check {
  const { path } = config.ledger;
  try {
    if (!isLedgerThere(path)) return ok('ledger', `none yet at ${path}; the first run makes it`);
    const { stamp, findings, facts, hedges } = verifyLedger(path);
    const problems = findings.filter(({ level }) => level === 'problem');
    const see = `${tandemFor(configFile)} ledger verify`;
    if (stamp && (stamp.mode !== config.mode || stamp.account !== config.account))
      return fail(
        'ledger',
        `${path} belongs to mode ${stamp.mode}, account ${stamp.account}`,
        'set ledger.path to another file',
      );
    if (problems.length > 0) return fail('ledger', `${problems.length} problems, first: ${problems[0]?.detail}`, see);
    const notes = findings.length - problems.length;
    const detail =
      facts === undefined ? `${path}: facts not checked` : `${path}: sound, ${facts} facts, ${hedges} hedges`;
    return notes > 0 ? warn('ledger', `${detail}, ${notes} notes`, see) : ok('ledger', detail);
  } catch (error) {
    if (!(error instanceof LedgerOpenError)) throw error;
    return fail('ledger', error.message, LEDGER_FIXES[error.code] ?? SEE_ACCESS);
  }
}

const SEE_ACCESS = 'see who owns the file and its folder, their modes, and the disk; the ledger itself may be sound';
const LEDGER_FIXES: Readonly<Partial<Record<LedgerOpenError['code'], string>>> = {
  missing: 'bring it back, or its disk, before the next start; a new ledger knows nothing of what is open',
  corrupt: 'restore a backup; without one, move the file away to begin anew, once no position is open',
  foreign_log: 'keep the two that belong together: docs/cli.md, Backup and restore',
  not_a_ledger: 'set ledger.path to another file',
  newer_schema: 'run the newer version that made it',
  older_schema: 'start the bot once: it brings the ledger to this version',
};

const BOT_DEADLINE_MS = 5_000;

/** Only asks: taking the lock to see whether it is free could stop a bot that is starting. */
async function holderCheck(config: Config): Promise<Check> {
  try {
    const bot = await findBot(config, BOT_DEADLINE_MS);
    if (bot) {
      await asking(bot, (client) => client.status());
      return ok('bot', 'running, and answers on its control socket');
    }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return fail('bot', error.message, 'see its log; a process that hangs can be killed, the next start reconciles');
  }
  const pid = holderPid(config);
  if (pid === undefined) return ok('bot', 'not running; the ledger is free');
  if (!isAlive(pid))
    return ok('bot', `not running; process ${pid} ended without a clean stop, the next start reconciles`);
  return warn(
    'bot',
    `no bot answers, and the process id ${pid} of the last that held the ledger is in use`,
    'it may be starting or ending; if it stays so, see what that process is before you stop it',
  );
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The nearest folder that there is. */
function folderOf(path: string): string {
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

function logCheck(file: string): Check {
  const place = existsSync(file) ? file : folderOf(file);
  if (!existsSync(file) && !statSync(place).isDirectory())
    return fail('log', `${place} is no folder`, 'set log.file to another path');
  return mayWrite(place)
    ? ok('log', file)
    : fail('log', `${place} may not be written by this user`, 'run as its owner, or set log.file to another path');
}

function spaceCheck({ ledger: { path } }: Config): Check {
  const folder = folderOf(path);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const refused = [folder, path, `${path}-wal`, `${path}.lock.json`].find(
    (each) => existsSync(each) && !mayWrite(each),
  );
  if (refused !== undefined)
    return fail('disk', `${refused} may not be written by this user`, 'run as its owner, or change its owner or mode');
  const detail = `${Math.round(free / 1_048_576).toLocaleString('en-US')} MB free in ${folder}`;
  return free < MIN_FREE_BYTES ? warn('disk', detail, 'make room: a full disk stops trading') : ok('disk', detail);
}
