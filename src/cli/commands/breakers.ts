/** `tandem breakers` and `tandem breakers reset <name>` */
import type { BreakerStatus } from '../../engine/breaker-view.ts';
import { BREAKER_NAMES } from '../../risk/breakers.ts';
import { asking, findBot } from '../bot-address.ts';
import { figure } from '../breach-text.ts';
import { type Context, printJson } from '../context.ts';
import { isBreakerName } from '../control-protocol.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { inert, table, when } from '../format.ts';
import { noBotSays } from '../ledger-holder.ts';
import { foldAll, withLedger } from '../ledger-reading.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';
import { give } from './pause.ts';

/** Without a bot only what the ledger recorded is known: those that are tripped. */
type Shown = Pick<BreakerStatus, 'id' | 'state' | 'limit' | 'detail'> & Partial<BreakerStatus>;

export async function breakers(context: Context): Promise<ExitCode> {
  const { io, json } = context;
  const config = whereaboutsOf(context);
  sayWhom(context, config);
  const bot = await findBot(config);
  const shown: readonly Shown[] = bot
    ? (await asking(bot, (client) => client.status())).breakers
    : withLedger(context, config, (reader) => recorded(reader.facts()));
  const source = bot ? 'bot' : 'ledger';
  if (json) printJson(io, { source, breakers: shown });
  else {
    if (!bot) io.out(`${noBotSays(context, config)}; these are tripped in the ledger.\n`);
    io.out(shown.length === 0 ? 'No breaker is tripped.\n' : `${table(COLUMNS, shown.map(row)).join('\n')}\n`);
  }
  return EXIT.ok;
}

export async function resetBreaker(context: Context, breaker: string): Promise<ExitCode> {
  const [name = ''] = breaker.split('/');
  if (!isBreakerName(breaker) || !BREAKER_NAMES.some((each) => each === name)) {
    const example = 'error_rate/live/okx, or error_rate for all of that name';
    throw new CommandFailure(EXIT.usage, `a breaker is named like ${example}, not ${inert(breaker)}`);
  }
  const { io, json } = context;
  const config = whereaboutsOf(context);
  const bot = await findBot(config);
  if (bot) return give(context, config, bot, { action: 'breaker_reset', breaker });
  sayWhom(context, config);
  const { recordBreakerReset } = await import('../offline-control.ts');
  const reset = recordBreakerReset(config, breaker);
  const message =
    reset.length === 0
      ? `No bot is running; no breaker ${breaker} is tripped in the ledger.`
      : `No bot is running; recorded: ${reset.join(', ')} ${reset.length === 1 ? 'is' : 'are'} reset for the next start.`;
  if (json) printJson(io, { ok: true, message, recorded: reset.length > 0 });
  else io.out(`${inert(message)}\n`);
  return EXIT.ok;
}

function recorded(facts: Parameters<typeof foldAll>[0]): Shown[] {
  return [...foldAll(facts).ledger.breakers].flatMap(([id, { kind: _, at, by: __, state, ...trip }]) =>
    state === 'tripped' ? [{ id, ...trip, state, since: at }] : [],
  );
}

function row({ id, state, limit, actual, unit = '', since, resetsAt, reset, detail }: Shown): string[] {
  const tripped = state === 'tripped';
  const ends = resetsAt !== undefined ? `from ${when(resetsAt)}` : reset === 'human' ? 'by command' : '';
  return [
    id,
    state,
    figure(limit),
    actual === undefined ? 'unknown' : figure(actual),
    unit,
    tripped && since !== undefined ? when(since) : '',
    tripped ? ends : '',
    detail,
  ];
}

const COLUMNS = [
  { title: 'breaker' },
  { title: 'state' },
  { title: 'limit', align: 'right' as const },
  { title: 'actual', align: 'right' as const },
  { title: 'unit' },
  { title: 'tripped' },
  { title: 'resets' },
  { title: 'what is measured' },
];
