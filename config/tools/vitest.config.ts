import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "bench/**/*.test.ts"],
    exclude: ["node_modules/**", "dist/**", ".bench/**"],
    globalSetup: ["config/tools/build-before-tests.mjs"],
    pool: "forks",
    // Two files beside each other also where vitest would leave a core of two to itself: many tests
    // wait for the processes that they start.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
