import { defineConfig } from '@playwright/test';
import path from 'node:path';

const results = process.env.ORGATE_E2E_RESULTS ?? path.join(import.meta.dirname, 'results');

export default defineConfig({
  testDir: 'tests',
  testMatch: '*.test.mjs',
  outputDir: path.join(results, 'failures'),
  fullyParallel: false,
  // Browser tests wait more than they work: each worker has servers and people of its own.
  workers: 2,
  retries: 0,
  // A test.only that was left behind would keep all others from being run, so it fails unless ORGATE_E2E_ONLY is set.
  forbidOnly: !process.env.ORGATE_E2E_ONLY,
  timeout: 420_000,
  expect: { timeout: 15_000 },
  reporter: './lib/reporter.mjs',
  use: {
    locale: 'en-GB',
    ignoreHTTPSErrors: true,
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    // What was done, step by step. Pictures of every moment would cost as much as the browser itself.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
  },
});
