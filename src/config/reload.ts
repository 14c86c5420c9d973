/**
 * Applies changes of the configuration file while the bot runs. A candidate is validated whole before anything is
 * swapped; then its live keys apply and the others are reported as waiting for a restart. A bad edit changes nothing
 * and says why. Entry point: `ConfigWatcher`.
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';
import { type ConfigChange, diffConfigs, withChanges } from './changes.ts';
import { parseConfig, unreadable } from './load.ts';
import { brokenRules } from './rules.ts';
import type { Config } from './schema.ts';
import type { Problem } from './source.ts';

/** One saved version of the file, dealt with. */
export interface ReloadReport {
  /** What runs from now on; the same object as before when nothing was applied. */
  readonly config: Config;
  readonly applied: readonly ConfigChange[];
  /** Differences from what runs that only a restart applies. */
  readonly needsRestart: readonly ConfigChange[];
  /** Why nothing was applied. */
  readonly problems: readonly Problem[];
}

export interface ReloadEffects {
  /** The file's text; throws like `readFileSync`. */
  readText(): string;
  /** Calls back whenever the file may have changed, until the returned function is called. */
  onMayHaveChanged(check: () => void): () => void;
  /** Runs at wall pace. */
  readonly clock: Clock;
}

export interface Running {
  readonly file: string;
  readonly config: Config;
  /** The text that `config` was parsed from. */
  readonly text: string;
}

/** Editors truncate and write in steps: a text counts once it has stayed the same this long. */
const SETTLE_MS = 100;

interface Seen {
  readonly text: string;
  readonly error?: unknown;
}

export class ConfigWatcher {
  readonly #file: string;
  readonly #effects: ReloadEffects;
  readonly #report: (report: ReloadReport) => void;
  #config: Config;
  /** The version dealt with last. */
  #done: Seen;
  #settling: { readonly seen: Seen; readonly cancel: CancelTimer } | undefined;
  #stopWatching: (() => void) | undefined;

  /** `report` is called once for every saved version that differs from the one before. */
  constructor(running: Running, effects: ReloadEffects, report: (report: ReloadReport) => void) {
    this.#file = running.file;
    this.#config = running.config;
    this.#done = { text: running.text };
    this.#effects = effects;
    this.#report = report;
  }

  /** What runs now. */
  get config(): Config {
    return this.#config;
  }

  start(): void {
    this.#stopWatching ??= this.#effects.onMayHaveChanged(() => this.#look());
  }

  stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    this.#settling?.cancel();
    this.#settling = undefined;
  }

  #look(): void {
    if (this.#settling) return;
    const seen = this.#read();
    if (!same(seen, this.#done)) this.#settle(seen);
  }

  #settle(seen: Seen): void {
    const cancel = this.#effects.clock.after(SETTLE_MS, () => {
      this.#settling = undefined;
      const again = this.#read();
      if (same(again, this.#done)) return;
      if (same(again, seen)) this.#deal(again);
      else this.#settle(again);
    });
    this.#settling = { seen, cancel };
  }

  #read(): Seen {
    try {
      return { text: this.#effects.readText() };
    } catch (error) {
      return { text: '', error };
    }
  }

  #deal(seen: Seen): void {
    this.#done = seen;
    const report =
      seen.error === undefined ? this.#judge(seen.text) : this.#refuse([unreadable(this.#file, seen.error)]);
    this.#config = report.config;
    this.#report(report);
  }

  #judge(text: string): ReloadReport {
    const loaded = parseConfig(text, this.#file);
    if (!loaded.ok) return this.#refuse(loaded.problems);
    const changes = diffConfigs(this.#config, loaded.config);
    const applied = changes.filter(({ live }) => live);
    const needsRestart = changes.filter(({ live }) => !live);
    const config = applied.length > 0 ? withChanges(this.#config, loaded.config, applied) : this.#config;
    // The file is sound, but what would run is a mixture of it and of what a restart has yet to bring.
    const broken = brokenRules(config).map(({ key, message }) => ({
      file: this.#file,
      line: 1,
      column: 1,
      key,
      message,
    }));
    if (broken.length === 0) return { config, applied, needsRestart, problems: [] };
    const problems = broken.map((problem) => ({
      ...problem,
      message: `${problem.message}, until a restart applies the rest`,
    }));
    return { config: this.#config, applied: [], needsRestart: changes, problems };
  }

  #refuse(problems: readonly Problem[]): ReloadReport {
    return { config: this.#config, applied: [], needsRestart: [], problems };
  }
}

const same = (a: Seen, b: Seen): boolean => a.text === b.text && (a.error === undefined) === (b.error === undefined);
