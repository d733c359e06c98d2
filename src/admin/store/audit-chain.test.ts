import { expect, test } from "vitest";
import { testKey } from "../../testing/store-engines.js";
import { ChainCheck, type Checkpoint, hashAfter, noPrevious, signed } from "./audit-chain.js";
import type { AuditLine, AuditVerdict } from "./desk-store.js";

const count = 10_000;

/** A log of 10,000 lines, signed each 1,000 and at its end. */
function writeLog(): { lines: AuditLine[]; points: Checkpoint[] } {
  const lines: AuditLine[] = [];
  const points: Checkpoint[] = [];
  let previous = noPrevious;
  for (let n = 1; n <= count; n++) {
    const actor = { user: n % 7, name: `user ${n % 7}`, from: "192.0.2.1" };
    const content = { n, atMs: n * 10, actor, agency: "1", action: "change", what: `change ${n}` };
    previous = hashAfter(previous, content);
    lines.push({ ...content, hash: previous });
    if (n % 1000 === 0) points.push(signed({ n, atMs: n * 10, head: previous }, testKey));
  }
  return { lines, points };
}

const { lines, points } = writeLog();
const newest = points.slice(-1);
const none = { n: 0, hash: noPrevious };

/** Each signature is checked once in fact: 50,000 checks of the same one would take 10 s. */
const known = new Map<string, boolean>();
const quickKey = {
  ...testKey,
  verify: (message: Uint8Array, signature: Uint8Array): boolean => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    const both = `${hex(message)} ${hex(signature)}`;
    const holds = known.get(both) ?? testKey.verify(message, signature);
    known.set(both, holds);
    return holds;
  },
};

/** Checks from line `from` (an index) on, as one who has read what is before it. */
function verdictOf(from: number, rest: Iterable<AuditLine>, signs = newest): AuditVerdict {
  const check = new ChainCheck(signs, quickKey, lines[from - 1] ?? none);
  for (const line of rest) if (!check.add(line)) break;
  return check.end();
}

/** The log from `from` on with the line there replaced by `instead`; lazily, most is never read. */
function* meddled(from: number, instead: readonly AuditLine[], skip = 1): Generator<AuditLine> {
  yield* instead;
  for (let i = from + skip; i < count; i++) yield lines[i] as AuditLine;
}

test("a log that nobody touched is whole, from its start and from anywhere", () => {
  const whole = { ok: true, lines: count, head: lines.at(-1)?.hash };
  expect(verdictOf(0, lines, points)).toEqual(whole);
  expect(verdictOf(count - 10, lines.slice(-10))).toEqual(whole);
});

test("a line that is taken out, changed or moved is found at each of 10,000 places", () => {
  const missed: string[] = [];
  const expectFound = (what: string, i: number, rest: Iterable<AuditLine>) => {
    const verdict = verdictOf(i, rest);
    if (verdict.ok || verdict.line !== i + 1) missed.push(`${what} at ${i + 1}`);
  };
  for (const [i, line] of lines.entries()) {
    const next = lines[i + 1];
    expectFound("delete", i, meddled(i, []));
    expectFound("edit", i, meddled(i, [{ ...line, atMs: line.atMs + 1 }]));
    if (next === undefined) continue;
    expectFound("swap", i, meddled(i, [next, line], 2));
    const moved = [
      { ...next, n: line.n },
      { ...line, n: next.n },
    ];
    expectFound("swap and renumber", i, meddled(i, moved, 2));
  }
  expect(missed).toEqual([]);
});

test("a line that is written anew with its hash is found by the line after it", () => {
  const missed: number[] = [];
  for (const [i, line] of lines.slice(0, -1).entries()) {
    const content = { ...line, what: `change ${count + i}` };
    const forged = { ...content, hash: hashAfter(lines[i - 1]?.hash ?? noPrevious, content) };
    const verdict = verdictOf(i, meddled(i, [forged]));
    if (verdict.ok || verdict.line !== i + 2) missed.push(i + 1);
  }
  expect(missed).toEqual([]);
});

test("a log that ends early is found at each of 10,000 places, as far as it was signed", () => {
  const missed: number[] = [];
  for (let i = 0; i < count; i++) {
    const verdict = verdictOf(i, []);
    if (verdict.ok || verdict.line !== i + 1) missed.push(i + 1);
  }
  expect(missed).toEqual([]);
  // What the newest checkpoint does not cover may be cut unseen.
  const older = points.slice(0, -1);
  expect(verdictOf(9500, [], older)).toMatchObject({ ok: true, lines: 9500 });
  expect(verdictOf(8999, [], older)).toMatchObject({ ok: false, line: 9000 });
});

test("every field of a line is under its hash", () => {
  const [line] = lines;
  if (line === undefined) throw new Error("no line");
  const { actor } = line;
  const edits: Partial<AuditLine>[] = [
    ...[{ n: 2 }, { atMs: 0 }, { agency: "2" }, { action: "login" }, { what: "change 2" }],
    ...[{ actor: { ...actor, user: 0 } }, { actor: { ...actor, name: "x" } }],
    ...[{ actor: { ...actor, from: "" } }, { hash: noPrevious }],
  ];
  for (const edit of edits) {
    expect(verdictOf(0, [{ ...line, ...edit }], [])).toMatchObject({ ok: false, line: 1 });
  }
});

test("a log that is written anew from a line on no longer fits the signed checkpoints", () => {
  for (const from of [0, 998, 999, 5000, 9999]) {
    let previous = (lines[from - 1] ?? none).hash;
    const anew = lines.slice(from).map((line) => {
      const content = { ...line, what: "nothing" };
      previous = hashAfter(previous, content);
      return { ...content, hash: previous };
    });
    const line = Math.ceil((from + 1) / 1000) * 1000;
    expect(verdictOf(from, anew, points)).toMatchObject({ ok: false, line });
  }
});

test("a checkpoint that our key did not sign is itself a finding", () => {
  const [point] = newest;
  if (point === undefined) throw new Error("no checkpoint");
  for (const forged of [
    { ...point, n: 9000 },
    { ...point, head: noPrevious },
    { ...point, atMs: 1 },
  ]) {
    expect(verdictOf(0, lines, [forged])).toMatchObject({ ok: false, line: forged.n });
  }
  expect(verdictOf(0, lines, [{ ...point, signature: "" }])).toMatchObject({ ok: false });
});
