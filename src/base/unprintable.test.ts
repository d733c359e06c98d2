import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Unprintable } from "./unprintable.js";

test("an unprintable value shows in no form of text", () => {
  const secret = new Unprintable("bd5f9a1c");
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 9 }),
    inspect({ deep: [secret] }, { depth: 9 }),
    JSON.stringify({ ...secret }),
    JSON.stringify(Object.entries(secret)),
  ];
  expect(shown.filter((text) => text.includes("bd5f9a1c"))).toEqual([]);
  expect(shown[2]).toBe('{"secret":"[withheld]"}');
  expect(secret.reveal()).toBe("bd5f9a1c");
});
