import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  functionViolations,
  hotViolations,
  isHot,
  limits,
  nameViolations,
  sizeViolations,
} from "./house-rules.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every TypeScript file below a folder of the project, as `{ path, text }`, sorted by path. */
function filesOf(folder: string): { readonly path: string; readonly text: string }[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

const entries = readdirSync(root);
const files = ["src", "bench"].filter((f) => entries.includes(f)).flatMap(filesOf);

test("the walk sees the source: its own file, and files on the bid path", () => {
  expect(files.map(({ path }) => path)).toContain("src/testing/house.test.ts");
  expect(files.filter(({ path }) => isHot(path)).length).toBeGreaterThan(3);
});

test("nothing on the bid path waits, reads a clock, draws lots, throws or speaks JSON", () => {
  expect(files.flatMap(({ path, text }) => hotViolations(path, text))).toEqual([]);
});

test(`no file has more than ${limits.fileLines} lines or ${limits.columns} columns`, () => {
  expect(files.flatMap(({ path, text }) => sizeViolations(path, text))).toEqual([]);
});

test(`no function has more than ${limits.functionLines} lines`, () => {
  expect(files.flatMap(({ path, text }) => functionViolations(path, text))).toEqual([]);
});

test("no file or folder has a grab-bag name", () => {
  expect(files.flatMap(({ path }) => nameViolations(path))).toEqual([]);
});

test("the project's top level and src/ hold what the map names and nothing else", () => {
  const made = ["node_modules", "dist", "data"];
  const topLevel = [
    ...["package.json", "package-lock.json", "tsconfig.json", "src", "bench", "fixtures"],
    ...["config", "README.md", "LICENSE"],
  ];
  const strangers = entries.filter(
    (name) =>
      !name.startsWith(".") && !name.endsWith(".log") && ![...made, ...topLevel].includes(name),
  );
  expect(strangers, "at the top level").toEqual([]);
  const layers = [
    ...["base", "index", "campaign", "bid", "wire", "journal", "ledger", "bank", "admin", "edge"],
    ...["runtime", "testing", "main.ts", "ARCHITECTURE.md", "PRIVACY.md"],
  ];
  const unplaced = readdirSync(join(root, "src")).filter((name) => !layers.includes(name));
  expect(unplaced, "in src/: give it a layer in config/tools/dependency-cruiser.mjs").toEqual([]);
});

/** A sample of each thing that the bid path must not contain: a rule that sees none is broken. */
const hotSamples: readonly (readonly [code: string, seen: string])[] = [
  ["export async function f() {}", "async or await"],
  ["await 1;", "async or await"],
  ["for await (const x of y) f(x);", "for await"],
  ["export const p = Promise.resolve(1);", "Promise"],
  ["export const now = Date.now();", "Date.now"],
  ["export const now = Date\n  .now();", "Date.now"],
  ["export const now = new Date();", "new Date()"],
  ["export const r = Math.random();", "Math.random"],
  ["const draw = Math.random;", "Math.random"],
  ["console.log(1);", "console"],
  ["throw new Error();", "throw"],
  ["export const v = JSON.parse(s);", "JSON.parse"],
  ["export const v = JSON.stringify(s);", "JSON.stringify"],
  ["export const e = process.env;", "process"],
  ["setTimeout(f, 1);", "setTimeout"],
  ["const { now } = performance;", "performance"],
];

test.each(hotSamples)("on the bid path %j is seen as %j", (code, seen) => {
  const found = hotViolations("src/bid/sample.ts", `// one line\n${code}\n`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^src\/bid\/sample\.ts:2: /);
  expect(found[0]).toContain(seen);
});

test("what only looks forbidden passes, and so does the same code off the bid path", () => {
  const innocent = [
    "// await Date.now() in a comment, a string and a name is nothing",
    'export const text = "throw JSON.parse(Math.random())";',
    "export const row = { process: 1, console: 2 };",
    "export const at = (stamp: number): Date => new Date(stamp);",
    "export const sum = row.process + row.console;",
  ].join("\n");
  expect(hotViolations("src/bid/sample.ts", innocent)).toEqual([]);
  for (const path of ["src/edge/a.ts", "src/bid/a.test.ts", "src/campaign/compile.ts"]) {
    expect(hotViolations(path, "throw JSON.parse(await f());")).toEqual([]);
  }
  expect(hotViolations("src/base/assert.ts", "throw new Error();")).toEqual([]);
  expect(hotViolations("src/wire/vast-template.ts", "JSON.stringify(1);")).toEqual([]);
  expect(hotViolations("src/campaign/table.ts", "throw new Error();")).toHaveLength(1);
});

test("a function of 71 lines is seen, one of 70 and a describe block are not", () => {
  const body = (lines: number): string => `{\n${"  f();\n".repeat(lines - 2)}}`;
  const path = "src/edge/sample.ts";
  expect(functionViolations(path, `function long() ${body(70)}`)).toEqual([]);
  expect(functionViolations(path, `function long() ${body(71)}`)).toEqual([
    `${path}:1: long has 71 lines, at most 70: split it by step`,
  ]);
  expect(functionViolations(path, `const long = () => ${body(71)}`)).toHaveLength(1);
  expect(functionViolations(path, `class A { long() ${body(71)} }`)).toHaveLength(1);
  expect(functionViolations(path, `describe("a", () => ${body(200)})`)).toEqual([]);
});

test("a file of 401 lines, a line of 101 columns and a grab-bag name are seen", () => {
  expect(sizeViolations("src/a.ts", "f();\n".repeat(400))).toEqual([]);
  expect(sizeViolations("src/a.ts", "f();\n".repeat(401))).toHaveLength(1);
  expect(sizeViolations("src/a.ts", `${"x".repeat(100)}\n`)).toEqual([]);
  expect(sizeViolations("src/a.ts", `f();\n${"x".repeat(101)}\n`)).toEqual([
    "src/a.ts:2: 101 columns, at most 100: break the line",
  ]);
  expect(nameViolations("src/wire/json-utils.ts")).toHaveLength(1);
  expect(nameViolations("src/helpers/a.test.ts")).toHaveLength(1);
  expect(nameViolations("src/wire/service.ts")).toHaveLength(1);
  expect(nameViolations("src/wire/native-scan.ts")).toEqual([]);
});
