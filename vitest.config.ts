import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // ccxt leaves promises of streams that were closed or lost behind; `tandem run` forgives the same.
    onUnhandledError: ({ name, stack }) =>
      name !== 'ExchangeClosedByUser' && !/ccxt\/js\/src\/base\/ws\//.test(stack ?? ''),
  },
});
