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
  /** Why not all of it was applied. */
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
    const live = changes.filter((change) => change.live);
    const whole = this.#with(loaded.config, live);
    // The file is sound, but what would run is a mixture of it and of what a restart has yet to bring.
    const broken = brokenRules(whole);
    const applied = broken.length === 0 ? live : this.#soundPart(loaded.config, live);
    const problems = broken.map(({ key, message }) => ({
      file: this.#file,
      line: 1,
      column: 1,
      key,
      message: `${message}, until a restart applies the rest`,
    }));
    const needsRestart = changes.filter((change) => !applied.includes(change));
    return {
      config: broken.length === 0 ? whole : this.#with(loaded.config, applied),
      applied,
      needsRestart,
      problems,
    };
  }

  #with(candidate: Config, changes: readonly ConfigChange[]): Config {
    return changes.length > 0 ? withChanges(this.#config, candidate, changes) : this.#config;
  }

  /** Of an edit that does not fit as a whole: a pause or a lower limit waits for nothing, what takes on more risk does. */
  #soundPart(candidate: Config, live: readonly ConfigChange[]): readonly ConfigChange[] {
    const sound: ConfigChange[] = [];
    for (const change of live.filter(({ loosens }) => !loosens))
      if (brokenRules(this.#with(candidate, [...sound, change])).length === 0) sound.push(change);
    return sound;
  }

  #refuse(problems: readonly Problem[]): ReloadReport {
    return { config: this.#config, applied: [], needsRestart: [], problems };
  }
}

const same = (a: Seen, b: Seen): boolean => a.text === b.text && (a.error === undefined) === (b.error === undefined);
