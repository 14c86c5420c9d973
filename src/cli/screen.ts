/**
 * The status of a running bot as text: one screen, best first, cut to the terminal. Pure; `painter.ts` puts it there.
 * Entry point: `renderStatus`.
 */
import type { HedgeStatus, OpportunityStatus, RouteStatus, StatusSnapshot, VenueStatus } from '../engine/status.ts';
import { breachText, trippedTexts } from './breach-text.ts';
import { tandemFor } from './command-line.ts';
import { bps, duration, gain, money, nearestLiquidation, percent, venueOf, when } from './format.ts';
import { heldText } from './held-text.ts';
import { livePairs, livePairsText } from './live-pairs.ts';
import { type Column, draw, grid, type Line, span, type Tone } from './screen-lines.ts';

export interface ScreenOptions {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  /** Newest log lines worth seeing, oldest first. */
  readonly notices?: readonly string[];
  /** What commands need to reach this bot. */
  readonly configFile?: string;
  /** Last line: how to stop, where the log is. */
  readonly footer?: string;
}

const BLANK: Line = [];
const MAX_NOTICES = 3;
/** The best say enough; `tandem opportunities` lists all. */
const MAX_OPPORTUNITIES = 12;
/** Two title lines, a blank one, and two that count what is not shown. */
const TITLES_AND_MORE = 5;

/** Lines joined by newlines: at most `rows`, each at most `columns` wide, no trailing newline. */
export function renderStatus(snapshot: StatusSnapshot, options: ScreenOptions): string {
  const { columns, rows, color, footer, notices = [], configFile } = options;
  const tandem = configFile === undefined ? 'npx tandem' : tandemFor(configFile);
  const head = [
    header(snapshot),
    ...liveLine(snapshot),
    ...alerts(snapshot, tandem),
    BLANK,
    ...venueLines(snapshot),
    BLANK,
  ];
  const routes = [BLANK, ...routeLines(snapshot.routes, columns)];
  const refused = refusedLines(snapshot.opportunities);
  const tail = [
    ...notices.slice(-MAX_NOTICES).map((text): Line => [span(text, 'warn')]),
    ...(footer === undefined ? [] : [[span(footer, 'dim')]]),
  ];
  const left = rows - head.length - routes.length - refused.length - tail.length - TITLES_AND_MORE;
  const { hedges, opportunities } = snapshot;
  const hedgeRows = Math.min(hedges.length, Math.max(1, left - Math.min(opportunities.length, Math.floor(left / 2))));
  const lines = [
    ...head,
    ...hedgeLines(hedges, hedgeRows, columns),
    BLANK,
    ...opportunityLines(
      opportunities,
      Math.min(MAX_OPPORTUNITIES, Math.max(1, left - Math.max(1, hedgeRows))),
      columns,
    ),
    ...refused,
    ...routes,
  ];
  // What was said last and how to leave stay visible on the smallest terminal.
  const shown = [...lines.slice(0, Math.max(1, rows - tail.length)), ...tail].slice(0, rows);
  return shown.map((line) => draw(line, columns, color)).join('\n');
}

function header({ mode, account, at, epoch, liveShare }: StatusSnapshot): Line {
  const simulated = mode === 'sim' ? ' simulated' : '';
  return [
    span(` ${mode.toUpperCase()} `, mode === 'live' ? 'alarm' : 'badge'),
    span(` tandem · ${account} · `),
    span(`${when(at)}${simulated}`, 'bold'),
    span(` · start ${epoch} · live share ${percent(liveShare, 0)}`),
  ];
}

/** Nothing where nothing is split. */
function liveLine(snapshot: StatusSnapshot): Line[] {
  const { mode, liveShare } = snapshot;
  const pairs = livePairs(snapshot);
  if (mode === 'paper' || liveShare === 1 || pairs.all === 0) return [];
  return [[span(`Live: ${livePairsText(pairs)}`, liveShare > 0 && pairs.live.length === 0 ? 'warn' : 'plain')]];
}

