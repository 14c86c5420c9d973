/** The switches and keys between the configuration and real orders. */
import { armed, readCredentials, type Credentials as Secrets } from '../config/secrets.ts';
import type { VenueId } from '../kernel/ids.ts';
import type { Credentials } from '../venues/connect.ts';
import type { StartOptions } from './start-options.ts';
import { StartRefused } from './start-refused.ts';

/**
 * The keys of every venue for modes testnet and live; the other modes must not even read them. Throws StartRefused when
 * live is not armed or keys are missing.
 */
export function readAccountKeys(options: StartOptions): ReadonlyMap<VenueId, Credentials> | undefined {
  const { config, env, log } = options;
  if (config.mode === 'paper' || config.mode === 'sim') return undefined;
  const venues = Object.keys(config.venues);
  const arming = armed(config.mode, env);
  if (!arming.ok) throw new StartRefused('not_armed', arming.reason);
  const read = readCredentials({ env, envFile: '.env', venues });
  const missing = venues.filter((venue) => !read.byVenue.has(venue));
  const problems = [
    ...read.problems.map((problem) => problem.detail),
    ...missing.map((venue) => `no complete set of TANDEM_${venue.toUpperCase()}_* variables for ${venue}`),
  ];
  if (problems.length > 0)
    throw new StartRefused('credentials', `mode ${config.mode} needs credentials: ${problems.join('; ')}`);
  return new Map(
    [...read.byVenue].map(([venue, secrets]) => {
      const { key, secret, passphrase } = secrets;
      for (const each of [key, secret, passphrase]) if (each) log.registerSecret(each.reveal());
      return [venue, revealed(secrets)];
    }),
  );
}

/** What signs requests. */
export function revealed({ key, secret, passphrase }: Secrets): Credentials {
  const word = passphrase ? { passphrase: passphrase.reveal() } : {};
  return { apiKey: key.reveal(), secret: secret.reveal(), ...word };
}
