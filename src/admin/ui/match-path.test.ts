import { expect, test } from "vitest";
import { decoded, matchPath } from "./match-path.js";

test.each([
  ["/deals/:key", "/deals/openrtb26%2FD1", { key: "openrtb26/D1" }],
  ["/line-items/:key/edit", "/line-items/7/edit/", { key: "7" }],
  ["/line-items", "/line-items/", {}],
  ["/line-items/:key", "/line-items/", null],
  ["/audiences/:key/edit", "/audiences//edit", null],
  ["/deals/:key", "/deals/%E0", null],
  ["/deals/:key", "/creatives/7", null],
])("%s and %s: %j", (pattern, path, parts) => {
  expect(matchPath(pattern, path)).toEqual(parts);
});

test("what nobody can have written is nothing", () => {
  expect([decoded("a%20b"), decoded("%E0%A4%A")]).toEqual(["a b", null]);
});
