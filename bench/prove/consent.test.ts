import { expect, it } from "vitest";
import { consentRows } from "./consent.js";

it("consent is never read too permissively, and a looser reading is noticed", () => {
  const rows = consentRows({ seed: 7, thin: 20, strings: 1_500, mutantThin: 300 });
  expect(rows.map(({ figure, holds }) => (holds ? "holds" : figure))).toEqual([
    ...["holds", "holds", "holds"],
  ]);
}, 60_000);
