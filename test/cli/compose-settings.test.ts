/** What a configuration means to the engine where it is not what the file says. */
import { expect, test } from 'vitest';
import { engineSettings } from '../../src/cli/compose-settings.ts';
import { parseConfig } from '../../src/config/load.ts';

function latencyOf(yaml: string): number {
  const loaded = parseConfig(`mode: paper\n${yaml}`, 'test.yaml');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return engineSettings(loaded.config).risk.breakers.latency.p90Ms;
}

test('unreachable-latency: beyond what an order waits for its answer, a limit on its time could never trip', () => {
  expect(latencyOf('')).toBe(3_000);
  expect(latencyOf('risk: { breakers: { latency: { p90Ms: 9000 } } }')).toBe(3_000);
  expect(latencyOf('risk: { breakers: { latency: { p90Ms: 700 } } }')).toBe(700);
  // Nothing but a deadline is set: the file stays as valid as it was.
  expect(latencyOf('venues: { okx: {}, bybit: { requestDeadlineMs: 2000 } }')).toBe(1_500);
  expect(latencyOf('venues: { okx: {}, bybit: { requestDeadlineMs: 20000 } }')).toBe(3_000);
});
