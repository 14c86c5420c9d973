/** Every breaker trips, is told once and by each start, outlives a restart, and is reset as it is configured to be. */
import { describe, expect, it } from 'vitest';
import { statusOf } from '../../src/engine/status.ts';
import { MINUTE_MS } from '../../src/kernel/instant.ts';
import { refusals, SCENARIOS, type Scenario, switches, tripped, trippedWorld } from './breaker-world.ts';
import type { World } from './world.ts';

const ruleOf = ({ id }: Scenario): string => `breaker_${id.split('/')[0]}`;
const openings = (world: World): number => world.submitted.filter(({ reduceOnly }) => !reduceOnly).length;
const told = (world: World, code: string, id: string): number =>
  world.alarms.filter((alarm) => alarm.code === code && alarm.subject === id).length;

describe.each(SCENARIOS)('$id', (scenario) => {
  const { id, cooldownMs } = scenario;
  const stepMs = Math.max(1_000, cooldownMs / 200);

  it('trips, refuses with limit and actual, is told once and by each start, outlives a restart, and ends with its cooldown', async () => {
    const world = await trippedWorld(scenario);
    expect(tripped(world)).toEqual([id]);
    const [trip] = switches(world);
    expect(trip).toMatchObject({ state: 'tripped', by: 'evidence' });
    expect(trip?.actual).toBeGreaterThanOrEqual(trip?.limit ?? Number.NaN);
    const shown = statusOf(world.engine.core).breakers.find((each) => each.id === id);
    expect(shown).toMatchObject({ state: 'tripped', limit: trip?.limit, actual: trip?.actual });

    await world.run(2_000);
    expect(told(world, 'breaker_tripped', id)).toBe(1);
    const sent = openings(world);
    world.crash();
    world.boot();
    await world.run(10_000, 1_000);
    expect(tripped(world)).toEqual([id]);
    await scenario.cure(world);
    await world.run(20_000, 1_000);
    expect(tripped(world)).toEqual([id]);
    expect(refusals(world)).toContain(ruleOf(scenario));
    expect(openings(world)).toBe(sent);
    // Once more, because a start tells what it found tripped, and not again.
    expect(told(world, 'breaker_tripped', id)).toBe(2);

    await world.run(cooldownMs + 2 * MINUTE_MS, stepMs);
    const [, reset] = switches(world);
    expect(reset).toMatchObject({ state: 'reset', by: 'cooldown' });
    expect(told(world, 'breaker_reset', id)).toBe(1);
    expect(openings(world)).toBeGreaterThan(sent);
    world.check();
  });

  it('one that needs a human waits for the command, and the reset outlives a restart', async () => {
    const world = await trippedWorld(scenario, { reset: 'human' });
    await scenario.cure(world);
    await world.run(cooldownMs + 2 * MINUTE_MS, stepMs);
    expect(tripped(world)).toEqual([id]);
    const sent = openings(world);
    expect(await world.operator({ action: 'breaker_reset', breaker: id })).toMatchObject({ ok: true });
    expect(switches(world).at(-1)).toMatchObject({ state: 'reset', by: 'test' });
    world.crash();
    world.boot();
    expect(tripped(world)).toEqual([]);
    expect(switches(world)).toHaveLength(2);
    await world.run(2 * MINUTE_MS, 1_000);
    expect(openings(world)).toBeGreaterThan(sent);
    world.check();
  });
});
