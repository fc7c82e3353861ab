import { defineConfig } from 'vitest/config'

// Figures of the desk in a browser, on request: they are of one machine.
export default defineConfig({ test: { include: ['browser/measure.bench.ts'], hookTimeout: 120_000 } })
