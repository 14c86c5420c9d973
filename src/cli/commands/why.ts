/** `tandem why <asset>`: which candidates were seen, and which rule refused each, with limit, actual and shortfall. */
import type { Whereabouts } from '../../config/whereabouts.ts';
import type { Unpriced } from '../../signal/opportunity.ts';
import { figure } from '../breach-text.ts';
import { type Candidate, candidatesOf } from '../candidates.ts';
import { type Context, printJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { bps, inert, percent, table, when } from '../format.ts';
import { noBotSays } from '../ledger-holder.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export async function why(context: Context, asked: string): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  sayWhom(context, config);
  const asset = asked.toUpperCase();
  const { source, candidates, unpriced, unheard } = await candidatesOf(context, config, asset);
  const texts = [...candidates.map(candidateText), ...unpriced.map(unpricedText)];
  if (json) printJson(io, { source, asset, candidates, unpriced, unheard });
  else if (texts.length === 0 && unheard.length > 0) {
    const silent = unheard.map(({ venue, reason }) => `${venue} (${inert(reason)})`).join(', ');
    io.out(`The running bot sees no pair of ${inert(asset)}: it has no market data of ${silent}.\n`);
  } else if (texts.length === 0) io.out(`${NOT_SEEN[source](inert(asset), context, config)}\n`);
  else {
    if (source === 'ledger') io.out(`${noBotSays(context, config)}; these are the newest recorded decisions.\n`);
    io.out(`${texts.join('\n\n')}\n`);
  }
  return texts.length === 0 ? EXIT.failed : EXIT.ok;
}

const NOT_SEEN = {
  bot: (asset: string) =>
    `The running bot sees no pair of ${asset}: at least two of its venues must list it, and the configuration allow it.`,
  ledger: (asset: string, context: Context, config: Whereabouts) =>
    `${noBotSays(context, config)}, and the ledger has no decision about ${asset}.`,
};

function candidateText({ subject, verdict, breaches, at, opportunity }: Candidate): string {
  const priced = opportunity
    ? [
        `  ${bps(opportunity.spreadPer8h)} per 8 h, net APR ${percent(opportunity.netApr, 1)}, net ${opportunity.netUsd.toFixed(2)} USD, ${breakEven(opportunity.breakEvenHours)}, confidence ${opportunity.confidence.toFixed(2)}, route ${opportunity.route}`,
        ...opportunity.reasons.map((reason) => `  ${inert(reason)}`),
      ]
    : [];
  const rows = breaches.map(({ rule, limit, actual, shortfall, detail }) => [
    rule,
    figure(limit),
    figure(actual),
    shortfall === undefined ? '' : figure(shortfall),
    detail,
  ]);
  const rules = breaches.length === 0 ? [] : table(COLUMNS, rows).map((line) => `  ${line}`);
  return [`${inert(subject)}: ${verdict} at ${when(at)}`, ...priced, ...rules].join('\n');
}

const unpricedText = ({ pair, key, code, detail }: Unpriced): string =>
  `${inert(pair)}: cannot be priced\n  ${code}: ${inert(key)}: ${inert(detail)}`;

const breakEven = (hours: number | undefined): string =>
  hours === undefined ? 'never breaks even' : `breaks even after ${hours.toFixed(1)} h`;

const COLUMNS = [
  { title: 'rule' },
  { title: 'limit', align: 'right' as const },
  { title: 'actual', align: 'right' as const },
  { title: 'short by', align: 'right' as const },
  { title: 'what it weighs' },
];
