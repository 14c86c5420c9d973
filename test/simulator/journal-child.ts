/** A process that trades until it is killed, and tells each trade id once the exchange has answered. */
import { writeSync } from 'node:fs';
import { contracts, px } from '../../src/kernel/decimal.ts';
import { JournalWorld } from './journal-world.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('which file?');
const world = new JournalWorld(file);
for (let turn = 0; turn < 1_000_000; turn += 1) {
  world.do({ kind: 'book', symbol: 'ONE/USDT:USDT', mid: 100, sizes: [9, 9, 9, 9] });
  const result = world.exchange.place('a', {
    symbol: 'ONE/USDT:USDT',
    side: turn % 2 === 0 ? 'buy' : 'sell',
    type: 'market',
    tif: 'IOC',
    price: px('100'),
    contracts: contracts('1'),
    reduceOnly: false,
  });
  if (!result.ok) throw new Error(`refused: ${result.reason}`);
  for (const { tradeId } of result.trades) writeSync(1, `${tradeId}\n`);
}
