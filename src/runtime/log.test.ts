import { expect, test } from "vitest";
import { Unprintable } from "../base/unprintable.js";
import { createLog, fieldBytesMax, type Log } from "./log.js";

function logged(use: (log: Log) => void): { lines: string[]; fields: Record<string, unknown>[] } {
  const lines: string[] = [];
  use(createLog({ part: "main", write: (line) => lines.push(line) }));
  const fields = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { lines, fields };
}

test("a line is one JSON object with its level, time, part and message", () => {
  const { lines, fields } = logged((log) => log.warn({ port: 8080 }, "listening"));
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith("\n")).toBe(true);
  expect(fields[0]).toMatchObject({ level: "warn", part: "main", port: 8080, msg: "listening" });
  expect(Number.isNaN(Date.parse(String(fields[0]?.["time"])))).toBe(false);
});

test("no text breaks a line, turns its direction or hides in it", () => {
  const nasty = "a\nb\r\u0000\u001b[2J\u007f\u0085\u202e\u2066\u2028\ufeff\u200bz";
  const { lines, fields } = logged((log) => log.info({ [nasty]: nasty, deep: [{ nasty }] }, nasty));
  expect(lines[0]).toMatch(/^[ -~]*\n$/);
  expect(fields[0]?.["msg"]).toBe(nasty);
  expect(fields[0]?.[nasty]).toBe(nasty);
});

test("each field is bounded in bytes, depth and items", () => {
  const long = "é".repeat(4000);
  const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
  const many = Array.from({ length: 1000 }, (_, i) => i);
  const { lines, fields } = logged((log) => log.info({ long, deep, many, [long]: 1 }, long));
  const [entry] = fields;
  expect(Buffer.byteLength(String(entry?.["long"]))).toBeLessThanOrEqual(fieldBytesMax);
  expect(String(entry?.["long"])).toMatch(/^é+\.\.\.$/);
  expect(Buffer.byteLength(String(entry?.["msg"]))).toBeLessThanOrEqual(fieldBytesMax);
  expect(JSON.stringify(entry?.["deep"])).toContain("[deeper]");
  expect(entry?.["many"]).toHaveLength(32);
  expect(Buffer.byteLength(lines[0] ?? "")).toBeLessThan(4096);
});

test("secrets, bytes and what a parser quotes stay out", () => {
  const quoted = "xf2504e0-4f89-11d3";
  let syntaxError: unknown;
  try {
    JSON.parse(quoted);
  } catch (error) {
    syntaxError = error;
  }
  const { lines, fields } = logged((log) => {
    log.error({ err: syntaxError, key: new Unprintable(quoted), raw: Buffer.from(quoted) }, "no");
    log.error({ err: new Error("the disk is full"), total: 3n }, "no");
  });
  expect(String(syntaxError), "the premise").toContain("4f89");
  expect(lines[0]).not.toContain("4f89");
  expect(fields[0]).toMatchObject({ key: "[withheld]", raw: "[18 bytes]" });
  expect(fields[0]?.["err"]).toMatchObject({ name: "SyntaxError" });
  expect(fields[1]).toMatchObject({ err: { message: "the disk is full" }, total: "3" });
});
