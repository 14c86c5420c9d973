/**
 * Kills and stops a trading bot in every way and at every moment while its venues live on, and checks after each round
 * that it came to rest hedged or flat with the ledger equal to the venues' books. Needs a build.
 * Run: `npm run rounds -- [--rounds 500] [--seed 1] [--fault-rate 0]`.
 */
import { parseArgs } from 'node:util';
import { type Blow, type Round, runCampaign } from './rounds/campaign.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    'fault-rate': { type: 'string', default: '0' },
  },
});
const rounds = Number(values.rounds);
const out = (line: string): void => void process.stdout.write(`${line}\n`);

const onRound = ({ number, blow, end, tookMs }: Round): void =>
  out(`${String(number).padStart(4)}/${rounds}  ${blow.padEnd(8)}  ${end.padEnd(6)}  ${(tookMs / 1000).toFixed(1)} s`);
const startedAt = performance.now();
const tally = await runCampaign({
  rounds,
  seed: Number(values.seed),
  faultRate: Number(values['fault-rate']),
  onRound,
});
const seconds = (performance.now() - startedAt) / 1000;
const count = (holds: (round: Round) => boolean): number => tally.rounds.filter(holds).length;
const byBlow = (blow: Blow): number => count((round) => round.blow === blow);
const rows: readonly (readonly [string, string | number])[] = [
  ['rounds', tally.rounds.length],
  ['  killed at an order', byBlow('order')],
  ['  killed at any moment', byBlow('moment')],
  ['  killed again in recovery', byBlow('recovery')],
  ['  killed after SIGINT', byBlow('interrupted')],
  ['  frozen and thawed', byBlow('stopped')],
  ['SIGKILL', tally.kills],
  ['SIGSTOP', tally.stops],
  ['no order for 20 s before', count(({ isIdle }) => isIdle)],
  ['hedges opened', tally.hedges],
  ...[...tally.legs].map(([venue, legs]): [string, number] => [`  legs on ${venue}`, legs]),
  ['orders sent', tally.sent],
  ['  in flight at a kill', tally.inFlight],
  ['orders sent twice', tally.duplicates],
  ['ended hedged', count(({ end }) => end === 'hedged')],
  ['ended flat', count(({ end }) => end === 'flat')],
  ['ended otherwise', 0],
  ['seconds', seconds.toFixed(0)],
];
for (const [name, value] of rows) out(`${name.padEnd(28)}${String(value).padStart(8)}`);
