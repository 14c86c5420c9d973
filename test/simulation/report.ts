/** Runs and campaigns as text. */
import { gapsOf, type Tally } from './coverage.ts';
import type { Fault } from './faults.ts';
import type { Shrunk } from './shrink.ts';
import { clockText } from './trace.ts';
import type { WorldResult } from './world.ts';

/** Lines of a trace that lead up to a violation. */
const LAST_LINES = 60;

export function traceText(lines: readonly string[]): string[] {
  return lines.map((line) => {
    const blank = line.indexOf(' ');
    return `${clockText(Number(line.slice(0, blank)))} ${line.slice(blank + 1)}`;
  });
}

export function faultText(fault: Fault): string {
  const lasts = fault.forMs > 0 ? ` for ${(fault.forMs / 1_000).toFixed(1)} s` : '';
  return `${clockText(fault.atMs)} ${fault.id} ${fault.venue} ${fault.asset}${lasts}${fault.atOrder ? ', at an order' : ''}`;
}

export function worldText(result: WorldResult): string[] {
  const { plan, violation } = result;
  const mix = [...result.faults].map(([kind, count]) => `${kind} ${count}`).join(', ');
  const venues = plan.venues.map(({ id, instruments }) => `${id} (${instruments.map(({ asset }) => asset).join(' ')})`);
  return [
    `seed ${result.seed}, ${result.hours} h`,
    `venues    ${venues.join(', ')}`,
    `style     ${plan.settings.execution.style}, leverage ${plan.settings.execution.leverage}`,
    `faults    ${mix === '' ? 'none' : mix}`,
    `counters  ${countsText(result.counters)}`,
    `hash      ${result.hash}`,
    violation
      ? `VIOLATION ${violation.rule} at ${clockText(violation.atMs)}: ${violation.detail}`
      : 'ended hedged or flat, ledger = venues',
  ];
}

export function shrunkText({ faults, result, runs }: Shrunk): string[] {
  return [
    `shrunk in ${runs} runs to ${faults.length} faults:`,
    ...faults.map((fault) => `  ${faultText(fault)}`),
    'the end of its trace:',
    ...traceText(result.trace.slice(-LAST_LINES)).map((line) => `  ${line}`),
    `  ${result.violation ? `${result.violation.rule}: ${result.violation.detail}` : 'no violation'}`,
  ];
}

export function tallyText(tally: Tally): string[] {
  const { missed, unlisted } = gapsOf(tally);
  return [
    `counters     ${countsText(tally.counters)}`,
    'faults',
    ...columns(tally.faults),
    'transitions',
    ...columns(tally.transitions),
    `never reached: ${missed.length === 0 ? 'nothing' : missed.join(', ')}`,
    ...(unlisted.length === 0 ? [] : [`in no list: ${unlisted.join(', ')}`]),
  ];
}

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');

function columns(counts: Readonly<Record<string, number>>): string[] {
  const cells = Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name.padEnd(36)}${String(count).padStart(8)}`);
  const half = Math.ceil(cells.length / 2);
  return cells.slice(0, half).map((cell, at) => `  ${cell}    ${cells[half + at] ?? ''}`.trimEnd());
}
