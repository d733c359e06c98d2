import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { transformWithOxc } from "vite";
import { afterAll, expect, test } from "vitest";

/**
 * The whole kit with its processes at sizes that measure nothing, so that no part of it rots. They
 * run JavaScript: bench/ is transpiled beside dist/, which the build has made of src/.
 */
const folder = resolve(`.bench/tiny-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function transpile(): Promise<void> {
  for (const name of readdirSync("bench", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts") || name.startsWith("prove")) continue;
    const { code } = await transformWithOxc(readFileSync(join("bench", name), "utf8"), name);
    const to = join(folder, "bench", name.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, code);
  }
  symlinkSync(resolve("dist"), join(folder, "src"));
}
await transpile();

function bench(...args: readonly string[]): Promise<{ text: string; code: number | null }> {
  const child = spawn(process.execPath, [join(folder, "bench/main.js"), "--tiny", ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece) => {
      text += String(piece);
    });
  }
  return new Promise((done) => child.once("close", (code) => done({ text, code })));
}

test("scenarios, sweep, changes, overload and memory run to their end", async () => {
  const [scenarios, sweep, changes, overload, memory] = await Promise.all([
    bench("--only", "full-bid"),
    bench("--sweep", "--only", "no-bid"),
    bench("--under-change"),
    bench("--overload"),
    bench("--memory", "--workers", "2"),
  ]);
  for (const server of ["ours", "echo", "json", "node", "ours-json"]) {
    expect(scenarios.text).toMatch(new RegExp(`^full-bid +${server} +[1-9]`, "m"));
  }
  // Of one pair of tiny rounds, beside four other benches.
  expect(scenarios.text).toMatch(/^full-bid: \d+\.\d+ of echo's CPU/m);
  expect(sweep.text.match(/^(ours|echo) +\d+ % +\d+ +\d+ +0 /gm)).toHaveLength(12);
  for (const during of ["reload", "certify", "report", "swap"]) {
    expect(changes.text).toMatch(new RegExp(`^${during} +[1-9]\\d* +0 `, "m"));
  }
  expect(overload.text).toMatch(/^5 x +[1-9]\d* +\d+ +0 /m);
  expect(memory.text).toMatch(/^heap a worker: most [1-9]/m);
  expect(memory.text).toMatch(/^ +\d+ +[1-9]\d* +[1-9]\d* [1-9]/m);
  for (const { text } of [scenarios, sweep, changes, overload, memory]) {
    expect(text).not.toMatch(/^\s+at .*\.js:\d+/m);
  }
}, 120_000);

test("what is not there is named", async () => {
  const { text, code } = await bench("--only", "nonsense");
  expect(text).toContain("no scenario nonsense: there are full-bid");
  expect(code).toBe(1);
});
