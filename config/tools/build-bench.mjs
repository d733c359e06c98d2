/**
 * Compiles bench/ and the src/ that it measures to .bench/, each file for itself (isolatedModules):
 * no types are read, which check:types does. So all of it takes 5 s of CPU, constants included,
 * where the compiler took 14 for such code alone, and 0.4 s where nothing has changed, which took
 * the compiler 8 to hear (m: a slow machine, Node 20.20.2, 2026-11). Only sources that changed are
 * compiled, but constants are written into all of the code: a file that is as it was may name one
 * that another file has changed.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".bench");
/** What the code in the folder was made from; there only while all of it is. */
const record = join(folder, ".sources.json");
/** The compiler alone has run since, and its code is without the values of constants. */
const compilersRecord = join(folder, ".tsbuildinfo");
/** Where one of these has changed, so may all of the code. */
const tools = [
  "config/tools/build-bench.mjs",
  "config/tools/inline-constants.mjs",
  "package.json",
  "tsconfig.json",
];

const digestOf = (path) =>
  createHash("sha256")
    .update(readFileSync(join(root, path)))
    .digest("base64");
const codeOf = (source) => join(folder, source.replace(/\.ts$/, ".js"));

/** Digests of all sources by their path, and one of the tools. */
function sourcesNow() {
  const sources = ["bench", "src"].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true })
      .map((path) => join(part, path))
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
      .filter((path) => !path.startsWith(join("src", "admin", "ui"))),
  );
  return {
    tools: tools.map(digestOf).join(),
    sources: Object.fromEntries(sources.map((path) => [path, digestOf(path)])),
  };
}

function sourcesBefore() {
  const nothing = { tools: "", sources: {} };
  return existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : nothing;
}

/** Writes their code; throws where one is no TypeScript. */
async function compile(sources) {
  // The compiler's own turn of a file takes twenty times as long for the same statements.
  const { transformWithOxc } = await import("vite");
  for (const path of sources) {
    const text = readFileSync(join(root, path), "utf8");
    const typescript = { onlyRemoveTypeImports: true };
    const { code } = await transformWithOxc(text, path, {
      ...{ target: "es2023", sourcemap: false, typescript },
    });
    mkdirSync(dirname(codeOf(path)), { recursive: true });
    writeFileSync(codeOf(path), code);
  }
}

async function build() {
  const [now, before] = [sourcesNow(), sourcesBefore()];
  const isAnew = now.tools !== before.tools || existsSync(compilersRecord);
  const all = Object.keys(now.sources);
  const isOld = (path) =>
    isAnew || now.sources[path] !== before.sources[path] || !existsSync(codeOf(path));
  const [old, gone] = [
    all.filter(isOld),
    Object.keys(before.sources).filter((path) => !(path in now.sources)),
  ];
  if (old.length === 0 && gone.length === 0) return;
  // Until the end nothing is known of the code: whoever is killed here begins anew.
  rmSync(record, { force: true });
  rmSync(compilersRecord, { force: true });
  for (const path of gone) rmSync(codeOf(path), { force: true });
  await compile(old);
  const { inlineFolder } = await import("./inline-constants.mjs");
  inlineFolder(folder, root);
  writeFileSync(`${record}.new`, JSON.stringify(now));
  renameSync(`${record}.new`, record);
}

await build();
