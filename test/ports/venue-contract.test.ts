/** Every implementation of the Venue port, against the one contract. */
import { type Base, base, baseToContracts, px, quote } from '../../src/kernel/decimal.ts';
import { instrumentKey } from '../../src/kernel/ids.ts';
import type { Instrument } from '../../src/market/instrument.ts';
import { createExchange } from '../../src/simulator/exchange/exchange.ts';
import { createModelVenue } from '../../src/simulator/model-venue.ts';
import { createPaperVenue, PAPER_ACCOUNT } from '../../src/simulator/paper-venue.ts';
import type { ContractWorld } from './venue/bench.ts';
import { venueContract } from './venue-contract.ts';

const SYMBOL = 'BTC/USDT:USDT';
const key = instrumentKey('model', SYMBOL);

function handClock() {
  let at = 1_750_000_000_000;
  return {
    now: () => at,
    monotonicMs: () => at,
    after: () => () => undefined,
    advance: (ms: number): void => {
      at += ms;
    },
  };
}

async function modelWorld(contractSize: Base): Promise<ContractWorld> {
  const clock = handClock();
  const inContracts = (quantity: string) => baseToContracts(base(quantity), contractSize);
  const exchange = createExchange({
    venue: 'model',
    clock,
    instruments: [
      {
        symbol: SYMBOL,
        asset: 'BTC',
        settle: 'USDT',
        contractSize,
        lot: inContracts('0.01'),
        minContracts: inContracts('0.01'),
        maxContracts: inContracts('1000'),
        minNotional: quote('5'),
        tick: px('0.01'),
        takerFeeRate: '0.00055',
        makerFeeRate: '0.0002',
        maxLeverage: 50,
        maintenanceRate: '0.005',
        priceBand: '0.1',
      },
    ],
  });
  exchange.openAccount('a', quote('10000'));
  const venue = createModelVenue({ exchange, account: 'a', route: 'live' });
  return { venue, exchange, account: 'a', key, advance: clock.advance, dispose: () => venue.close() };
}

async function paperWorld(): Promise<ContractWorld> {
  const clock = handClock();
  const instrument: Instrument = {
    key,
    venue: 'model',
    symbol: SYMBOL,
    asset: 'BTC',
    kind: 'perpetual',
    settle: 'USDT',
    lot: base('0.01'),
    minQuantity: base('0.01'),
    minNotional: quote('5'),
    tick: px('0.01'),
    takerFeeRate: 0.00055,
    makerFeeRate: 0.0002,
    trading: true,
  };
  const paper = createPaperVenue({
    venue: 'model',
    clock,
    instruments: [instrument],
    depositUsd: quote('10000'),
    maxBookAgeMs: Number.POSITIVE_INFINITY,
  });
  const { venue, exchange } = paper;
  return { venue, exchange, account: PAPER_ACCOUNT, key, advance: clock.advance, dispose: () => venue.close() };
}

venueContract('exchange model, 0.01 base units a contract', () => modelWorld(base('0.01')));
venueContract('exchange model, base-denominated', () => modelWorld(base('1')));
venueContract('paper', paperWorld);
