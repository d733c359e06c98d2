import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import type { BidRequest, Slice } from "../bid/request.js";
import { fullParts } from "../index/format.js";
import { IndexBuilder } from "../index/index-builder.js";
import { partsOfImage } from "../index/index-parts.js";
import type { Place } from "../index/projection.js";
import { SegmentIndex } from "../index/segment-index.js";

/**
 * Explain and replay never look a real identifier up: whoever may ask at will would learn about
 * people. Two walls, each enough alone: what the request says of a person is wiped, and the index
 * that the decision sees holds nobody.
 */

/**
 * Wipes every identifier of a decoded request, its bytes too. Consent must have been read before.
 */
export function discardIdentifiers(request: BidRequest): void {
  wipe(request, request.ifa);
  wipe(request, request.ifaType);
  wipe(request, request.buyerUid);
  for (let i = 0; i < request.eidCount; i++) {
    request.bytes.fill(0, request.eidStart[i], request.eidEnd[i]);
    request.eidStart[i] = request.eidEnd[i] = 0;
    request.eidSourceLo[i] = request.eidSourceHi[i] = 0;
    request.eidAtype[i] = request.eidMm[i] = 0;
  }
  request.eidCount = 0;
}

function wipe(request: BidRequest, slice: Slice): void {
  request.bytes.fill(0, slice.start, slice.end);
  slice.clear();
}

/**
 * An index without people whose rows are as wide as the real one's, so that its World's table still
 * fits.
 */
export function indexOfNobody(rowWords: number, epoch: Epoch = 0 as Epoch): SegmentIndex {
  const image = new IndexBuilder({
    ...{ epoch, identifierCountMax: 0, ordinalMax: 0 },
    ...{ planeCount: rowWords, shifts: fullParts },
  }).finish();
  const never = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
  const planes = Array.from({ length: rowWords }, (_, plane) => plane);
  return SegmentIndex.from(partsOfImage(image, planes, never));
}

/**
 * The row of a person who is in the declared segments and no other; names that have no place are
 * left out.
 */
export function declaredRowOf(
  segments: readonly string[],
  places: ReadonlyMap<string, Place>,
  rowWords: number,
): Uint32Array {
  const row = new Uint32Array(rowWords);
  for (const name of segments) {
    const place = places.get(name);
    if (place !== undefined) row[place.word] = row[place.word]! | (1 << place.bit);
  }
  return row;
}
