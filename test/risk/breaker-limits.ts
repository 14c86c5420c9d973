/** Limits of breakers for tests: those of a configuration that says nothing, and some that never trip. */
import { breakersSchema } from '../../src/config/breaker-schema.ts';
import type { BreakerLimits } from '../../src/risk/breakers.ts';

export const BREAKER_DEFAULTS: BreakerLimits = breakersSchema.parse({});

/** For tests of anything else, which break more than a sane day does. */
export const NEVER_TRIPPING: BreakerLimits = breakersSchema.parse({
  errorRate: { minCalls: 1_000 },
  latency: { minOrders: 1_000 },
  rejectedOrders: { rejected: 1_000, ofLast: 1_000 },
  // What nothing can be opened with at all; over as soon as the clocks agree.
  clockSkew: { cooldownMinutes: 0 },
  staleStreams: { staleMs: 86_400_000 },
  consecutiveFailures: { failures: 1_000 },
  churn: { cycles: 1_000 },
  drawdown: { lossUsd: 1e9 },
  orderRate: { orders: 5_000 },
  restarts: { starts: 100 },
});
