import { defineConfig } from 'vitest/config';
import streamErrors from './node_modules/ccxt/js/src/base/errors.js';

/** Promises that ccxt leaves behind of streams that failed: `tandem run` forgives the same (`isCcxtStreamRejection`). */
const forgiven = new Set(['TransportError', 'BudgetRefusal', ...Object.keys(streamErrors)]);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    onUnhandledError: ({ name }) => !forgiven.has(name),
  },
});
