import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { editorSchema, referencePage } from '../../src/config/describe.ts';
import { KNOWN_KEYS } from '../../src/config/known-keys.ts';

const committed = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const FIX = 'stale: run npx tsx scripts/generate.ts';

test('config/schema.json is what the schema generates', () => {
  expect(committed('config/schema.json'), FIX).toBe(editorSchema());
});

test('docs/configuration.md is what the schema generates', () => {
  expect(committed('docs/configuration.md'), FIX).toBe(referencePage());
});

test('the reference has every key with its unit, default, reload and meaning', () => {
  const page = referencePage();
  for (const { key, reload, unit = '', fallback } of KNOWN_KEYS.values()) {
    const shown = key.replace(/^venues\.\w+/, 'venues.<venue>');
    const row = page.split('\n').find((line) => line.startsWith(`| \`${shown}\` |`));
    expect(row, key).toBeDefined();
    const cells = row?.split(' | ') ?? [];
    expect(cells[2], key).toBe(unit);
    expect(cells[4], key).toBe(reload);
    if (typeof fallback === 'number') expect(cells[3], key).toBe(`\`${fallback}\``);
  }
});

test('the editor schema refuses unknown keys everywhere and tells unit and default', () => {
  const schema = JSON.parse(editorSchema());
  expect(schema.additionalProperties).toBe(false);
  const { enterDeadlineMs } = schema.properties.execution.properties;
  expect(schema.properties.execution.additionalProperties).toBe(false);
  expect(enterDeadlineMs).toMatchObject({ type: 'integer', minimum: 100, default: 15_000 });
  expect(enterDeadlineMs.description).toMatch(/Unit: ms\. Default: 15000\. Live\.$/);
  expect(schema.required).toEqual(['mode']);
});
