/** What the process says to scripts. `docs/cli.md` shows the same table, which a test holds. */

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  refused: 4,
  ledger: 5,
  unproved: 6,
  ledgerBusy: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'failed, or only partly done within the time allowed',
  2: 'wrong usage, or a configuration that is not valid',
  3: 'no running bot answers, and the command needs one',
  4: 'refused: the bot or a safety rule says no',
  5: 'the ledger is damaged, edited or belongs elsewhere',
  6: 'closed as far as is known, but not proved flat: a venue could not be read',
  7: 'the ledger is in use, or its disk refuses; trying again may help',
};

/** An expected end of a command, told in words and by exit code. Not a bug. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The table of the help text. */
export function exitCodeHelp(): string {
  const rows = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return `\nExit codes:\n${rows.join('\n')}\n`;
}
