/**
 * What an account must be like before it may trade. Entry point: `prepareAccount`. An instrument that cannot be brought
 * into shape is closed to openings and holds nobody up: what is held must be read and reduced whatever its leverage.
 * `closeNew` and `openUnprepared` keep that list afterwards; `excessOf` judges a key.
 */
import { contracts, isZero } from '../kernel/decimal.ts';
import type { InstrumentKey } from '../kernel/ids.ts';
import { failure, type Read } from '../kernel/outcome.ts';
import type { AccountSetup } from '../ports/venue.ts';
import { type Account, read } from './account.ts';
import type { CcxtClient } from './client.ts';
import { tellClosed } from './closed.ts';
import { type KeyPermissions, SetupError } from './facts.ts';
import type { Listing } from './units.ts';

/** One-way mode of the account, isolated margin and leverage of each instrument, each read back. */
export async function prepareAccount(account: Account, setup: AccountSetup): Promise<Read<true>> {
  const { connection, listings } = account;
  const { settings } = connection.facts;
  const missing = await listings.ensure();
  if (missing !== undefined) return missing;
  const listed: Listing[] = [];
  for (const { key } of setup.instruments) {
    const listing = listings.get(key);
    if (listing === undefined) return failure('unknown_instrument', key);
    listed.push(listing);
    // First of all: its fills and what is held there are read whatever becomes of the rest.
    account.prepared.add(listing.marketId);
  }
  account.leverage = setup.leverage;
  const unprepared = new Map<InstrumentKey, string>();
  const result = await read(account, 'open', async (client) => {
    if (connection.strictKeys) refuseExcess(await settings.permissions(client));
    await settings.prepareAccount(client, connection.attempt);
    const standing = await marketsHeld(account, client);
    for (const listing of listed) {
      const why = await prepareOne(account, client, listing, setup.leverage, standing);
      if (why !== undefined) unprepared.set(listing.instrument.key, why);
    }
    return true as const;
  });
  // What was listed meanwhile stays closed.
  const asked = new Set(setup.instruments.map(({ key }) => key));
  const later = [...account.unprepared].filter(([key]) => !asked.has(key));
  if (result.ok) account.unprepared = new Map([...later, ...unprepared]);
  tellClosed(account);
  return result;
}

/** What has been listed since the account was prepared: nothing opens there before its settings are made. */
export function closeNew(account: Account, listings: readonly Listing[]): void {
  if (account.leverage === undefined) return;
  const unprepared = new Map(account.unprepared);
  for (const { instrument, marketId } of listings) {
    if (account.prepared.has(marketId)) continue;
    account.prepared.add(marketId);
    unprepared.set(instrument.key, 'it was not listed when the account was prepared');
  }
  account.unprepared = unprepared;
}

/** Tries what is not in shape and trades again: a position may be gone, a market open. What fails stays closed. */
export async function openUnprepared(account: Account): Promise<void> {
  const { leverage } = account;
  if (leverage === undefined) return;
  for (const key of account.unprepared.keys()) {
    const listing = account.listings.get(key);
    if (listing === undefined || !listing.instrument.trading) continue;
    const result = await account.connection.call('poll', async (client) =>
      prepareOne(account, client, listing, leverage, await marketsHeld(account, client)),
    );
    if (!result.ok) continue;
    const unprepared = new Map(account.unprepared);
    if (result.value === undefined) unprepared.delete(key);
    else unprepared.set(key, result.value);
    account.unprepared = unprepared;
    tellClosed(account);
    // The account's fees there could not be read while it did not trade.
    if (result.value === undefined) account.relist();
  }
}

/**
 * Isolated margin and leverage, read back. Undefined when they are as they must be, else why not. Nothing is changed
 * beneath a position: that would move its liquidation price. A venue that is not reached throws.
 */
async function prepareOne(
  { connection }: Account,
  client: CcxtClient,
  { instrument, marketId }: Listing,
  leverage: number,
  standing: ReadonlySet<string>,
): Promise<string | undefined> {
  // The venue refuses every setting there.
  if (!instrument.trading) return 'it does not trade';
  const { settings } = connection.facts;
  const before = await settings.marginTerms(client, marketId);
  if (before.isIsolated && before.leverage === leverage) return undefined;
  if (standing.has(marketId)) {
    const stands = `a position stands ${before.isIsolated ? '' : 'in cross margin '}at leverage ${before.leverage}`;
    return `${stands}: ${leverage} is set when that is gone, because it would move its liquidation price`;
  }
  const code = await settings.setMarginTerms(client, connection.attempt, { marketId, leverage, before });
  const after = await settings.marginTerms(client, marketId);
  if (!after.isIsolated) return `margin mode: not isolated (${code})`;
  return after.leverage === leverage
    ? undefined
    : `leverage: wanted ${leverage}, the venue says ${after.leverage} (${code})`;
}

/** Market ids with a position, whoever's it is. */
async function marketsHeld({ connection }: Account, client: CcxtClient): Promise<ReadonlySet<string>> {
  const { rows, full } = await connection.facts.reads.positions(client);
  if (full) throw new SetupError('incomplete', 'more positions than one page');
  return new Set(rows.filter(({ quantity }) => !isZero(contracts(quantity))).map(({ marketId }) => marketId));
}

/** What is wrong with a key for real money: it trades, cannot move money out, and works from known addresses only. */
export const excessOf = ({ trade, withdraw, bound }: KeyPermissions): readonly string[] => [
  ...(withdraw ? ['may withdraw'] : []),
  ...(bound ? [] : ['works from every address: restrict it to this machine']),
  ...(trade ? [] : ['may not trade']),
];

function refuseExcess(permissions: KeyPermissions): void {
  const wrong = excessOf(permissions);
  if (wrong.length > 0) throw new SetupError('key_permissions', `the API key ${wrong.join(' and ')}`);
}
