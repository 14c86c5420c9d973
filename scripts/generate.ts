/** Writes what is generated from the configuration schema and from the catalogue of faults. Run: `npx tsx scripts/generate.ts`. A test fails when it is stale. */
import { writeFileSync } from 'node:fs';
import { editorSchema, referencePage } from '../src/config/describe.ts';
import { faultsPage } from '../test/faults/page.ts';

const root = new URL('../', import.meta.url);
writeFileSync(new URL('config/schema.json', root), editorSchema());
writeFileSync(new URL('docs/configuration.md', root), referencePage());
writeFileSync(new URL('docs/faults.md', root), faultsPage());
