import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Entry = {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};
type Packages = Readonly<Record<string, Entry>>;
type Platform = Pick<Entry, "os" | "cpu" | "libc">;
type LockEntries = {
  readonly ownerOf: (packages: Packages, path: string, name: string) => string | null;
  readonly platformFromName: (name: string) => Platform | null;
};
type Manifest = Readonly<
  Record<"dependencies" | "devDependencies" | "overrides", Record<string, string>>
>;

const root = new URL("../../", import.meta.url);
const readJson = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), "utf8"));
const lock = readJson("package-lock.json") as { lockfileVersion: number; packages: Packages };
const manifest = readJson("package.json") as Manifest;
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");
const { ownerOf, platformFromName } = (await import(
  new URL("config/tools/lock-entries.mjs", root).href
)) as LockEntries;

const exact = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + 13);

/** The platforms that the program is served on: their packages must be known to the byte. */
function servesOurMachines(entry: Entry): boolean {
  const system = entry.os?.includes("linux") ?? true;
  const processor = entry.cpu?.some((cpu) => cpu === "x64" || cpu === "arm64") ?? true;
  const library = entry.libc?.includes("glibc") ?? true;
  return system && processor && library;
}

test("the walk to an owner goes from the nearest node_modules up to the root", () => {
  const packages = {
    "node_modules/a": {},
    "node_modules/a/node_modules/b": {},
    "node_modules/@s/c": {},
  };
  expect(ownerOf(packages, "node_modules/a", "b")).toBe("node_modules/a/node_modules/b");
  expect(ownerOf(packages, "node_modules/a/node_modules/b", "@s/c")).toBe("node_modules/@s/c");
  expect(ownerOf(packages, "node_modules/@s/c", "b")).toBeNull();
  expect(ownerOf(packages, "", "a")).toBe("node_modules/a");
});

test("a platform is read from a package's name as the registry states it", () => {
  expect(platformFromName("@x/cli-darwin-arm64")).toEqual({ os: ["darwin"], cpu: ["arm64"] });
  expect(platformFromName("@x/linux-x64-musl")?.libc).toEqual(["musl"]);
  expect(platformFromName("@x/plain")).toBeNull();
  const stated = installed.filter(([path, entry]) => entry.integrity && platformFromName(path));
  expect(stated.length).toBeGreaterThan(20);
  for (const [path, entry] of stated) {
    const { os, cpu } = platformFromName(nameOf(path)) ?? {};
    expect({ path, os, cpu }).toEqual({ path, os: entry.os, cpu: entry.cpu });
  }
});

test("the lock names every optional package of every platform", () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => ownerOf(lock.packages, path, name) === null)
      .map((name) => `${path} wants ${name}: run \`npm run lock:complete\``),
  );
  expect(missing).toEqual([]);
});

test("every package has a sha512, but those of foreign platforms that no registry served", () => {
  const unknown = installed.filter(([, entry]) => !sha512.test(entry.integrity ?? ""));
  const wrong = unknown.filter(
    ([, entry]) =>
      entry.integrity !== undefined ||
      entry.optional !== true ||
      entry.os === undefined ||
      entry.cpu === undefined ||
      servesOurMachines(entry),
  );
  expect(wrong.map(([path]) => path)).toEqual([]);
});

test("no package carries a download address, a link, or a git or file source", () => {
  const wrong = installed.filter(
    ([, entry]) =>
      entry.resolved !== undefined || entry.link === true || !exact.test(entry.version ?? ""),
  );
  expect(wrong.map(([path]) => path)).toEqual([]);
  expect(readFileSync(new URL("package-lock.json", root), "utf8")).not.toMatch(
    /"(git\+|git:|github:|file:)|"resolved"/,
  );
});

test("package.json asks for exact versions only, and the lock holds those and no others", () => {
  const { dependencies, devDependencies, overrides } = manifest;
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  expect(wanted.length).toBeGreaterThan(10);
  const versionIn = (range: string): string => range.replace(/^npm:@?[^@]+@/, "");
  for (const [name, range] of wanted) {
    expect(versionIn(range), `${name} in package.json`).toMatch(exact);
    const entry = lock.packages[`node_modules/${name}`];
    expect(entry?.version, `${name} in package-lock.json`).toBe(versionIn(range));
  }
  for (const [name, version] of Object.entries(overrides)) {
    const held = installed.filter(([path]) => nameOf(path) === name).map(([, e]) => e.version);
    expect(held, `${name}, overridden`).toEqual([version]);
  }
});

test("the lock is of version 3 and npm keeps download addresses out of it", () => {
  expect(lock.lockfileVersion).toBe(3);
  const settings = readFileSync(new URL(".npmrc", root), "utf8").split("\n");
  expect(settings).toEqual(
    expect.arrayContaining([
      "ignore-scripts=true",
      "save-exact=true",
      "omit-lockfile-registry-resolved=true",
      "allow-git=none",
    ]),
  );
});
