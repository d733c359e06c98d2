/**
 * `npm run build`: compiles src/ to dist/ and the page to dist/ui, and nothing where nothing changed
 * (a second start must be quick). Then it removes what is left in dist/ of sources that are gone.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");
const require = createRequire(import.meta.url);
const tsc = require.resolve("typescript/bin/tsc");

/** Compiled files of a source that was renamed or removed; dist/ui is not made from src by tsc. */
function staleFiles() {
  if (!existsSync(dist)) return [];
  return readdirSync(dist, { recursive: true })
    .filter((path) => path.endsWith(".js") && !path.startsWith(`ui${sep}`))
    .filter((path) => !existsSync(join(root, "src", path.replace(/\.js$/, ".ts"))));
}

/** Over all that the page is made of: its sources, its configuration, the packages' versions. */
function pageDigest() {
  const folder = join(root, "src/admin/ui");
  const sources = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const digest = createHash("sha256");
  for (const path of [...sources, join(root, "config/tools/vite.config.ts")]) {
    digest.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
  }
  return digest.update(readFileSync(join(root, "package.json"))).digest("hex");
}

/** Beside each script and style what a browser gets that takes brotli or gzip: most bytes less. */
function compressPage() {
  const assets = join(dist, "ui", "assets");
  for (const name of readdirSync(assets).filter((file) => /\.(js|css)$/.test(file))) {
    const bytes = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(bytes));
  }
}

/** Runs a program of node's to its end; its exit status. */
async function run(args) {
  const [status] = await once(
    spawn(process.execPath, args, { cwd: root, stdio: "inherit" }),
    "exit",
  );
  return status ?? 1;
}

/** Exit status of the page's build; 0 without vite, since everything but the page goes without. */
async function buildPage() {
  const stamp = join(dist, ".ui-digest");
  const digest = pageDigest();
  const built = existsSync(join(dist, "ui", "index.html")) && existsSync(stamp);
  if (built && readFileSync(stamp, "utf8") === digest) return 0;
  let vite;
  try {
    vite = join(dirname(require.resolve("vite/package.json")), "bin", "vite.js");
  } catch {
    console.error("build: vite is not installed: the page is left as it is in dist/ui");
    return 0;
  }
  const args = [vite, "build", "--config", "config/tools/vite.config.ts", "--logLevel", "warn"];
  const status = await run(args);
  if (status !== 0) return status;
  compressPage();
  writeFileSync(stamp, digest);
  return 0;
}

const changedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * Exit status of the compiler and of what writes constants into its code, which a first look at the
 * demo does without (--as-compiled): it takes seconds. No types are checked: a start is not to wait
 * for that, and check:types, which CI runs, checks them all.
 */
async function compile() {
  let status = await run([tsc, "-b", "config/tools/tsconfig.build.json"]);
  const inlinedMs = changedMs(join(dist, ".inlined"));
  const isNewer = changedMs(join(dist, ".tsbuildinfo")) >= inlinedMs;
  // Once they are written in, what the compiler did not write anew holds the values of before.
  const isWanted = inlinedMs > 0 || !process.argv.includes("--as-compiled");
  if (status === 0 && isNewer && isWanted) {
    status = await run(["config/tools/inline-constants.mjs", "dist", "src"]);
  }
  for (const path of staleFiles()) rmSync(join(dist, path));
  const entry = join(dist, "main.js");
  if (existsSync(entry)) chmodSync(entry, 0o755);
  return status;
}

// Side by side: neither reads what the other writes (m: 12.1 s with types checked and one
// behind the other, 4.6 s so; Node 20.20.2, 2026-11).
const [compiled, page] = await Promise.all([compile(), buildPage()]);
process.exitCode = compiled !== 0 ? compiled : page;
