import { expect, test } from "vitest";
import { RingReader, RingWriter, ringBytes } from "../base/ring.js";
import { CellField, RecordKind } from "../journal/record.js";
import { CellFacts, CellTable, internCell, OTHER_CELL } from "./context.js";

function desk(records = 64, cellsMax = 16, worker = 3) {
  const buffer = new SharedArrayBuffer(ringBytes(records));
  return {
    table: new CellTable(worker, cellsMax),
    ring: new RingWriter(buffer, new Int32Array(new SharedArrayBuffer(4))),
    reader: new RingReader(buffer),
  };
}

function facts(over: Partial<CellFacts> = {}, property = "news.example"): CellFacts {
  const out = new CellFacts();
  out.text = new TextEncoder().encode(`xx${property}yy`);
  out.textStart = 2;
  out.textEnd = out.text.length - 2;
  return Object.assign(out, { exchange: 7, format: 1, width: 300, height: 250 }, over);
}

const text = (reader: RingReader, position: number): string => {
  const at = reader.offsetOf(position);
  const length = reader.view.getUint8(at + CellField.textLength);
  const start = at + CellField.text;
  return new TextDecoder("utf-8", { fatal: true }).decode(
    reader.bytes.slice(start, start + length),
  );
};

test("the same context has one cell, whose record is in the ring once", () => {
  const { table, ring, reader } = desk();
  const cell = internCell(table, ring, facts({ country: 0x555341, dealLo: 5, dealHi: 6 }));
  expect(cell).toBe((3 << 24) | 1);
  expect(internCell(table, ring, facts({ country: 0x555341, dealLo: 5, dealHi: 6 }))).toBe(cell);
  expect(reader.published()).toBe(1);
  const { view } = reader;
  const at = reader.offsetOf(0);
  expect(view.getUint8(at + CellField.recordKind)).toBe(RecordKind.CELL);
  expect(view.getUint32(at + CellField.cell, true)).toBe(cell);
  expect(view.getUint32(at + CellField.country, true)).toBe(0x555341);
  expect(view.getUint16(at + CellField.width, true)).toBe(300);
  expect(view.getUint32(at + CellField.dealHi, true)).toBe(6);
  expect(text(reader, 0)).toBe("news.example");
});

test("each fact makes a context of its own", () => {
  const { table, ring } = desk();
  const cells = [
    facts(),
    facts({ exchange: 8 }),
    facts({ format: 2 }),
    facts({ width: 250, height: 300 }),
    facts({ country: 1 }),
    facts({ dealLo: 1 }),
    facts({ dealHi: 1 }),
    facts({}, "other.example"),
    facts({}, ""),
  ].map((one) => internCell(table, ring, one));
  expect(new Set(cells).size).toBe(9);
});

test("a full table names new contexts other and keeps the old ones", () => {
  const { table, ring } = desk(64, 4);
  const cells = [1, 2, 3, 4, 5].map((country) => internCell(table, ring, facts({ country })));
  expect(cells.slice(0, 4).every((cell) => cell !== OTHER_CELL)).toBe(true);
  expect(cells[4]).toBe(OTHER_CELL);
  expect(internCell(table, ring, facts({ country: 2 }))).toBe(cells[1]);
});

test("while the ring is full a new context is other, and gets its cell later", () => {
  const { table, ring, reader } = desk(2);
  const of = (country: number): number => internCell(table, ring, facts({ country }));
  expect([of(1), of(2)].includes(OTHER_CELL)).toBe(false);
  expect(of(3)).toBe(OTHER_CELL);
  reader.consumeTo(2);
  expect(of(3)).toBe((3 << 24) | 3);
});

test("a long property is cut at 88 bytes between characters", () => {
  const { table, ring, reader } = desk();
  internCell(table, ring, facts({}, `a${"я".repeat(60)}`));
  expect(text(reader, 0)).toBe(`a${"я".repeat(43)}`);
});
