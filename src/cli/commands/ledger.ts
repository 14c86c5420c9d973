/** `tandem ledger verify` and `tandem ledger backup` */
import { lstatSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { backUpLedger } from '../../platform/sqlite/backup.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { gain, inert, money, table } from '../format.ts';
import { requireLedgerFile, requireWhom } from '../ledger-reading.ts';
import { type AccountMoney, verifyLedger } from '../ledger-verify.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

const MAX_SHOWN = 100;

export async function verify(context: Context): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  requireLedgerFile(context, config);
  const report = verifyLedger(config.ledger.path);
  const { path, stamp, facts, hedges, accounts, findings, ok } = report;
  if (json) printJson(io, report);
  else {
    const world = stamp ? `mode ${stamp.mode}, account ${stamp.account}` : 'no stamp';
    const shown = findings.slice(0, MAX_SHOWN).map(({ level, check, detail }) => `${level} ${check}: ${detail}`);
    const problems = findings.filter(({ level }) => level === 'problem').length;
    const lines = [
      `${path}: ${world}, ${facts ?? 'unknown'} facts, ${hedges ?? 'unknown'} hedges`,
      ...(accounts.length > 0 ? ['', ...table(COLUMNS, accounts.map(row)), ''] : []),
      ...shown.map(inert),
      ...(findings.length > MAX_SHOWN ? [`… ${findings.length - MAX_SHOWN} more; see --json`] : []),
      ok
        ? facts === undefined
          ? 'Nothing wrong was found, and its facts were not checked.'
          : 'The ledger is sound.'
        : `${problems} ${problems === 1 ? 'problem' : 'problems'}: do not trade on it; restore a backup or ask.`,
    ];
    io.out(`${lines.join('\n')}\n`);
  }
  return ok ? EXIT.ok : EXIT.ledger;
}

/** What was copied is read back from the copy, with everything that `verify` looks at. */
export async function backup(context: Context, name: string): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  sayWhom(context, config);
  requireLedgerFile(context, config);
  const file = resolve(name);
  if (lstatSync(file, { throwIfNoEntry: false }))
    throw new CommandFailure(EXIT.refused, `${file} is there already, so no backup was made; name another file`);
  backUpLedger(config.ledger.path, file, (path, stamp) => requireWhom(path, stamp, config));
  const { facts, hedges, findings, ok } = verifyLedger(file);
  const { size: bytes } = statSync(file);
  if (json) printJson(io, { ledger: resolve(config.ledger.path), file, bytes, facts, hedges, findings, ok });
  else {
    const held = `${facts ?? 'unknown'} facts, ${hedges ?? 'unknown'} hedges, ${bytes.toLocaleString('en-US')} bytes`;
    const verdict = facts === undefined ? 'and its facts were not checked' : 'and it is sound';
    const problems = `with the ledger's problems, see: ${tandemFor(context.configFile)} ledger verify`;
    io.out(`Backup made: ${file}: ${held}, ${ok ? verdict : problems}.\n`);
  }
  return ok ? EXIT.ok : EXIT.ledger;
}

function row({ route, venue, baseline, realised, funding, fees, wallet }: AccountMoney): string[] {
  const toCents = (amount: string): string => Number(amount).toFixed(2);
  return [
    route,
    venue,
    baseline === undefined ? 'not taken' : money(toCents(baseline)),
    gain(toCents(realised)),
    gain(toCents(funding)),
    money(toCents(fees)),
    wallet === undefined ? '-' : money(toCents(wallet)),
  ];
}

const COLUMNS = [
  { title: 'route' },
  { title: 'venue' },
  { title: 'baseline', align: 'right' as const },
  { title: '+ realised', align: 'right' as const },
  { title: '+ funding', align: 'right' as const },
  { title: '- fees', align: 'right' as const },
  { title: '= wallet', align: 'right' as const },
];
