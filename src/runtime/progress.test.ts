import { expect, test } from "vitest";
import { Progress, progressText, timeText } from "./progress.js";

const facts = { stage: "ingest", done: 0, total: 4e6, unit: "rows", elapsedMs: 0 };

test("a line says the share, the rate and what is left", () => {
  expect(progressText({ ...facts, done: 1e6, elapsedMs: 2000 })).toBe(
    "ingest       25 %  500.0 k rows/s  6 s left",
  );
});

test("without a total or a rate it says less, never nonsense", () => {
  expect(progressText({ ...facts, total: 0 }).trim()).toBe("ingest");
  expect(progressText(facts)).toBe("ingest        0 %");
  expect(progressText({ ...facts, done: 4e6, elapsedMs: 4000 })).toBe(
    "ingest      100 %  1.0 M rows/s",
  );
  expect(timeText(75)).toBe("1 min 15 s");
});

test("elsewhere than on a terminal there is a plain line every five seconds and at each stage", () => {
  const lines: string[] = [];
  let nowMs = 0;
  const progress = new Progress({ write: (text) => lines.push(text) }, () => nowMs);
  for (nowMs = 0; nowMs <= 10_000; nowMs += 100) progress.report("ingest", nowMs, 10_000, "rows");
  progress.report("identity", 0, 5, "people");
  expect(lines).toHaveLength(4);
  expect(lines.every((line) => line.endsWith("\n"))).toBe(true);
});

test("a terminal has one moving line, left when the stage changes", () => {
  const texts: string[] = [];
  const progress = new Progress({ write: (text) => texts.push(text), isTTY: true }, () => 0);
  progress.report("ingest", 1, 2, "rows");
  progress.report("identity", 1, 2, "people");
  progress.end();
  expect(texts.map((text) => text[0])).toEqual(["\r", "\n", "\r", "\n"]);
});
