import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { LateBills } from "./late-bills.js";

const daySec = 86_400;
const startSec = 20_000 * daySec;

test("what is kept back is exceeded in one minute in a thousand of the last day, at each moment", () => {
  const random = new SeededRandom(11);
  const late = new LateBills();
  const bills: { readonly nanos: number; readonly fromMin: number; readonly toMin: number }[] = [];
  for (let sec = startSec; sec < startSec + 2 * daySec; sec += 1 + random.below(900)) {
    if (random.fraction() < 0.7) {
      const expirySec = sec - random.below(7200);
      const nanos = 1 + random.below(1000);
      late.add(1, nanos, expirySec, sec);
      bills.push({ nanos, fromMin: Math.floor(expirySec / 60), toMin: Math.floor(sec / 60) });
    }
    if (random.fraction() < 0.8) continue;
    const now = Math.floor(sec / 60);
    const owed = Array.from({ length: 1440 }, (_, ago) =>
      bills
        .filter(({ fromMin, toMin }) => fromMin <= now - ago && now - ago <= toMin)
        .reduce((sum, { nanos }) => sum + nanos, 0),
    );
    owed.sort((a, b) => a - b);
    expect(late.holdBack(1, sec).nanos).toBe(owed[Math.ceil(0.999 * 1440) - 1]);
  }
});

test("a campaign that owed nothing for a day is told once more, and forgotten", () => {
  const late = new LateBills();
  late.add(7, 500, startSec, startSec + 600);
  expect(late.holdBack(7, startSec + 600)).toEqual({ nanos: 500, impressions: 1 });
  expect(late.holdBack(7, startSec + daySec - 60).nanos).toBe(500);
  expect([...late.ids()]).toEqual([7]);
  expect(late.holdBack(7, startSec + daySec + 601)).toEqual({ nanos: 0, impressions: 0 });
  expect([...late.ids()]).toEqual([]);
});
