import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/e2e/real/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/cache/**'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    fileParallelism: false,
  },
  define: { MO_VERSION: JSON.stringify('0.0.0-test') },
});
