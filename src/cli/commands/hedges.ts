/** `tandem hedges`: all hedges of the ledger. */
import { text } from '../../kernel/decimal.ts';
import { isFinal } from '../../ledger/state.ts';
import { type HedgeSummary, summarizeHedge } from '../../ledger/summary.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { cents, duration, gain, money, table, venueOf, when } from '../format.ts';
import { heldText } from '../held-text.ts';
import { foldLedger, nowFor, plainData, withLedger } from '../ledger-reading.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export interface HedgesOptions {
  readonly open: boolean;
  readonly limit: number;
}

export async function hedges(context: Context, { open, limit }: HedgesOptions): Promise<ExitCode> {
  const { io, json, configFile } = context;
  const config = whereaboutsOf(context);
  sayWhom(context, config);
  const { ledger, lastAt } = withLedger(context, config, foldLedger);
  const all = [...ledger.hedges.values()].filter(({ state }) => !open || !isFinal(state)).reverse();
  const shown = all.slice(0, limit);
  const now = shown.every(({ state }) => isFinal(state)) ? lastAt : await nowFor(config, lastAt);
  const summaries = shown.map((hedge) => summarizeHedge(hedge, now));
  if (json) {
    printJson(io, { total: all.length, hedges: plainData(summaries) });
    return EXIT.ok;
  }
  if (all.length === 0) io.out(open ? 'No hedge is open.\n' : 'No hedge has been opened yet.\n');
  else if (summaries.length > 0) io.out(`${table(COLUMNS, summaries.map(row)).join('\n')}\n`);
  if (summaries.some(({ state }) => !isFinal(state))) io.out(`${realisedOnly(configFile)}\n`);
  if (all.length > limit) io.out(`… ${all.length - limit} more; see --limit\n`);
  return EXIT.ok;
}

/** A ledger knows no market prices. */
const realisedOnly = (configFile: string): string =>
  `Of open hedges, price PnL and net hold what is realised; what is not is added by: ${tandemFor(configFile)} status`;

function row(hedge: HedgeSummary): string[] {
  const { id, asset, route, long, short, planned, state, reason, openedAt, daysHeld } = hedge;
  return [
    id,
    asset,
    route,
    `long ${venueOf(long.key)} / short ${venueOf(short.key)}`,
    heldText({
      planned: text(planned),
      long: text(long.position),
      short: text(short.position),
      isOver: isFinal(state),
    }),
    state,
    reason,
    openedAt === undefined ? '-' : when(openedAt),
    duration(daysHeld * 86_400_000),
    gain(cents(hedge.funding)),
    money(cents(hedge.fees)),
    gain(cents(hedge.pricePnl)),
    gain(cents(hedge.net)),
  ];
}

const COLUMNS = [
  { title: 'hedge' },
  { title: 'asset' },
  { title: 'route' },
  { title: 'pair' },
  { title: 'quantity', align: 'right' as const },
  { title: 'state' },
  { title: 'reason', max: 40 },
  { title: 'opened' },
  { title: 'held', align: 'right' as const },
  { title: 'funding', align: 'right' as const },
  { title: 'fees', align: 'right' as const },
  { title: 'price PnL', align: 'right' as const },
  { title: 'net', align: 'right' as const },
];
