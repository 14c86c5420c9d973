/**
 * Applies changes of the configuration file while the bot runs. A candidate is validated whole before anything is
 * swapped; then its live keys apply and the others are reported as waiting for a restart. A bad edit, or the file of
 * another bot, changes nothing and says why. Entry point: `ConfigWatcher`.
 */
import type { CancelTimer, Clock } from '../ports/clock.ts';
import { type ConfigChange, diffConfigs, withChanges } from './changes.ts';
import { parseConfig, unreadable } from './load.ts';
import { brokenRules } from './rules.ts';
import type { Config } from './schema.ts';
import type { Problem } from './source.ts';
import { anotherBot } from './whereabouts.ts';

/** One saved version of the file, dealt with. */
export interface ReloadReport {
  /** What runs from now on; the same object as before when nothing was applied. */
  readonly config: Config;
  readonly applied: readonly ConfigChange[];
  /** Differences from what runs that only a restart applies; of another bot's file those that make it one. */
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

/** A text that is the beginning of the one in force may be half written: what takes on more risk waits this long. */
const HALF_SAVED_MS = 5_000;

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
  /** The newest text that was taken for a whole file of this bot. */
  #inForce: string;
  #holding: CancelTimer | undefined;
  #settling: { readonly seen: Seen; readonly cancel: CancelTimer } | undefined;
  #stopWatching: (() => void) | undefined;

  /**
   * `report` is called once for every saved version that differs from the one before, and again when what was held back
   * of it has waited long enough.
   */
  constructor(running: Running, effects: ReloadEffects, report: (report: ReloadReport) => void) {
    this.#file = running.file;
    this.#config = running.config;
    this.#done = { text: running.text };
    this.#inForce = running.text;
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
    this.#holding?.();
    this.#holding = undefined;
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

  #deal(seen: Seen, hasStood = false): void {
    this.#done = seen;
    this.#holding?.();
    this.#holding = undefined;
    const report =
      seen.error === undefined ? this.#judge(seen, hasStood) : this.#refuse([unreadable(this.#file, seen.error)]);
    this.#config = report.config;
    this.#report(report);
  }

  #judge(seen: Seen, hasStood: boolean): ReloadReport {
    const loaded = parseConfig(seen.text, this.#file);
    if (!loaded.ok) return this.#refuse(loaded.problems);
    const changes = diffConfigs(this.#config, loaded.config);
    const elsewhere = anotherBot(this.#config, loaded.config);
    if (elsewhere.length > 0) return this.#refuseOther(changes.filter(({ key }) => elsewhere.includes(key)));
    const live = changes.filter((change) => change.live);
    const mayBeHalf = seen.text.length < this.#inForce.length && this.#inForce.startsWith(seen.text);
    if (mayBeHalf && !hasStood && live.some(({ loosens }) => loosens))
      return this.#holdBack(seen, loaded.config, changes);
    this.#inForce = seen.text;
    const whole = this.#with(loaded.config, live);
    // The file is sound, but what would run is a mixture of it and of what a restart has yet to bring.
    const broken = brokenRules(whole, this.#file);
    const applied = broken.length === 0 ? live : this.#soundPart(loaded.config, live);
    const problems = broken.map(({ key, message }) =>
      this.#problem(`${message}, until a restart applies the rest`, key),
    );
    const needsRestart = changes.filter((change) => !applied.includes(change));
    return {
      config: broken.length === 0 ? whole : this.#with(loaded.config, applied),
      applied,
      needsRestart,
      problems,
    };
  }

  /** A lower limit waits for nothing; a limit that is not there may only not be written yet. */
  #holdBack(seen: Seen, candidate: Config, changes: readonly ConfigChange[]): ReloadReport {
    const live = changes.filter((change) => change.live);
    const applied = this.#soundPart(candidate, live);
    const held = live.filter((change) => !applied.includes(change)).map(({ key }) => key);
    const hold = (): void => {
      this.#holding = this.#effects.clock.after(HALF_SAVED_MS, () => {
        if (same(this.#read(), seen)) this.#deal(seen, true);
        else hold();
      });
    };
    hold();
    const message = `ends in the middle of the text in force and may be half saved; once it has stood so for ${HALF_SAVED_MS / 1_000} s these apply too: ${held.join(', ')}`;
    return {
      config: this.#with(candidate, applied),
      applied,
      needsRestart: changes.filter((change) => !change.live),
      problems: [this.#problem(message)],
    };
  }

  #refuseOther(telling: readonly ConfigChange[]): ReloadReport {
    const keys = telling.map(({ key, before, after }) => `${key} is ${after}, and ${before} runs`);
    const message = `is the file of another bot now, and nothing of it is applied: ${keys.join('; ')}`;
    return { ...this.#refuse([this.#problem(message)]), needsRestart: telling };
  }

  #problem(message: string, key = ''): Problem {
    return { file: this.#file, line: 1, column: 1, key, message };
  }

  #with(candidate: Config, changes: readonly ConfigChange[]): Config {
    return changes.length > 0 ? withChanges(this.#config, candidate, changes) : this.#config;
  }

  /** Of an edit that does not fit as a whole: a pause or a lower limit waits for nothing, what takes on more risk does. */
  #soundPart(candidate: Config, live: readonly ConfigChange[]): readonly ConfigChange[] {
    const sound: ConfigChange[] = [];
    for (const change of live.filter(({ loosens }) => !loosens))
      if (brokenRules(this.#with(candidate, [...sound, change]), this.#file).length === 0) sound.push(change);
    return sound;
  }

  #refuse(problems: readonly Problem[]): ReloadReport {
    return { config: this.#config, applied: [], needsRestart: [], problems };
  }
}

const same = (a: Seen, b: Seen): boolean => a.text === b.text && (a.error === undefined) === (b.error === undefined);
