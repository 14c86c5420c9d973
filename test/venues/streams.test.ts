/** Private streams that die in ways a socket does not tell. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountEvent, Venue } from '../../src/ports/venue.ts';
import { createSimClock } from '../../src/simulator/clock.ts';
import { Liveness } from '../../src/venues/liveness.ts';
import { orderOf, setUp, startWorld, until, VENUES, type World } from './world.ts';

describe.each(VENUES)('the private stream of %s', (name) => {
  let world: World;
  let venue: Venue;
  let events: AccountEvent[];
  beforeEach(async () => {
    world = await startWorld(name);
    venue = await world.venue({ keepAliveMs: 100 });
    events = [];
    await setUp(venue);
    venue.subscribe((event) => events.push(event));
    await until('stream up', () => ups() === 1);
  });
  afterEach(() => world.close());

  const ups = () => events.filter((event) => event.kind === 'stream' && event.status === 'up').length;
  const downs = () => events.filter((event) => event.kind === 'stream' && event.status === 'down').length;

  it('fault-24-silent-but-open: is cut, told as down, connected anew, and delivers what comes afterwards', async () => {
    world.server.stallStreams();
    await until('stream up again', () => ups() === 2);
    expect(downs()).toBe(1);
    await venue.submit(orderOf(world, `str${name}1`), 'open');
    await until('fill', () => events.some((event) => event.kind === 'fill'));
  });

  it('a quiet stream whose peer answers pings is left alone', async () => {
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect([ups(), downs()]).toEqual([1, 0]);
  });

  it('fault-25-reconnect-storm: a venue that cuts every connection is met with growing pauses', async () => {
    const at = performance.now();
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      world.server.dropStreams();
      await until('down', () => downs() === cuts);
      await until('up again', () => ups() === cuts + 1);
    }
    // At least a quarter, a half and one second.
    expect(performance.now() - at).toBeGreaterThan(1_750);
  }, 15_000);

  it('a peer that is gone does not hold up the end', async () => {
    world.server.stallStreams();
    const at = performance.now();
    await venue.close();
    expect(performance.now() - at).toBeLessThan(2_500);
  });
});

describe('Liveness', () => {
  const socketOf = () => {
    const socket = {
      url: 'ws://somewhere',
      cut: 0,
      pong: () => undefined as unknown,
      connection: {
        on: (_event: 'pong', heard: () => void) => {
          socket.pong = heard;
        },
        terminate: () => {
          socket.cut += 1;
        },
      },
    };
    return socket;
  };

  it('cuts what neither speaks nor answers for long enough, once', () => {
    const clock = createSimClock(0);
    const liveness = new Liveness(clock, 1_000);
    const socket = socketOf();
    liveness.opened(socket);
    clock.advanceTo(900);
    liveness.heard(socket);
    clock.advanceTo(1_800);
    socket.pong();
    clock.advanceTo(2_799);
    expect(socket.cut).toBe(0);
    clock.advanceTo(2_800);
    expect(socket.cut).toBe(1);
    clock.advanceTo(60_000);
    expect(socket.cut).toBe(1);
  });

  it('forgets connections that ended, and arms nothing for them', () => {
    const clock = createSimClock(0);
    const liveness = new Liveness(clock, 1_000);
    const sockets = [socketOf(), socketOf()];
    for (const socket of sockets) liveness.opened(socket);
    liveness.gone(sockets[0] as never);
    liveness.cut();
    expect(sockets.map(({ cut }) => cut)).toEqual([0, 1]);
    expect(clock.nextTimerAt()).toBeUndefined();
  });
});
