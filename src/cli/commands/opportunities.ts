/** `tandem opportunities` */
import type { Unpriced } from '../../signal/opportunity.ts';
import { candidatesOf } from '../candidates.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { bps, inert, percent, table, when } from '../format.ts';
import { noBotSays } from '../ledger-holder.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

const MAX_ASSETS = 20;

export async function opportunities(context: Context): Promise<ExitCode> {
  const { io, json, configFile } = context;
  const config = whereaboutsOf(context);
  sayWhom(context, config);
  const { source, candidates, unpriced } = await candidatesOf(context, config);
  if (json) {
    printJson(io, { source, opportunities: candidates, unpriced });
    return EXIT.ok;
  }
  if (source === 'ledger') io.out(`${noBotSays(context, config)}; these are the newest recorded decisions.\n`);
  const rows = candidates.map(({ subject, asset, verdict, breaches, at, opportunity }) => [
    asset,
    subject,
    opportunity ? bps(opportunity.spreadPer8h) : '-',
    opportunity ? percent(opportunity.netApr, 1) : '-',
    opportunity
      ? opportunity.breakEvenHours === undefined
        ? 'never'
        : `${opportunity.breakEvenHours.toFixed(1)} h`
      : '-',
    opportunity ? opportunity.confidence.toFixed(2) : '-',
    opportunity?.route ?? '-',
    verdict,
    [...new Set(breaches.map(({ rule }) => rule))].join(', '),
    when(at),
  ]);
  const columns = [
    { title: 'asset' },
    { title: 'long ~ short' },
    { title: 'per 8 h', align: 'right' as const },
    { title: 'net APR', align: 'right' as const },
    { title: 'break-even', align: 'right' as const },
    { title: 'conf.', align: 'right' as const },
    { title: 'route' },
    { title: 'verdict' },
    { title: 'rules' },
    { title: 'at' },
  ];
  io.out(rows.length === 0 ? 'Nothing has been priced.\n' : `${table(columns, rows).join('\n')}\n`);
  if (unpriced.length > 0) io.out(`${unpricedText(unpriced, configFile)}\n`);
  return EXIT.ok;
}

/** Which assets, so that `tandem why` can be asked. */
function unpricedText(unpriced: readonly Unpriced[], configFile: string): string {
  const assets = [...new Set(unpriced.map(({ asset }) => inert(asset)))].sort();
  const shown = assets.slice(0, MAX_ASSETS).join(', ');
  const more = assets.length > MAX_ASSETS ? ` and ${assets.length - MAX_ASSETS} more assets` : '';
  return `Not priced: ${unpriced.length} ${unpriced.length === 1 ? 'pair' : 'pairs'} of ${shown}${more}; ${tandemFor(configFile)} why <asset> tells the reason.`;
}
