import { Media } from "../base/lists.js";
import type { BidRequest, ImpRecord, TimedMedia } from "./request.js";

/** True where no creative changes the floor. */
export const oneFloor = (timed: TimedMedia): boolean =>
  timed.minCpmPerSecMicros === 0 && timed.durFloorCount === 0;

/**
 * The bid floor that holds for a creative, micros CPM in the floor's own currency; -1 = never bid.
 * OpenRTB 2.6 section 7.11: a deal bid meets the deal's floors; else video and audio meet
 * mincpmpersec or the duration's floor where stated; else imp.bidfloor. Overlapping durations: the
 * highest.
 */
export function openFloorMicros(
  request: BidRequest,
  imp: ImpRecord,
  media: number,
  durationSec: number,
): number {
  if (imp.bidFloorHuge === 1) return -1;
  if (media !== Media.VIDEO && media !== Media.AUDIO) return imp.bidFloorMicros;
  const timed = media === Media.VIDEO ? imp.video : imp.audio;
  const byDuration = durationFloor(request, timed.durFloorStart, timed.durFloorCount, durationSec);
  return strictest(timed.minCpmPerSecMicros * durationSec, byDuration, imp.bidFloorMicros);
}

/** As `openFloorMicros` for a deal of the request. */
export function dealFloorMicros(
  request: BidRequest,
  deal: number,
  media: number,
  durationSec: number,
): number {
  const floor = request.dealFloorMicros[deal]!;
  if (floor < 0) return -1;
  if (media !== Media.VIDEO && media !== Media.AUDIO) return floor;
  const start = request.dealDurFloorStart[deal]!;
  const byDuration = durationFloor(request, start, request.dealDurFloorCount[deal]!, durationSec);
  return strictest(request.dealMinCpmPerSecMicros[deal]! * durationSec, byDuration, floor);
}

const strictest = (perSec: number, byDuration: number, flat: number): number =>
  perSec > 0 || byDuration >= 0 ? Math.max(perSec, byDuration) : flat;

/** The highest floor of the ranges that hold the duration, -1 = none does. */
function durationFloor(
  request: BidRequest,
  start: number,
  count: number,
  durationSec: number,
): number {
  let floor = -1;
  for (let i = start; i < start + count; i++) {
    const max = request.durFloorMaxSec[i]!;
    if (durationSec < request.durFloorMinSec[i]! || (max !== 0 && durationSec > max)) continue;
    floor = Math.max(floor, request.durFloorMicros[i]!);
  }
  return floor;
}
