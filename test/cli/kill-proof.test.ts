/**
 * `tandem kill` against a running bot: the command, its socket, the production composition and simulated venues behind
 * HTTP and WebSocket. Judged by the books of the venues' exchange models, which are watched as they are made.
 */
import { writeFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type RunningBot, startBot } from '../../src/cli/compose.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import type { HedgeStatus } from '../../src/engine/status.ts';
import { contractsToBase, text } from '../../src/kernel/decimal.ts';
import { splitKey } from '../../src/kernel/ids.ts';
import { openLogger } from '../../src/platform/logger.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { Exchange } from '../../src/simulator/exchange/api.ts';
import type * as ExchangeModel from '../../src/simulator/exchange/exchange.ts';
import { listening, type Place, place, tandem } from './fake-bot.ts';

/** Every exchange model of this process, newest last; the composition itself is as ever. */
const made = vi.hoisted((): Exchange[] => []);
vi.mock('../../src/simulator/exchange/exchange.ts', async (original) => {
  const model = await original<typeof ExchangeModel>();
  const createExchange: typeof model.createExchange = (options) => {
    const exchange = model.createExchange(options);
    made.push(exchange);
    return exchange;
  };
  return { ...model, createExchange };
});

/** Of the simulated venues; paper has another. */
const ACCOUNT = 'main';
const VENUES = ['binance', 'bybit', 'okx'] as const;

const configIn = (where: Place): string => `mode: sim
ledger: { path: ${where.ledger} }
simulator: { seed: 7, speed: 2400, assets: [BTC, ETH, NEAR, DOGE] }
risk:
  entry: { minNetApr: 0.1, minSpreadPer8h: 0.0005, minConfidence: 0.4 }
  exit: { minForwardApr: 0.03, confirmMinutes: 30 }
  data: { maxBookAgeMs: 150000, maxFundingAgeMs: 300000 }
routing: { liveShare: 1 }
`;

function venue(id: string): Exchange {
  const found = made.findLast((each) => each.venue === id && each.accounts().includes(ACCOUNT));
  if (!found) throw new Error(`no simulated ${id}`);
  return found;
}

/** `venue|symbol` -> signed base quantity, by the venues' own books. */
function venuePositions(): Record<string, string> {
  const held: Record<string, string> = {};
  for (const id of VENUES) {
    const exchange = venue(id);
    for (const { symbol, contracts } of exchange.positions(ACCOUNT)) {
      const size = exchange.market(symbol)?.instrument.contractSize;
      held[`${id}|${symbol}`] = size ? text(contractsToBase(contracts, size)) : 'of no market';
    }
  }
  return held;
}

/** A bot behind its control socket, with a hedge that the venues hold both legs of. */
async function running(): Promise<{ where: Place; bot: RunningBot; hedge: HedgeStatus }> {
  const where = place();
  writeFileSync(where.config, configIn(where));
  const loaded = loadConfig(where.config);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const log = openLogger({ level: 'error', clock: systemClock(), write: () => undefined });
  const { config, text: configText } = loaded;
  const bot = await startBot({ config, configFile: where.config, configText, log, env: {} });
  onTestFinished(async () => {
    await bot.stop();
  });
  await listening(where, bot);
  const heldHedge = () => bot.status().hedges.find(({ state }) => state === 'held');
  await expect.poll(heldHedge, { timeout: 20_000, interval: 20 }).toBeDefined();
  const hedge = heldHedge();
  if (!hedge) throw new Error('the hedge is gone again');
  expect(Object.keys(venuePositions())).toEqual(expect.arrayContaining([hedge.long, hedge.short]));
  return { where, bot, hedge };
}

test('kill closes every hedge and proves it (0)', async () => {
  const { where, bot, hedge } = await running();
  const { exit, out } = await tandem(where, 'kill');
  expect(out).toContain('Proved flat');
  expect(out).toContain(`${hedge.id}: closed`);
  expect(exit).toBe(0);
  expect(venuePositions()).toEqual({});
  expect(VENUES.flatMap((id) => venue(id).openOrders(ACCOUNT))).toEqual([]);
  expect(bot.status()).toMatchObject({ killed: true, hedges: [] });
});

test('a halted market: kill names what it could not close (1), and proves it once the market trades again', async () => {
  const { where, hedge } = await running();
  const { venue: halted, symbol } = splitKey(hedge.short);
  venue(halted).setTrading(symbol, false);
  const stuck = await tandem(where, 'kill', '--wait', '5');
  const left = venuePositions();
  expect(Object.keys(left)).toEqual([hedge.short]);
  expect(stuck.out).toContain(`left: live|${halted} ${hedge.short} ${left[hedge.short]}\n`);
  expect(stuck.out).toMatch(new RegExp(`^${hedge.id}: still \\w+ after \\d+ s \\(\\w+: .+\\); `, 'm'));
  expect(stuck.out).toContain(`live|${halted} ${symbol} ${left[hedge.short]}`);
  expect(stuck.out).not.toContain('Proved');
  expect(stuck.exit).toBe(1);

  venue(halted).setTrading(symbol, true);
  const { exit, out } = await tandem(where, 'kill');
  expect(out).toContain('Proved flat');
  expect(exit).toBe(0);
  expect(venuePositions()).toEqual({});
});
