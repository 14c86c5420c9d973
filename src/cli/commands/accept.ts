/**
 * `tandem accept <venue>`: what ledger and venue disagree about on one account, and with a note, the operator's word
 * that the venue is right. Nothing else ends a difference that late facts do not explain.
 */
import type { DiscrepancyStatus, StatusSnapshot } from '../../engine/status.ts';
import type { Mode, Route } from '../../kernel/ids.ts';
import { asking, needBot } from '../bot-address.ts';
import { type Context, printJson } from '../context.ts';
import { MAX_NOTE } from '../control-protocol.ts';
import { CommandFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { duration, inert, table } from '../format.ts';
import { sayWhom, whereaboutsOf } from '../settings.ts';

export interface AcceptOptions {
  /** Absent: the live account where the venue has one, else its only one. */
  readonly route?: Route;
  /** Absent: only shows. */
  readonly note?: string;
}

/** Shown only is `refused`, unless there is nothing: a script must not take it for accepted. */
export async function accept(
  context: Context,
  venue: string,
  { route: asked, note }: AcceptOptions,
): Promise<ExitCode> {
  const { io, json } = context;
  if (note !== undefined && (note.trim() === '' || note.length > MAX_NOTE))
    throw new CommandFailure(EXIT.usage, `a note has 1 to ${MAX_NOTE} characters`);
  const config = whereaboutsOf(context);
  const bot = await needBot(context, config);
  sayWhom(context, config);
  return asking(bot, async (client) => {
    const snapshot = await client.status();
    const { mode, discrepancies, at } = snapshot;
    const { route, uncompared } = accountOf(snapshot, venue, asked);
    const open = discrepancies.filter((each) => each.route === route && each.venue === venue);
    if (open.length === 0 && uncompared !== undefined)
      throw new CommandFailure(EXIT.refused, inert(`${route}|${venue} has not been compared yet: ${uncompared}`));
    const seenAt = Math.max(...open.map((each) => each.at));
    const reply =
      note === undefined || open.length === 0
        ? undefined
        : await client.command({ action: 'accept', venue, route, note, seenAt });
    if (json) printJson(io, { venue, route, open, accepted: reply?.ok === true, message: reply?.message ?? '' });
    else {
      const told = open.length === 0 ? agreedText(mode, route, venue) : openText(open, at);
      io.out(`${[...told, ...endText(context, open, reply)].join('\n')}\n`);
    }
    if (open.length === 0) return EXIT.ok;
    return reply?.ok ? EXIT.ok : EXIT.refused;
  });
}

/** Throws CommandFailure (usage) where there is no such account. `uncompared`: why nobody knows whether it agrees. */
function accountOf(
  { mode, venues }: StatusSnapshot,
  venue: string,
  asked: Route | undefined,
): { readonly route: Route; readonly uncompared?: string } {
  const all = venues.flatMap((each) => each.accounts.map((account) => ({ ...account, venue: each.venue })));
  const here = all.filter((account) => account.venue === venue && (asked === undefined || account.route === asked));
  const account = here.find(({ route }) => route === 'live') ?? here[0];
  if (!account) {
    const known = all.map((each) => `${each.route}|${each.venue}`).join(', ') || 'none';
    const wanted = asked === undefined ? `on ${venue}` : `${asked}|${venue}`;
    throw new CommandFailure(
      EXIT.usage,
      inert(`there is no account ${wanted}: mode ${mode} has ${known}; another bot: --config <file>`),
    );
  }
  return account.status === 'ready' ? { route: account.route } : { route: account.route, uncompared: account.blocked };
}

/** Route live of these modes trades, and no real money with it. */
const NOT_REAL: Readonly<Partial<Record<Mode, string>>> = {
  sim: 'a simulated account',
  testnet: 'an account of a test network',
};

function agreedText(mode: Mode, route: Route, venue: string): string[] {
  const account = inert(`${route}|${venue}`);
  const kind = route === 'live' ? NOT_REAL[mode] : undefined;
  return [
    `Nothing is open on ${account}: ledger and venue agree.`,
    ...(kind ? [`${account} is ${kind}; of real money this says nothing (another bot: --config <file>).`] : []),
  ];
}

function openText(open: readonly DiscrepancyStatus[], now: number): string[] {
  const columns = [{ title: 'since' }, { title: 'what' }, { title: 'ledger' }, { title: 'venue' }, { title: 'detail' }];
  const rows = open.map(({ at, what, ledger, venueSays, detail }) =>
    [duration(Math.max(0, now - at)), what, ledger, venueSays, detail].map(inert),
  );
  return table(columns, rows);
}

function endText(
  { configFile }: Context,
  open: readonly DiscrepancyStatus[],
  reply: { readonly ok: boolean; readonly message: string } | undefined,
): string[] {
  const [first] = open;
  if (!first) return [];
  if (reply) return ['', ...(reply.ok ? [] : ['Not accepted:']), ...reply.message.split('\n').map(inert)];
  return [
    '',
    'Nothing was accepted. Positions would be corrected to the venue’s at the mark, the wallet would get a new baseline,',
    'and an order of unknown fate would count as never placed.',
    inert(
      `When you know why: tandem accept ${first.venue} --route ${first.route} --note '<why>' --config ${configFile}`,
    ),
  ];
}
