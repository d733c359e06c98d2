import { spawnSync } from "node:child_process";

/** Builds dist/ where a source of it has changed: `npm run bench` makes only what it measures. */
export function buildProgram(): void {
  const args = ["config/tools/build.mjs"];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) throw new Error("the build failed: see above");
}
