import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // ccxt leaves promises of failed private streams behind when it is closed; `tandem run` forgives the same.
    onUnhandledError: (error) => error.name !== 'ExchangeClosedByUser',
  },
});
