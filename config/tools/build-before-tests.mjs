/** vitest's global set-up: tests that start threads or the whole program run what dist/ holds. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export default function buildBeforeTests() {
  const script = fileURLToPath(new URL("build.mjs", import.meta.url));
  const built = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("the build failed (see above): no test was run");
}
