import { expect, test } from "vitest";
import { printCaps } from "./caps.js";

test("the figures of caps are printed at a small size", () => {
  const lines: string[] = [];
  printCaps({ people: 500, bids: 500, rows: 3000, rounds: 2 }, (line) => lines.push(line));
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^two more caps add -?\d+ ns to a bid$/);
});
