/**
 * `npm run build`: compiles src/ to dist/, and nothing where nothing changed (a second start must
 * be quick). Then it removes what is left in dist/ of sources that are gone.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

/** Compiled files of a source that was renamed or removed; dist/ui is not made from src by tsc. */
function staleFiles() {
  if (!existsSync(dist)) return [];
  return readdirSync(dist, { recursive: true })
    .filter((path) => path.endsWith(".js") && !path.startsWith(`ui${sep}`))
    .filter((path) => !existsSync(join(root, "src", path.replace(/\.js$/, ".ts"))));
}

const compiled = spawnSync(process.execPath, [tsc, "-b", "config/tools/tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
for (const path of staleFiles()) rmSync(join(dist, path));
const entry = join(dist, "main.js");
if (existsSync(entry)) chmodSync(entry, 0o755);
process.exitCode = compiled.status ?? 1;
