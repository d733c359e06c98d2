import { expect, test } from "vitest";
import { parseDayPart, weekWordsOf } from "./daypart.js";

const hoursOf = (text: string): readonly number[] => {
  const part = parseDayPart(text);
  if (!part.ok) throw new Error(part.why);
  return part.hours;
};

test("days, lists, ranges over Sunday and hours over midnight", () => {
  expect(hoursOf("mon-fri 09:00-18:00")).toHaveLength(45);
  expect(hoursOf("mon 9:00-10:00")).toEqual([9]);
  expect(hoursOf("sat,sun")).toEqual(Array.from({ length: 48 }, (_, i) => 120 + i));
  expect(hoursOf("22:00-06:00")).toHaveLength(56);
  expect(hoursOf("sun 23:00-01:00")).toEqual([0, 167]);
  expect(hoursOf("SAT-mon 00:00-24:00")).toHaveLength(72);
});

test("what is no day-part says what to write", () => {
  const bad = ["", "mon-fri 9-18", "mon 09:30-18:00", "funday", "mon 10:00-10:00", "25:00-26:00"];
  for (const text of [...bad, "mon tue 10:00-11:00", "10:00-11:00 mon"]) {
    const part = parseDayPart(text);
    expect(part.ok, text).toBe(false);
    expect(!part.ok && part.why).toMatch(/write/);
  }
});

test("six words hold one bit for each hour of the week", () => {
  const words = weekWordsOf(["mon 00:00-01:00", "sun 23:00-24:00"]);
  expect(words).toEqual([1, 0, 0, 0, 0, 2 ** 7]);
});
