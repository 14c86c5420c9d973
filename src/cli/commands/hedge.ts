/** `tandem hedge <id>`: the whole life of one hedge, from the ledger, in the order in which it was recorded. */

import type { HedgeStatus } from '../../engine/status.ts';
import { abs, round, text } from '../../kernel/decimal.ts';
import type { Fact } from '../../ledger/facts.ts';
import { legAmountOf } from '../../ledger/fold.ts';
import { isFinal } from '../../ledger/state.ts';
import { type HedgeSummary, type LegSummary, summarizeHedge } from '../../ledger/summary.ts';
import { statusOfBot } from '../bot-address.ts';
import { tandemFor } from '../command-line.ts';
import { type Context, printJson } from '../context.ts';
import { isHedgeId } from '../control-protocol.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { cents, duration, gain, inert, money, percent, table, venueOf, when } from '../format.ts';
import { heldText } from '../held-text.ts';
import { factAt, foldLedger, ledgerNow, plainData, withLedger } from '../ledger-reading.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export async function hedge(context: Context, id: string): Promise<ExitCode> {
  const { io, json, configFile } = context;
  const config = whereaboutsOf(context);
  if (!isHedgeId(id)) throw new CommandFailure(EXIT.usage, `a hedge id looks like h17, not ${inert(id)}`);
  sayWhom(context, config);
  const { facts, folded } = withLedger(context, config, (reader) => ({
    facts: reader.hedgeFacts(id),
    folded: foldLedger(reader),
  }));
  const record = folded.ledger.hedges.get(id);
  if (!record)
    throw new CommandFailure(
      EXIT.failed,
      `the ledger ${config.ledger.path} has no hedge ${id}; see: ${tandemFor(configFile)} hedges`,
    );
  // Only a running bot knows the venues' figures, and simulated time.
  const running = isFinal(record.state) ? undefined : await statusOfBot(config);
  const summary = summarizeHedge(record, running?.at ?? ledgerNow(config, folded.lastAt));
  const distance = running?.hedges.find((each) => each.id === id)?.liquidationDistance;
  if (json)
    printJson(io, {
      hedge: plainData(summary),
      ...(distance && { liquidationDistance: distance }),
      facts: plainData(facts),
    });
  else io.out(`${[...headText(summary), ...distanceText(distance), '', ...lifeText(facts)].join('\n')}\n`);
  return EXIT.ok;
}

function distanceText(distance: HedgeStatus['liquidationDistance'] | undefined): string[] {
  if (!distance) return [];
  const one = (rate: number | undefined): string => (rate === undefined ? 'unknown' : percent(rate, 1));
  return [`liquidation by the venue’s figure: long ${one(distance.long)} away, short ${one(distance.short)} away`];
}

function headText(hedge: HedgeSummary): string[] {
  const { id, asset, route, state, reason, planned, daysHeld, funding, fees, pricePnl, net } = hedge;
  const price = (value: LegSummary['entryPrice']): string => (value ? text(round(value, 8)) : '-');
  const legs = [hedge.long, hedge.short].map((leg) => [
    leg.name,
    leg.key,
    text(leg.position),
    price(leg.entryPrice),
    price(leg.exitPrice),
    gain(cents(leg.funding)),
    money(cents(leg.fees)),
    gain(cents(leg.pricePnl)),
  ]);
  const held = heldText({
    planned: text(planned),
    long: text(hedge.long.position),
    short: text(hedge.short.position),
    isOver: isFinal(state),
  });
  return [
    inert(`${id}: ${held} ${asset}, ${route}, ${state} (${reason}), held ${duration(daysHeld * 86_400_000)}`),
    `funding ${gain(cents(funding))} - fees ${money(cents(fees))} + price PnL ${gain(cents(pricePnl))} = net ${gain(cents(net))}`,
    '',
    ...table(LEG_COLUMNS, legs),
  ];
}

