/**
 * What is generated from the schema: the JSON Schema that editors complete and check with, and the reference page.
 * Entry points: `editorSchema`, `referencePage`.
 */
import * as z from 'zod';
import { KNOWN_KEYS, KNOWN_SECTIONS, type KnownKey, type KnownSection } from './known-keys.ts';
import { configSchema } from './schema.ts';
import { VENUE_IDS } from './trading-schema.ts';

/** The text of `config/schema.json`. */
export function editorSchema(): string {
  const schema = z.toJSONSchema(configSchema, {
    target: 'draft-07',
    io: 'input',
    override: ({ jsonSchema, path }) => {
      const key = path.filter((part, i) => part !== 'properties' || path[i - 1] === 'properties').join('.');
      const known = KNOWN_KEYS.get(key);
      // Editors show the description only, so it must say everything; the raw notes are for the program.
      for (const note of ['reload', 'unit', 'loosens', 'path']) delete jsonSchema[note];
      if (known) jsonSchema.description = `${known.description} ${facts(known)}`;
    },
  });
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The text of `docs/configuration.md`. */
export function referencePage(): string {
  const parts = [...KNOWN_SECTIONS.values()].filter(({ key }) => !REPEATED.test(key)).map(sectionText);
  return `${INTRO}\n${parts.join('\n')}`;
}

/** Every venue has the same keys: they are told once. */
const REPEATED = /^venues\.(?!binance)/;
const shownKey = (key: string): string => key.replace(/^venues\.binance/, 'venues.<venue>');

function sectionText({ key, description, names }: KnownSection): string {
  const rows = names.flatMap((name) => KNOWN_KEYS.get(key === '' ? name : `${key}.${name}`) ?? []).map(row);
  const title = key === '' ? 'The file itself' : `\`${shownKey(key)}\``;
  const intro =
    key === '' ? '' : `${key === 'venues.binance' ? `For each of ${VENUE_IDS.join(', ')}.` : description}\n`;
  const table = rows.length > 0 ? `${[...HEAD, ...rows].join('\n')}\n` : '';
  return `## ${title}\n\n${[intro, table].filter((part) => part !== '').join('\n')}`;
}

const HEAD = ['| Key | Type | Unit | Default | Change | Meaning |', '|---|---|---|---|---|---|'];

const INTRO = `# Configuration reference

<!-- Generated from src/config/schema.ts by scripts/generate.ts; edits here are overwritten. -->

One YAML file says how tandem runs: \`tandem run --config config/sim.yaml\`. Unknown keys, wrong types and units, values
out of range and contradictions between keys are refused, all at once, each with its line. Check a file with
\`tandem config check\`; see what it means with all defaults filled in with \`tandem config show\`.

- **live** keys apply within a second of saving, if the whole file is valid; otherwise nothing changes. Every change is
  logged and recorded, and one that takes on more risk is marked. Of a file that only lost its end, which may be half
  saved, what takes on more risk applies once it has stood so for five seconds. A file with another mode, account or
  ledger is another bot's: nothing of it applies to the one that runs.
- **restart** keys are read at start. A saved change is reported and waits.
- Credentials never stand in this file. They come from the environment, or from a \`.env\` file of mode 0600:
  \`TANDEM_<VENUE>_KEY\`, \`TANDEM_<VENUE>_SECRET\` and, for OKX, \`TANDEM_OKX_PASSPHRASE\`. Mode live also needs
  \`TANDEM_ARM=live\`.
- Rates and shares are fractions: 1 % is 0.01, 5 basis points are 0.0005.
`;

function row(known: KnownKey): string {
  const { key, type, unit = '', reload, description } = known;
  const cells = [`\`${shownKey(key)}\``, type, unit, fallbackText(known), reload, description.replaceAll('<', '\\<')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function fallbackText({ fallback, required }: KnownKey): string {
  if (fallback === undefined) return required ? 'required' : '';
  return `\`${Array.isArray(fallback) ? JSON.stringify(fallback) : String(fallback)}\``;
}

function facts({ unit, fallback, reload }: KnownKey): string {
  const parts = [
    unit ? `Unit: ${unit}.` : '',
    fallback === undefined ? '' : `Default: ${JSON.stringify(fallback)}.`,
    reload === 'live' ? 'Live.' : 'Needs a restart.',
  ];
  return parts.filter((part) => part !== '').join(' ');
}
