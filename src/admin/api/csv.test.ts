import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine, readCsv } from "./csv.js";

const cells = (text: string) => {
  const read = readCsv(text);
  return read.ok ? read.rows.map((row) => row.cells) : read.message;
};

describe("CSV", () => {
  it("comes back as it was written, whatever the cells hold", () => {
    const cell = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(..."=+-@\t\r\n\"',; a＝") }),
    );
    const rows = fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(rows, (written) => {
        const text = written.map((row) => csvLine(row)).join("");
        // A byte order mark in the first cell is taken for the file's own.
        fc.pre(!text.startsWith("\uFEFF"));
        expect(cells(text)).toEqual(written);
      }),
      { numRuns: 2000 },
    );
  });

  it("has no cell that a spreadsheet runs as a formula", () => {
    for (const cell of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''@x"]) {
      expect(csvLine([cell])).toMatch(/^"?'/);
    }
    expect(csvLine(["a=1", "'quoted'"])).toBe("a=1,'quoted'\r\n");
  });

  it.each([
    [
      "\uFEFFa,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ['a,"b\r\n""c"""\r\n', [["a", 'b\r\n"c"']]],
    ["a\n\n\nb\r", [["a"], ["b"]]],
    [",\n", [["", ""]]],
    ['"a" b', "something stands behind a closing quote"],
    ['a"b', "a quote stands inside a cell that is not quoted"],
    ['"a', "a quote is opened and not closed"],
    ["", []],
  ])("reads %j", (text, wanted) => {
    expect(cells(text)).toEqual(wanted);
  });

  it("names the line that it cannot read", () => {
    expect(readCsv('a\n"b\nc"\nd"e\n')).toMatchObject({ ok: false, line: 4 });
  });
});
