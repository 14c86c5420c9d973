/** Results as terminal text and as the page `docs/benchmarks.md`. */
import { availableParallelism, totalmem } from 'node:os';
import type { BenchResult, Figure } from './result.ts';

const COLUMNS: readonly (readonly [string, (figure: Figure) => string])[] = [
  ['What', (figure) => figure.what],
  ['Measured', (figure) => figure.measured],
  ['Against', (figure) => figure.against ?? ''],
  ['Ratio', (figure) => figure.ratio ?? ''],
  ['Target', (figure) => figure.target ?? ''],
  ['', (figure) => figure.verdict ?? ''],
];

export function asText({ name, about, figures }: BenchResult, smoke: boolean): string {
  const used = COLUMNS.filter(([, cell]) => figures.some((figure) => cell(figure) !== ''));
  const widths = used.map(([, cell]) => Math.max(...figures.map((figure) => cell(figure).length)));
  const lines = figures.map((figure) =>
    used
      .map(([, cell], i) => cell(figure).padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [
    `${name}${smoke ? ' (smoke run: the figures mean little)' : ''}: ${about}`,
    ...lines.map((l) => `  ${l}`),
  ].join('\n');
}

/** `before`: the page as it is; sections of benchmarks that were not run this time stay. */
export function asMarkdown(
  results: readonly BenchResult[],
  smoke: boolean,
  before: string,
  order: readonly string[],
): string {
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const machine = `${availableParallelism()} cores, ${gib} GiB, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
  const kept = before.split(/^(?=## )/m).slice(1);
  const sections = new Map(kept.map((section) => [/^## (\S+)/.exec(section)?.[1] ?? '', section.trimEnd()]));
  for (const { name, about, figures } of results) {
    const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
    const section = [
      `## ${name}`,
      '',
      about,
      '',
      row(COLUMNS.map(([title]) => title)),
      row(COLUMNS.map(() => '---')),
      ...figures.map((figure) => row(COLUMNS.map(([, cell]) => cell(figure)))),
    ].join('\n');
    sections.set(name, section);
  }
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench -- --write docs/benchmarks.md`; not edited by hand. Every comparison is measured in the same',
    'run, in turns with the figure beside it. `PASS` and `MISS` are against the target in the row.',
    '',
    `Machine: ${machine}.${smoke ? ' Smoke run: the figures mean little.' : ''}`,
    '',
    order.flatMap((name) => sections.get(name) ?? []).join('\n\n'),
    '',
  ].join('\n');
}
