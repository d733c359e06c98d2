import { expect, test } from "vitest";
import { printMatching } from "./matching.js";
import { matchingWorlds } from "./matching-worlds.js";

test("matching is measured in every world at a small size, and each of them bids", async () => {
  const lines: string[] = [];
  const size = { lineItems: [250], people: 40, bodies: 12, rounds: 1 };
  await printMatching(size, (line) => lines.push(line));
  expect(lines).toHaveLength(2 + matchingWorlds.length);
  for (const line of lines.slice(2)) expect(line).toMatch(/ us \| 1\.0 \| (0\.[1-9]|1\.0)/);
});
