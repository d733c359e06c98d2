import { expect, test } from "vitest";
import { Media } from "../base/lists.js";
import { dealFloorMicros, openFloorMicros } from "./floor.js";
import { BidRequest } from "./request.js";

function videoRequest(): BidRequest {
  const request = new BidRequest();
  request.impCount = 1;
  request.imps[0]!.bidFloorMicros = 5_000_000;
  request.durFloorCount = 2;
  request.durFloorMinSec.set([1, 10]);
  request.durFloorMaxSec.set([15, 0]);
  request.durFloorMicros.set([2_000_000, 3_000_000]);
  return request;
}

test("a banner meets imp.bidfloor", () => {
  const request = videoRequest();
  expect(openFloorMicros(request, request.imps[0]!, Media.BANNER, 0)).toBe(5_000_000);
});

test("a duration's floor stands in place of imp.bidfloor, the highest where ranges overlap", () => {
  const request = videoRequest();
  const imp = request.imps[0]!;
  imp.video.durFloorCount = 2;
  expect(openFloorMicros(request, imp, Media.VIDEO, 5)).toBe(2_000_000);
  expect(openFloorMicros(request, imp, Media.VIDEO, 12)).toBe(3_000_000);
  expect(openFloorMicros(request, imp, Media.VIDEO, 0)).toBe(5_000_000);
});

test("mincpmpersec counts each second of the creative", () => {
  const request = videoRequest();
  const imp = request.imps[0]!;
  imp.audio.minCpmPerSecMicros = 100_000;
  expect(openFloorMicros(request, imp, Media.AUDIO, 30)).toBe(3_000_000);
});

test("a huge floor is never bid on", () => {
  const request = videoRequest();
  request.imps[0]!.bidFloorHuge = 1;
  expect(openFloorMicros(request, request.imps[0]!, Media.BANNER, 0)).toBe(-1);
});

test("a deal has its own floors and never the imp's", () => {
  const request = videoRequest();
  request.dealCount = 1;
  request.dealFloorMicros[0] = 1_000_000;
  expect(dealFloorMicros(request, 0, Media.VIDEO, 30)).toBe(1_000_000);
  request.dealMinCpmPerSecMicros[0] = 50_000;
  expect(dealFloorMicros(request, 0, Media.VIDEO, 30)).toBe(1_500_000);
  request.dealFloorMicros[0] = -1;
  expect(dealFloorMicros(request, 0, Media.VIDEO, 30)).toBe(-1);
});
