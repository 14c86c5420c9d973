/** Configuration -> engine settings, at start and whenever the file is saved. */

import { readFileSync } from 'node:fs';
import type { diffConfigs } from '../config/changes.ts';
import { formatProblem } from '../config/load.ts';
import { ConfigWatcher, type ReloadReport } from '../config/reload.ts';
import type { Config } from '../config/schema.ts';
import { watchFile } from '../config/watch-file.ts';
import type { EngineEvent } from '../engine/events.ts';
import type { EngineSettings } from '../engine/settings.ts';
import type { StatusSnapshot } from '../engine/status.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../kernel/instant.ts';
import type { ConfigChanged } from '../ledger/facts.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { Clock } from '../ports/clock.ts';
import { ORDER_ANSWERED_WITHIN_MS } from '../venues/order-deadline.ts';
import { unreadAssets } from './compose-standing.ts';
import type { StartOptions } from './start-options.ts';

export function engineSettings(config: Config): EngineSettings {
  const enabled = Object.entries(config.venues).filter(([, venue]) => venue.enabled);
  return {
    mode: config.mode,
    paused: config.paused,
    enabledVenues: new Set(enabled.map(([id]) => id)),
    liveShare: config.routing.liveShare,
    signal: config.signal,
    risk: { ...config.risk, breakers: reachable(config) },
    execution: config.execution,
    reconcileEveryMs: config.reconcile.everyMinutes * MINUTE_MS,
    positionsEveryMs: Math.max(config.reconcile.positionsEverySeconds * SECOND_MS, marketStepMs(config)),
    paymentDelayMs: config.reconcile.paymentDelayMs,
  };
}

/** A latency that no order can reach, because it stops waiting before, would never trip. */
function reachable({ venues, risk: { breakers } }: Config): Config['risk']['breakers'] {
  const waits = Object.values(venues).map(({ requestDeadlineMs }) => requestDeadlineMs);
  const mostMs = 0.75 * Math.min(ORDER_ANSWERED_WITHIN_MS, ...waits);
  return { ...breakers, latency: { ...breakers.latency, p90Ms: Math.min(breakers.latency.p90Ms, mostMs) } };
}

/** How often a simulated market moves: looking more often shows nothing new, and its seconds are short. */
function marketStepMs({ replay, simulator }: Config): number {
  if (replay) return DAY_MS;
  return (simulator?.stepSeconds ?? 0) * SECOND_MS;
}

export interface ConfigWatch {
  stop(): void;
  /** How the file, as saved last, differs from what runs; undefined when it does not. */
  differs(): StatusSnapshot['config'];
}

/**
 * Every saved version is validated whole; live keys go to the engine, each change logged and stored. `read` are the
 * assets whose market data this process reads; empty: all.
 */
export function watchConfig(
  options: StartOptions,
  clock: Clock,
  read: ReadonlySet<string>,
  push: (event: EngineEvent) => void,
): ConfigWatch {
  const { config, configFile, configText, log } = options;
  const wall = systemClock();
  const effects = {
    readText: () => readFileSync(configFile, 'utf8'),
    onMayHaveChanged: (check: () => void) => watchFile(configFile, wall, check),
    clock: wall,
  };
  const facts = (changes: ReturnType<typeof diffConfigs>): ConfigChanged[] =>
    changes.map(({ key, before, after, loosens }) => ({
      kind: 'config',
      key,
      before,
      after,
      loosens,
      at: clock.now(),
    }));
  let differs: StatusSnapshot['config'];
  const watcher = new ConfigWatcher({ file: configFile, config, text: configText }, effects, (report) => {
    const unread = unreadAssets(report.config.risk.allow.assets, read);
    differs = differenceOf(report, unread);
    const part = report.applied.length > 0 ? 'a part of the edited configuration' : 'the edited configuration';
    for (const problem of report.problems) log.error({ problem: formatProblem(problem) }, `${part} is not used`);
    for (const change of report.needsRestart) log.warn({ ...change }, 'this key changes at the next start');
    if (report.applied.length === 0) return;
    log.setLevel(report.config.log.level);
    if (unread && report.applied.some(({ key }) => key === 'risk.allow.assets'))
      log.warn(
        { key: 'risk.allow.assets', after: namesOf(unread) },
        'market data of these is only read from the next start',
      );
    push({ kind: 'settings', settings: engineSettings(report.config), changes: facts(report.applied) });
  });
  watcher.start();
  return { stop: () => watcher.stop(), differs: () => differs };
}

function differenceOf(
  { problems, needsRestart }: ReloadReport,
  unread: ReturnType<typeof unreadAssets>,
): StatusSnapshot['config'] {
  const waiting = needsRestart.map(({ key }) => key);
  if (unread) waiting.push(`risk.allow.assets (${namesOf(unread)})`);
  if (problems.length === 0 && waiting.length === 0) return undefined;
  return { problems: problems.map(formatProblem), waiting };
}

const namesOf = (unread: readonly string[] | 'others'): string =>
  unread === 'others' ? 'all but those of the start' : unread.join(', ');
