import { expect, test } from "vitest";
import { HoldTable, holdExchangesMax } from "./hold-table.js";
import { learntTableBytes } from "./learnt-table.js";

test("a hold without room holds its exchange for every campaign, until it is let go", () => {
  const holds = new HoldTable(
    new SharedArrayBuffer(learntTableBytes(64)),
    new SharedArrayBuffer(holdExchangesMax),
  );
  for (let campaign = 1; campaign <= 32; campaign++) expect(holds.hold(campaign, 7)).toBe(true);
  expect(holds.isHeld(99, 7)).toBe(false);
  expect([holds.hold(40, 65_535), holds.hold(41, 65_535)]).toEqual([false, false]);
  expect(holds.wholeExchanges()).toEqual([65_535]);
  expect([holds.isHeld(99, 65_535), holds.isHeld(99, 7), holds.isHeld(3, 7)]).toEqual([
    ...[true, false, true],
  ]);
  // One that has its room again changes nothing of those that have none.
  holds.letGo(3, 7);
  holds.letGo(40, 65_535);
  expect([holds.isHeld(3, 7), holds.isHeld(99, 65_535)]).toEqual([false, true]);
  holds.letGo(41, 65_535);
  expect(holds.isHeld(99, 65_535)).toBe(false);
  expect(holds.wholeExchanges()).toEqual([]);
});
