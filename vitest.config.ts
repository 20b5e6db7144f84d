import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/real/**', '**/node_modules/**'],
    globalSetup: ['test/build-first.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Most tests wait for processes: two at a time on two cores, where vitest would take one.
    maxWorkers: 2,
  },
  define: { MO_VERSION: JSON.stringify('0.0.0-test') },
});
