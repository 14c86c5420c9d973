/** A human holds the opposite of a leg: the venue's one position nets it away, and no order can reduce what it hides. */
import { describe, expect, it } from 'vitest';
import type { SubmitFault } from './faulty-venue.ts';
import { foreignTrade } from './foreign-trade.ts';
import { World } from './world.ts';
import { SOL } from './world-setup.ts';

const reduceOnlyOf = (world: World) => world.submitted.filter((order) => order.reduceOnly);

/** A minute after a hedge was entered over a short of a human's on alpha that no stream had told. */
async function entered(contracts: string, ...onBeta: readonly SubmitFault[]): Promise<World> {
  const world = new World();
  world.boot();
  await world.operator({ action: 'pause' });
  await world.run(10_000);
  expect(world.ledger.hedges.size).toBe(0);
  world.faults.alpha.stream = 'lost';
  world.faults.beta.submits.push(...onBeta);
  foreignTrade(world, 'alpha', 'sell', contracts);
  await world.run(200);
  await world.operator({ action: 'resume' });
  await world.run(60_000, 1_000);
  return world;
}

describe('what a human opens behind our exit', () => {
  it('fault-23-told-before-our-exit: their trade is theirs though it was told first, and stays', async () => {
    const world = new World();
    await world.opened();
    await world.operator({ action: 'pause' });
    await world.run(10_000);
    Object.assign(world.faults.alpha, { stream: 'lost', lookups: 'failing', reads: 'failing' });
    world.faults.alpha.submits.push({ kind: 'reply_lost' });
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(1_000, 50);
    expect(world.position('alpha')).toBe('0');
    world.faults.alpha.stream = 'ok';
    foreignTrade(world, 'alpha', 'sell', '3');
    await world.run(200, 50);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('6.5');
    Object.assign(world.faults.alpha, { lookups: 'ok', reads: 'ok' });
    await world.run(60_000, 500);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['-3', '0']);
    expect(world.state()).toBe('closed');
    expect(reduceOnlyOf(world).filter(({ side, key }) => side === 'buy' && key.startsWith('alpha'))).toEqual([]);
  });
});

describe('what a human hides', () => {
  it('fault-23-hidden-by-a-human: what their opposite position nets away is not asked for again and again', async () => {
    const world = await entered('3', { kind: 'refused', code: 'price_out_of_band' });
    await world.run(60_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('3');
    expect(reduceOnlyOf(world).length).toBeLessThanOrEqual(3);
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(30_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
  });

  it('fault-23-hidden-exit: of what a human nets away the partner stays too, until they close theirs', async () => {
    const world = await entered('3');
    expect([world.position('alpha'), world.position('beta')]).toEqual(['6.5', '-9.5']);
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(120_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '-3']);
    expect(world.hedge()).toMatchObject({ state: 'quarantined', reason: 'hidden' });
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('3');
    expect(reduceOnlyOf(world)).toHaveLength(2);
    foreignTrade(world, 'alpha', 'buy', '3');
    await world.run(30_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
  });

  it('fault-23-hidden-exit-refused: the partner is not reduced twice while the hidden leg has not followed', async () => {
    const world = await entered('3');
    await world.operator({ action: 'pause' });
    world.faults.alpha.submits.push({ kind: 'refused', code: 'busy' }, { kind: 'refused', code: 'busy' });
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(120_000, 500);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '-3']);
    expect(world.hedge()).toMatchObject({ state: 'quarantined', reason: 'hidden' });
  });

  it('fault-23-hidden-dust: an opposite position under the common lot keeps nobody from leaving', async () => {
    const world = await entered('0.4');
    await world.operator({ action: 'close', hedge: 'h1' });
    await world.run(60_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
  });

  it('fault-23-hidden-margin: both legs are reduced by what both venues take', async () => {
    const world = await entered('6');
    await world.operator({ action: 'pause' });
    world.move(SOL, 0.36);
    await world.run(3_000, 250);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '-6']);
    expect(world.hedge().long.holding.quantity.toFixed()).toBe('6');
  });

  it('fault-23-hidden-kill: a kill closes the partner of a leg that a human nets away, and the rest once that is gone', async () => {
    const world = await entered('12');
    expect([world.position('alpha'), world.position('beta')]).toEqual(['-2.5', '-9.5']);
    await world.operator({ action: 'kill' });
    await world.run(60_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['-2.5', '0']);
    foreignTrade(world, 'alpha', 'buy', '12');
    await world.run(30_000, 1_000);
    expect([world.position('alpha'), world.position('beta')]).toEqual(['0', '0']);
    expect(world.state()).toBe('closed');
  });
});
