/** A configuration that is valid and can open nothing: meant as an off-switch, or a slip. Entry point: `opensNothing`. */
import type { Config } from './schema.ts';

/** Why no hedge can open, in the words of its keys; undefined when something can. `paused` says so by itself. */
export function opensNothing({ risk: { allow, deny, exposure }, venues }: Config): string | undefined {
  const open = Object.entries(venues).flatMap(([venue, { enabled }]) =>
    enabled && isAllowed(allow.venues, venue) && !deny.venues.includes(venue) ? [venue] : [],
  );
  if (open.length < 2) {
    const left = open.length === 0 ? 'no venue' : `only ${open.join()}`;
    return `${left} is left by venues.*.enabled, risk.allow.venues and risk.deny.venues, and a hedge needs two`;
  }
  if (allow.assets.length > 0 && allow.assets.every((asset) => deny.assets.includes(asset)))
    return 'risk.deny.assets has every asset of risk.allow.assets';
  return exposure.maxOpenHedges === 0 ? 'risk.exposure.maxOpenHedges is 0' : undefined;
}

/** An empty list allows all. */
const isAllowed = (list: readonly string[], each: string): boolean => list.length === 0 || list.includes(each);
