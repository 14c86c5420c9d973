/** Options of the simulation scripts: a wrong one is told with the usage, and ends the script with 2. */

export function optionsOr<T>(usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

export function wholeNumber(usage: string, name: string, text: string | undefined, least = 0): number {
  if (text === undefined) return refuse(usage, `${name} is missing`);
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    return refuse(usage, `${name} should be a whole number from ${least}, not ${text}`);
  return value;
}

/** `A..B`, both included. */
export function seedRange(usage: string, text: string | undefined): { readonly from: number; readonly to: number } {
  const [, a = '', b = ''] = /^(\d+)\.\.(\d+)$/.exec(text ?? '') ?? [];
  if (a === '' || Number(a) > Number(b))
    return refuse(usage, `--seeds should be like 1..2000, not ${text ?? 'nothing'}`);
  return { from: Number(a), to: Number(b) };
}

function refuse(usage: string, problem: string): never {
  process.stderr.write(`${problem}\n${usage}\n`);
  process.exit(2);
}
