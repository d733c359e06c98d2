import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** By name a number, or the numbers of an object. */
type Constants = ReadonlyMap<string, number | ReadonlyMap<string, number>>;
type InlineConstants = {
  readonly constantsOf: (source: string) => Constants;
  readonly inlineConstants: (
    compiled: string,
    constantsFrom: (module: string) => Constants,
  ) => string;
};

const root = new URL("../../", import.meta.url);
const { constantsOf, inlineConstants } = (await import(
  new URL("config/tools/inline-constants.mjs", root).href
)) as InlineConstants;

const keys = constantsOf(`
  export const Key = { id: 1, ua: 122, none: -1 } as const;
  export const wide = 16;
  export const opening = -2 as Position;
  export const counted = { hits: 0 };
  export const mixed = { a: 1, b: "two" } as const;
  export let later = 3;
  const own = 4;
`);
/** The code behind an import of all that the module above has. */
function inlined(code: string): string {
  const names =
    "import { Key, Key as Field, wide, opening, counted, mixed, later } from './keys.js';\n";
  const none: Constants = new Map();
  const all = inlineConstants(names + code, (module) => (module === "./keys.js" ? keys : none));
  expect(all.startsWith(names), "imports stay").toBe(true);
  return all.slice(names.length);
}

test("a constant is an exported number, and an object of numbers that nobody can change", () => {
  expect([...keys.keys()]).toEqual(["Key", "wide", "opening"]);
});

test.each([
  ["switch (key) { case Key.ua: }", "switch (key) { case 122 /*=Key.ua*/: }"],
  ["x - Key.none", "x - (-1) /*=Key.none*/"],
  ["Field.id", "1 /*=Field.id*/"],
  ["f(wide, opening + wide)", "f(16 /*=wide*/, (-2) /*=opening*/ + 16 /*=wide*/)"],
  ["a[wide] = { wide: wide }", "a[16 /*=wide*/] = { wide: 16 /*=wide*/ }"],
  ["const { id = Key.id } = x", "const { id = 1 /*=Key.id*/ } = x"],
  ["wide.toString()", "16 /*=wide*/.toString()"],
])("%s has its value written in", (code, expected) => {
  expect(inlined(code)).toBe(expected);
});

test.each([
  ["another object's member", "request.Key.ua + request.wide"],
  ["a member that is not one of them", "Key.other + Key[name] + Object.keys(Key)"],
  ["what may change", "counted.hits++ + later"],
  ["what is no number", "mixed.a"],
  ["a short member, which is a name too", "f({ wide })"],
  ["a label", "wide: for (;;) break wide"],
  ["a method", "class A { wide() {} }"],
  ["a parameter of the name, in all of the file", "(wide) => wide; wide"],
  ["a variable of the name, in all of the file", "function f() { const Key = g(); Key.id } Key.id"],
  ["texts", "'Key.ua' + `wide`"],
])("%s stays as it is", (_, code) => {
  expect(inlined(code)).toBe(code);
});

test("a module's own constants, and none of a module that has none", () => {
  const code = "export const wide = 16;\nconst twice = 2 * wide + other.wide;";
  const own = inlineConstants(code, (module) => (module === "." ? keys : new Map()));
  expect(own).toBe(code.replace("* wide", "* 16 /*=wide*/"));
});

test("a second time writes the value of then, whatever stood there", () => {
  const code = "import { a, B } from './b.js';\nf(x2+a, a, B.c - 1, B.d);";
  const values: [number, string][] = [
    [1, "1"],
    [-12, "(-12)"],
    [0.25, "0.25"],
    [1e21, "1e+21"],
    [-1e-7, "(-1e-7)"],
  ];
  let compiled = code;
  for (const [value, text] of values) {
    const constants: Constants = new Map<string, number | ReadonlyMap<string, number>>([
      ["a", value],
      ["B", new Map([["c", value]])],
    ]);
    compiled = inlineConstants(compiled, (module) => (module === "." ? new Map() : constants));
    const [a, c] = [`${text} /*=a*/`, `${text} /*=B.c*/`];
    expect(compiled.split("\n")[1]).toBe(`f(x2+${a}, ${a}, ${c} - 1, B.d);`);
  }
  expect(inlineConstants(compiled, () => new Map())).toBe(code);
});

test("what the build has made was gone over", () => {
  const device = readFileSync(new URL("dist/wire/decode-device.js", root), "utf8");
  expect(device).toContain("/*=Key.ua*/");
  expect(device).not.toContain("case Key.");
});
