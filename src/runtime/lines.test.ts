import { expect, it } from "vitest";
import { linesOf } from "./lines.js";

async function linesIn(text: string, pieceBytes: number, lineBytesMax = 100): Promise<string[]> {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const out: string[] = [];
  for await (const line of linesOf(pieces(), lineBytesMax)) {
    out.push(`${line.number}${line.cut ? " cut" : ""} ${Buffer.from(line.bytes).toString()}`);
  }
  return out;
}

it.each([1, 2, 3, 100])("gives the same lines whatever the pieces (%i bytes)", async (bytes) => {
  expect(await linesIn("ab\n\ncdé\r\nlast", bytes)).toEqual(["1 ab", "2 ", "3 cdé\r", "4 last"]);
});

it("gives no line after a final line feed, and none for nothing", async () => {
  expect([await linesIn("ab\n", 4), await linesIn("", 4)]).toEqual([["1 ab"], []]);
});

it("drops the bytes of a line that is too long and goes on with the next", async () => {
  expect(await linesIn("short\n0123456789\nlast", 3, 8)).toEqual(["1 short", "2 cut ", "3 last"]);
  expect(await linesIn("0123456789", 3, 8)).toEqual(["1 cut "]);
});
