import { setFlagsFromString } from "node:v8";
import { expect, test } from "vitest";
import { columnsFrom, packColumns } from "./columns.js";

setFlagsFromString("--allow-natives-syntax");
const haveSameClass = new Function("a", "b", "return %HaveSameMap(a, b)") as (
  a: object,
  b: object,
) => boolean;

test("the columns of every World have the same hidden class", () => {
  const spec = { small: "u8", large: "f64" } as const;
  const buffer = packColumns(spec, { small: [1, 2], large: [0.5] });
  const mould = { ...spec, count: 0 };
  const adopt = () => columnsFrom(spec, buffer, mould);
  const first = adopt();
  // Without settling the ninth was another.
  const others = Array.from({ length: 3000 }, adopt).filter((one) => !haveSameClass(first, one));
  expect(others).toEqual([]);
  expect(haveSameClass(first, { ...spec })).toBe(false);
  expect([...first.small, ...first.large, first.count]).toEqual([1, 2, 0.5, 0]);
});
