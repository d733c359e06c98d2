import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { knownPerson, sampleCommand } from "../runtime/demo-console.js";

test("the request to paste is the same in the README and on the demo's console", () => {
  const readme = readFileSync("README.md", "utf8");
  const url = "http://127.0.0.1:8080/bid/openrtb26";
  expect(readme).toContain(sampleCommand(url));
  expect(readme).toContain(sampleCommand(url, knownPerson()));
});