const LEG_COLUMNS = [
  { title: 'leg' },
  { title: 'instrument' },
  { title: 'position', align: 'right' as const },
  { title: 'entry', align: 'right' as const },
  { title: 'exit', align: 'right' as const },
  { title: 'funding', align: 'right' as const },
  { title: 'fees', align: 'right' as const },
  { title: 'price PnL', align: 'right' as const },
];

function lifeText(facts: readonly Fact[]): string[] {
  const [first] = facts;
  const beganAt = first ? factAt(first) : 0;
  return facts.map((fact) => {
    const after = `+${duration(factAt(fact) - beganAt)}`;
    return inert(`${when(factAt(fact))}  ${after.padStart(8)}  ${sentence(fact)}`).trimEnd();
  });
}

function sentence(fact: Fact): string {
  switch (fact.kind) {
    case 'hedge_planned':
      return `planned   ${text(fact.quantity)} ${fact.asset} on route ${fact.route}: long ${fact.longKey}, short ${fact.shortKey}, leverage ${fact.leverage}, entered by ${entryText(fact)}`;
    case 'hedge_moved':
      return `state     ${fact.from} -> ${fact.to} (${fact.reason})${tail(fact.detail)}`;
    case 'attempt': {
      const bound = fact.side === 'buy' ? 'at most' : 'at least';
      const flags = `${fact.style}${fact.reduceOnly ? ', reduce-only' : ''}`;
      return `order     ${fact.clientOrderId}: ${fact.purpose} the ${fact.leg} leg: ${fact.side} ${text(fact.quantity)} on ${venueOf(fact.key)} ${bound} ${text(fact.limitPrice)} (${flags})`;
    }
    case 'outcome': {
      const filled = fact.filled === undefined ? '' : `, filled ${text(fact.filled)}`;
      const code = fact.code === undefined ? '' : `, ${fact.code}`;
      return `outcome   ${fact.clientOrderId}: ${fact.status}${filled}${code}${tail(fact.detail ?? '')}`;
    }
    case 'fill': {
      const { side, quantity, price, fee, feeCurrency, venue, liquidity, tradeId } = fact.fill;
      const owner = fact.fill.clientOrderId || 'nobody’s order of ours';
      return `fill      ${owner}: ${side} ${text(quantity)} on ${venue} at ${text(price)}, fee ${text(fee)} ${feeCurrency} (${liquidity}, trade ${tradeId})`;
    }
    case 'payment': {
      const { currency, venue } = fact.payment;
      const amount = legAmountOf(fact);
      const sign = amount.s > 0 ? 'received' : 'paid';
      return `funding   ${sign} ${text(abs(amount))} ${currency} on ${venue}${fact.leg ? ` (${fact.leg} leg)` : ''}`;
    }
    case 'decision':
      return `decision  ${fact.verdict}: ${fact.rules.join(', ')}`;
    case 'adjustment':
      return `corrected ${fact.leg ?? ''} leg: ${fact.side} ${text(fact.quantity)} on ${fact.venue} at ${text(fact.price)}, accepted by ${fact.by}: no fill explains it`;
    case 'control':
      return `operator  ${fact.action} by ${fact.by}${tail(fact.detail)}`;
    default:
      return fact.kind;
  }
}

function entryText({ entry, asset, quantity, longKey, shortKey }: Extract<Fact, { kind: 'hedge_planned' }>): string {
  switch (entry.style) {
    case 'taker':
      return 'style taker';
    case 'maker_taker':
      return `style maker_taker: resting on ${venueOf(entry.maker === 'long' ? longKey : shortKey)} no ${entry.maker === 'long' ? 'higher' : 'lower'} than ${text(entry.limit)} for ${duration(entry.deadlineMs)}`;
    case 'sliced':
      return `style sliced: ${text(quantity)} in parts of ${text(entry.slice)} ${asset} every ${duration(entry.intervalMs)}`;
  }
}

const tail = (detail: string): string => (detail === '' ? '' : `: ${detail}`);