function alerts(snapshot: StatusSnapshot, tandem: string): Line[] {
  const { killed, paused, ledgerFailure, config, discrepancies, breakers } = snapshot;
  const lines: Line[] = [];
  if (killed) lines.push([span(' KILLED ', 'alarm'), span(` nothing opens until: ${tandem} kill --reset`, 'bad')]);
  if (paused)
    lines.push([span(' PAUSED ', 'badge'), span(' nothing opens; what is open is managed to its end', 'warn')]);
  if (ledgerFailure !== undefined)
    lines.push([span(' LEDGER ', 'alarm'), span(` cannot be written: ${ledgerFailure}`, 'bad')]);
  const [problem, ...others] = config?.problems ?? [];
  if (problem !== undefined) {
    const rest = others.length > 0 ? ` (and ${others.length} more)` : '';
    lines.push([span(' CONFIG ', 'alarm'), span(` the file is not what runs: ${problem}${rest}`, 'bad')]);
  } else if (config)
    lines.push([span(' CONFIG ', 'badge'), span(` waits for a restart: ${config.waiting.join(', ')}`, 'warn')]);
  for (const text of trippedTexts(breakers, tandem)) lines.push([span(' BREAKER ', 'alarm'), span(` ${text}`, 'bad')]);
  const [first, ...more] = discrepancies;
  if (first) {
    const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
    lines.push([span(' LEDGER ≠ VENUE ', 'alarm'), span(` ${first.detail}${rest}`, 'bad')]);
  }
  return lines;
}

const FEED_TONE: Readonly<Record<VenueStatus['feed'], Tone>> = {
  up: 'good',
  connecting: 'warn',
  degraded: 'warn',
  down: 'bad',
};

function venueLines({ venues, at }: StatusSnapshot): Line[] {
  const columns: Column[] = [
    { title: 'Venue' },
    { title: 'feed' },
    { title: 'account' },
    { title: 'wallet', align: 'right' },
    { title: 'free', align: 'right' },
    { title: 'reconciled' },
    { title: 'note' },
  ];
  const rows = venues.flatMap(({ venue, feed, feedReason, malformed, accounts }): Line[] => {
    const bad = malformed > 0 ? `${malformed} malformed frames` : '';
    const feedNote = [feed === 'up' ? '' : feedReason, bad].filter((text) => text !== '').join(', ');
    const lines = accounts.map((account, i): Line => {
      const since = account.lastReconciledAt;
      return [
        span(i === 0 ? venue : ''),
        span(i === 0 ? feed : '', FEED_TONE[feed]),
        span(`${account.route} ${account.status}`, account.status === 'ready' ? 'plain' : 'warn'),
        span(account.walletUsd === undefined ? '-' : money(account.walletUsd)),
        span(account.availableUsd === undefined ? '-' : money(account.availableUsd)),
        span(since === undefined ? 'not yet' : `${duration(at - since)} ago`),
        span([account.blocked, i === 0 ? feedNote : ''].filter((text) => text !== '').join('; '), 'warn'),
      ];
    });
    return lines.length > 0 ? lines : [[span(venue), span(feed, FEED_TONE[feed]), span('none')]];
  });
  return grid(columns, rows);
}

const pairText = (long: string, short: string): string => `${venueOf(long)} / ${venueOf(short)}`;

function hedgeLines(hedges: readonly HedgeStatus[], limit: number, width: number): Line[] {
  if (hedges.length === 0) return [[span('Hedges', 'dim'), span('  none open')]];
  const columns: Column[] = [
    { title: 'Hedges' },
    { title: 'asset' },
    { title: 'route', spare: 1 },
    { title: 'long / short' },
    { title: 'quantity', align: 'right', spare: 2 },
    { title: 'state' },
    { title: 'held', align: 'right', spare: 4 },
    { title: 'funding', align: 'right', spare: 6 },
    { title: 'fees', align: 'right', spare: 3 },
    { title: 'price PnL', align: 'right', spare: 5 },
    { title: 'net', align: 'right' },
    { title: 'ahead', align: 'right' },
    { title: 'to liq.', align: 'right' },
  ];
  const rows = hedges.slice(0, limit).map((hedge): Line => {
    const {
      id,
      asset,
      route,
      long,
      short,
      planned,
      position,
      state,
      daysHeld,
      funding,
      fees,
      pricePnl,
      net,
      forwardApr,
    } = hedge;
    return [
      span(id, 'bold'),
      span(asset),
      span(route),
      span(pairText(long, short)),
      span(heldText({ planned, ...position, isOver: false })),
      span(state, STATE_TONE[state] ?? 'warn'),
      span(duration(daysHeld * 86_400_000)),
      span(gain(funding), toneOf(funding)),
      span(money(fees)),
      gainSpan(pricePnl),
      gainSpan(net),
      span(forwardApr === undefined ? '-' : percent(forwardApr, 1)),
      span(nearestLiquidation(hedge.liquidationDistance)),
    ];
  });
  return [...grid(columns, rows, width), ...more(hedges.length - rows.length)];
}

