import { expect, test } from "vitest";
import { expressionNs } from "./certificates.js";

test("the cost of an expression is measured over audiences that some people are in", () => {
  const names = Array.from({ length: 40 }, (_, i) => `group.s${i}`);
  expect(expressionNs(names, 2, 1)).toBeGreaterThan(0);
});
