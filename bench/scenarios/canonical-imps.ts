import type { SeededRandom } from "../../src/base/random.js";
import type { Place } from "./canonical-context.js";

/**
 * Whether a request can be bid on, or why not: no line item has its sizes, the floor is above every
 * price, or only other buyers are asked.
 */
export type Fit = "fits" | "odd" | "floor" | "seat";

const phoneSizes = [
  [320, 50],
  [300, 250],
  [300, 600],
] as const;
const screenSizes = [
  [300, 250],
  [728, 90],
  [160, 600],
  [970, 250],
  [336, 280],
] as const;
/** Sizes and lengths that no creative of the bench World has. */
const oddSize = { w: 123, h: 45 };
const oddSec = 7;

export function impOf(index: number, fit: Fit, place: Place, random: SeededRandom): object {
  const draw = random.below(10);
  const media =
    place.os === "Tizen" || draw < 2
      ? { video: videoOf(fit, random) }
      : draw < 4
        ? { native: nativeOf(fit, random) }
        : { banner: bannerOf(fit, place, random) };
  return {
    id: String(index + 1),
    secure: 1,
    bidfloor: fit === "floor" ? 40 + random.below(20) : 0.05 + random.below(20) / 100,
    ...media,
  };
}

function bannerOf(fit: Fit, { os }: Place, random: SeededRandom): object {
  const sizes = os === "Windows" ? screenSizes : phoneSizes;
  const first = random.below(sizes.length);
  const format =
    fit === "odd"
      ? [oddSize]
      : [0, 1].map((step) => {
          const [w, h] = sizes[(first + step) % sizes.length] ?? sizes[0];
          return { w, h };
        });
  return { format, pos: random.below(4), api: [3, 5, 6] };
}

const videoOf = (fit: Fit, random: SeededRandom): object => ({
  mimes: ["video/mp4"],
  minduration: fit === "odd" ? oddSec : 5,
  maxduration: fit === "odd" ? oddSec : 30 + 30 * random.below(2),
  protocols: [2, 3, 5, 6],
  ...{ w: 1280, h: 720, linearity: 1, plcmt: 1 + random.below(2) },
});

/** An odd one must have a price, which no creative of the bench World has. */
function nativeOf(fit: Fit, random: SeededRandom): object {
  const price = { id: 5, required: 1, data: { type: 6, len: 10 } };
  const request = {
    ver: "1.2",
    assets: [
      { id: 1, required: 1, title: { len: 90 } },
      { id: 2, required: 1, img: { type: 3, wmin: 300, hmin: 150 + random.below(8) } },
      { id: 3, img: { type: 1, wmin: 50, hmin: 50 } },
      { id: 4, data: { type: 1, len: 25 } },
      ...(fit === "odd" ? [price] : []),
    ],
  };
  return { request: JSON.stringify(request), ver: "1.2" };
}
