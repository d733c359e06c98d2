import { defineConfig } from "vitest/config";
export default defineConfig({
    test: {
        include: ["src/**/*.test.ts", "bench/**/*.test.ts"],
        exclude: ["node_modules/**", "dist/**", ".bench/**"],
        globalSetup: ["config/tools/build-before-tests.mjs"],
        pool: "forks",
        testTimeout: 60_000,
        hookTimeout: 60_000,
    },
});