const STATE_TONE: Readonly<Record<string, Tone>> = { held: 'good', quarantined: 'bad' };
/** Not known: a dash, never nothing. */
const gainSpan = (amount: string | undefined) =>
  amount === undefined ? span('-') : span(gain(amount), toneOf(amount));
const toneOf = (amount: string): Tone => (!/[1-9]/.test(amount) ? 'plain' : amount.startsWith('-') ? 'bad' : 'good');
const more = (count: number): Line[] => (count > 0 ? [[span(`  … ${count} more`, 'dim')]] : []);

function opportunityLines(opportunities: readonly OpportunityStatus[], limit: number, width: number): Line[] {
  if (opportunities.length === 0) return [[span('Opportunities', 'dim'), span('  none priced yet')]];
  const columns: Column[] = [
    { title: 'Opportunities' },
    { title: 'long / short' },
    { title: 'per 8 h', align: 'right' },
    { title: 'net APR', align: 'right' },
    { title: 'break-even', align: 'right', spare: 3 },
    { title: 'conf.', align: 'right', spare: 1 },
    { title: 'route', spare: 2 },
    { title: 'verdict', max: 50 },
  ];
  const rows = opportunities.slice(0, limit).map((opportunity): Line => {
    const { asset, long, short, spreadPer8h, netApr, breakEvenHours, confidence, route, verdict, breaches } =
      opportunity;
    const rules = [...new Set(breaches.map(({ rule }) => rule))].join(', ');
    return [
      span(asset, 'bold'),
      span(pairText(long, short)),
      span(bps(spreadPer8h)),
      span(percent(netApr, 1), netApr > 0 ? 'good' : 'plain'),
      span(breakEvenHours === undefined ? 'never' : `${breakEvenHours.toFixed(1)} h`),
      span(confidence.toFixed(2)),
      span(route),
      verdict === 'approved' ? span('approved', 'good') : span(rules === '' ? 'refused' : rules, 'dim'),
    ];
  });
  return [...grid(columns, rows, width), ...more(opportunities.length - rows.length)];
}

/** Why the best refused one was refused. */
function refusedLines(opportunities: readonly OpportunityStatus[]): Line[] {
  const refused = opportunities.filter(({ verdict }) => verdict === 'refused');
  // That an asset has its hedge already is no news; what keeps the next one out is.
  const best = refused.find(({ breaches }) => breaches.every(({ rule }) => rule !== 'busy_asset')) ?? refused[0];
  if (!best) return [];
  const why = best.breaches.map(breachText).join('; ');
  return [
    [
      span(`Best refused: ${best.asset} long ${venueOf(best.long)} / short ${venueOf(best.short)}: `, 'dim'),
      span(why, 'warn'),
    ],
  ];
}

function routeLines(routes: readonly RouteStatus[], width: number): Line[] {
  const columns: Column[] = [
    { title: 'Route' },
    { title: 'hedges', align: 'right', spare: 3 },
    { title: 'open', align: 'right' },
    { title: 'funding', align: 'right' },
    { title: 'fees', align: 'right', spare: 4 },
    { title: 'price PnL', align: 'right' },
    { title: 'net', align: 'right' },
    { title: 'turnover', align: 'right', spare: 2 },
    { title: 'slippage', align: 'right', spare: 1 },
    { title: 'today', align: 'right' },
  ];
  const rows = routes.map(
    ({ route, hedges, open, funding, fees, pricePnl, net, turnover, slippageRate, dayPnlUsd }) => [
      span(route),
      span(String(hedges)),
      span(String(open)),
      span(gain(funding), toneOf(funding)),
      span(money(fees)),
      span(gain(pricePnl), toneOf(pricePnl)),
      span(gain(net), toneOf(net)),
      span(money(turnover)),
      span(slippageRate === undefined ? '-' : bps(slippageRate)),
      dayPnlUsd === undefined ? span('-') : span(gain(dayPnlUsd), toneOf(String(dayPnlUsd))),
    ],
  );
  return grid(columns, rows, width);
}
