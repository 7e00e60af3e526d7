import { fileURLToPath } from 'node:url'
import { defineConfig } from '@playwright/test'

// `SHAPE=services`: the product split into its services. So many processes want the machine to themselves.
const isSplit = process.env['SHAPE'] === 'services'

/** Journeys in real browsers against the real product; each worker starts one on data of its own. */
export default defineConfig({
  testDir: './e2e/journeys',
  outputDir: fileURLToPath(new URL(`../artifacts/${isSplit ? 'services' : 'e2e'}`, import.meta.url)),
  fullyParallel: true,
  workers: isSplit ? 1 : 2,
  // A journey that passes only sometimes is a fault: the summary of `make test` tells it with its reason.
  retries: process.env['CI'] ? 1 : 0,
  forbidOnly: Boolean(process.env['CI']),
  // A busy machine takes its time; what hangs is told by the shorter limits below.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    trace: 'on-first-retry',
    launchOptions: {
      executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
