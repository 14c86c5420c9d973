/** Commands as people type them. Entry point: `tandemFor`. */

/** What a command for the bot of this file begins with, as a shell takes it. */
export const tandemFor = (configFile: string): string => `npx tandem --config ${shellWord(configFile)}`;

const shellWord = (text: string): string =>
  /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
