import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/**
 * What a process loads before it does anything: the static imports of a file and of what they name.
 * `import type` and `import()` load nothing.
 */
function loadedBy(entry: string): { readonly own: string[]; readonly packages: string[] } {
  const own = new Set([entry]);
  const packages = new Set<string>();
  for (const file of own) {
    const text = readFileSync(file, "utf8");
    for (const [, clause = "", from = ""] of text.matchAll(
      /^(?:import|export) ([^;]*?from )?"(.+)";/gm,
    )) {
      const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(",") ?? [];
      const typesAlone = names.every((name) => /^\s*(type\b.*)?$/s.test(name));
      if (clause.startsWith("type ") || (names.length > 0 && typesAlone)) continue;
      if (from.startsWith(".")) own.add(join(dirname(file), from.replace(/\.js$/, ".ts")));
      else if (!from.startsWith("node:")) packages.add(from);
    }
  }
  return { own: [...own], packages: [...packages].sort() };
}

test("a command line loads the command that it names alone, a server's parent next to nothing", () => {
  const { own, packages } = loadedBy("src/main.ts");
  expect(packages).toEqual(["commander", "pino"]);
  expect(own).toContain("src/runtime/parent.ts");
  expect(own.length).toBeLessThan(20);
});

test("a server loads no DuckDB and nothing of the fake exchange", () => {
  const { own, packages } = loadedBy("src/runtime/server-process.ts");
  expect(packages).toContain("fastify");
  expect(packages).not.toContain("@duckdb/node-api");
  expect(own.filter((file) => file.startsWith("src/testing/"))).toEqual([]);
  expect(loadedBy("src/runtime/bank-command.ts").packages).toContain("@duckdb/node-api");
});
