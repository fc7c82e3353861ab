import { defineConfig } from 'vitest/config'

// The browser test drives one program with one browser, in order.
export default defineConfig({
  test: {
    include: ['browser/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    bail: 1,
  },
})
