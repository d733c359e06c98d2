import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { codeDigest } from "./people-cache.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-build-bench-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

for (const name of ["build-bench.mjs", "inline-constants.mjs"]) {
  cpSync(join("config/tools", name), join(root, "config/tools", name), { recursive: true });
}
for (const name of ["package.json", "tsconfig.json"]) cpSync(name, join(root, name));
symlinkSync(resolve("node_modules"), join(root, "node_modules"));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const build = (): number | null =>
  spawnSync(process.execPath, [join(root, "config/tools/build-bench.mjs")]).status;
const code = (path: string): string => readFileSync(join(root, ".bench", path), "utf8");

const user =
  'import { bound } from "../base/bound.js";\nexport const far = (n: number) => n > bound;\n';

test("code that is as it was has the constants of now, and the compiler's is written anew", () => {
  write("src/base/bound.ts", "export const bound = 7;\n");
  write("src/bid/user.ts", user);
  write("bench/gone.ts", "export {};\n");
  expect(build()).toBe(0);
  expect(code("src/bid/user.js")).toContain("n > 7 /*=bound*/");

  write("src/base/bound.ts", "export const bound = 8;\n");
  rmSync(join(root, "bench/gone.ts"));
  expect(build()).toBe(0);
  expect(code("src/bid/user.js")).toContain("n > 8 /*=bound*/");
  expect(existsSync(join(root, ".bench/bench/gone.js"))).toBe(false);

  write(".bench/src/bid/user.js", "the compiler's");
  write(".bench/.tsbuildinfo", "{}");
  expect(build()).toBe(0);
  expect(code("src/bid/user.js")).toContain("n > 8 /*=bound*/");
  expect(existsSync(join(root, ".bench/.tsbuildinfo"))).toBe(false);

  write("src/bid/user.ts", "export const far = (;\n");
  expect(build()).not.toBe(0);
  expect(build()).not.toBe(0);
  write("src/bid/user.ts", user);
  expect(build()).toBe(0);
  expect(code("src/bid/user.js")).toContain("n > 8 /*=bound*/");
}, 60_000);

test("people are made anew where any code changes that makes them", () => {
  write("digest/entry.js", 'import { one } from "./one.js";\n');
  write("digest/one.js", 'export { two as one } from "../digest/two.js";\n');
  write("digest/two.js", "export const two = 2;\n");
  write("digest/other.js", "");
  const digest = (): string => codeDigest(join(root, "digest/entry.js"));
  const before = digest();
  write("digest/other.js", "changed");
  expect(digest()).toBe(before);
  write("digest/two.js", "export const two = 3;\n");
  expect(digest()).not.toBe(before);
});
