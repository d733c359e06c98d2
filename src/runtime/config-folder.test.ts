import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfigFolder, watchedFiles } from "./config-folder.js";

let root = "";
const write = (name: string): void => {
  mkdirSync(join(root, name, ".."), { recursive: true });
  writeFileSync(join(root, name), `# ${name}\n`);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "config-folder-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("reads the YAML files that belong to a config, and no others", () => {
  const ours = ["rates.yaml", "campaigns/a/b.yml", "exchanges/x.yaml", "exchanges/profiles/p.yaml"];
  for (const name of [...ours, "demo/rates.yaml", "tools/x.yaml", "campaigns/a.txt", ".x.yaml"]) {
    write(name);
  }
  const files = readConfigFolder(root).filter(({ path }) => path.startsWith(root));
  expect(files.map(({ name }) => name)).toEqual([...ours].sort());
  expect(files[0]).toMatchObject({
    path: join(root, files[0]!.name),
    text: `# ${files[0]!.name}\n`,
  });
  const watched = watchedFiles(root).filter((path) => path.startsWith(root));
  expect(watched.sort()).toEqual(ours.map((name) => join(root, name)).sort());
});

test("a folder takes the profiles that it lacks from its parent", () => {
  for (const name of ["exchanges/profiles/p.yaml", "exchanges/profiles/q.yaml"]) write(name);
  for (const name of ["demo/exchanges/profiles/q.yaml", "demo/rates.yaml"]) write(name);
  const files = readConfigFolder(join(root, "demo")).filter(({ path }) => path.startsWith(root));
  expect(files.map(({ name, text }) => [name, text.trim()])).toEqual([
    ["exchanges/profiles/p.yaml", "# exchanges/profiles/p.yaml"],
    ["exchanges/profiles/q.yaml", "# demo/exchanges/profiles/q.yaml"],
    ["rates.yaml", "# demo/rates.yaml"],
  ]);
});

test("the data bank's files are read, of which only markets change what a bidder does", () => {
  const bank = ["bank.yaml", "markets/us.yaml", "segments/a/b.yaml", "touchpoints/ad.yaml"];
  for (const name of [...bank, "rates.yaml", "demo/rates.yaml"]) write(name);
  const ours = (files: readonly string[]) => files.filter((path) => path.startsWith(root)).sort();
  const paths = readConfigFolder(root).map(({ path }) => path);
  expect(ours(paths)).toEqual([...bank, "rates.yaml"].map((name) => join(root, name)).sort());
  const bidders = ["markets/us.yaml", "rates.yaml"].map((name) => join(root, name));
  expect(ours(watchedFiles(root)).sort()).toEqual(bidders);
  const wanted = readConfigFolder(root, (name) => name.startsWith("markets/"));
  expect(wanted.map(({ name }) => name)).toEqual(["markets/us.yaml"]);
  const inherited = readConfigFolder(join(root, "demo")).map(({ name }) => name);
  expect(inherited.filter((name) => bank.includes(name))).toEqual([]);
});

test("a copied folder finds the profiles that the program comes with", () => {
  write("rates.yaml");
  const names = readConfigFolder(root).map(({ name }) => name);
  expect(names).toContain("exchanges/profiles/openrtb-2.6.yaml");
});

test("what is watched follows the parent's profiles and the vendor list as they come", () => {
  for (const name of ["demo/rates.yaml", "demo/vendor-list.json"]) write(name);
  const demo = join(root, "demo");
  const before = ["rates.yaml", "vendor-list.json"].map((name) => join(demo, name));
  expect(watchedFiles(demo).filter((path) => path.startsWith(root))).toEqual(before);
  write("exchanges/profiles/late.yaml");
  expect(watchedFiles(demo)).toContain(join(root, "exchanges/profiles/late.yaml"));
});

test("a folder that is not there is named, with what to do", () => {
  expect(() => readConfigFolder(join(root, "none"))).toThrow(/none: name one with --config/);
});
