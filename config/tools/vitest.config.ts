import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What passing tests print is noise in front of what a failing one says.
    silent: 'passed-only',
    // A `.only` left behind would hide every other test.
    allowOnly: false,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
