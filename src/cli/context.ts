/** What every command is given: where to write, and which configuration is meant. */

/** The terminal or pipe. */
export interface Io {
  /** Writes text as it is; the caller ends its lines. */
  out(text: string): void;
  err(text: string): void;
  /** To the terminal of a running bot, without ever waiting for it. False when it was dropped. */
  paint(text: string): boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Standard output is a terminal. */
  readonly interactive: boolean;
  /** Colours are wanted: a terminal, and NO_COLOR is not set. */
  readonly color: boolean;
  size(): { readonly columns: number; readonly rows: number };
}

export interface Context {
  readonly io: Io;
  /** `--config`. */
  readonly configFile: string;
  /** `--json`. */
  readonly json: boolean;
}

/** One JSON document and a newline. */
export const printJson = (io: Io, value: unknown): void => io.out(`${JSON.stringify(value, undefined, 2)}\n`);
