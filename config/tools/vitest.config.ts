import { getPriority, setPriority } from "node:os";
import { defineConfig } from "vitest/config";

const exclude = ["node_modules/**", "dist/**", ".bench/**"];
const common = {
  pool: "forks" as const,
  // Only what never comes is late: a slow machine with every core busy takes ten times what a quiet
  // one does (seen: 128 requests in 0.7 s where 1,000 are usual).
  testTimeout: 120_000,
  hookTimeout: 120_000,
};
// Main and cold processes of a program under test run at nice 19 (runtime/process): beside tests at
// 0 they would have 1.5 % of a core that both want, beside tests at 9 they have a tenth. V8's are at
// 10, so that a test still tells them from those that bid. Whoever is nicer already may not go back.
setPriority(Math.max(9, getPriority()));

/** Files that put something else in place of a global (clock, environment), or drive a program. */
const apart = [
  "bench/**/*.test.ts",
  "src/admin/*.test.ts",
  "src/testing/**/*.test.ts",
  "src/admin/ui/**/*.test.ts",
  "src/edge/**/*.test.ts",
  "src/runtime/{flags,store-line}.test.ts",
];

/**
 * Two projects: files of `together` share two processes and what they have imported, which saves
 * half a second of processor a file (2 cores: 30 files 74 s, together 58 s); each of `apart` has a
 * process of its own.
 */
export default defineConfig({
  test: {
    globalSetup: ["config/tools/build-before-tests.mjs"],
    // One file more than the cores that vitest is meant for: many tests wait for the processes that
    // they start, or for a limit to pass.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...common,
          name: "together",
          include: ["src/**/*.test.ts", "bench/**/*.test.ts"],
          exclude: [...exclude, ...apart],
          isolate: false,
        },
      },
      { test: { ...common, name: "apart", include: apart, exclude } },
    ],
  },
});
