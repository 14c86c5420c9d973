/**
 * What the ledger knows of the configuration: each start records what has changed since, so that it can be told under
 * which limits a hedge was opened. Entry points: `keepingConfig`, `recordConfig`.
 */
import { changesSince } from '../config/changes.ts';
import type { Config } from '../config/schema.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Fact } from '../ledger/facts.ts';
import type { LedgerStore } from '../ports/ledger-store.ts';
import type { Log } from '../ports/log.ts';

/** Passes facts on and keeps the newest text of each key in `recorded`. */
export function* keepingConfig(facts: Iterable<Fact>, recorded: Map<string, string>): Iterable<Fact> {
  for (const fact of facts) {
    if (fact.kind === 'config') recorded.set(fact.key, fact.after);
    yield fact;
  }
}

/** Throws LedgerWriteError. */
export function recordConfig(
  { store, log }: { readonly store: LedgerStore; readonly log: Log },
  recorded: ReadonlyMap<string, string>,
  config: Config,
  at: Instant,
): void {
  const changes = changesSince(recorded, config);
  store.commit(changes.map(({ key, before, after, loosens }) => ({ kind: 'config', key, before, after, loosens, at })));
  // Of a new ledger all would be news.
  if (recorded.size === 0) return;
  for (const { key, before, after, loosens } of changes)
    log.warn({ key, before, after, loosens }, 'changed since the last start');
}
