import { SeededRandom } from "../../src/base/random.js";
import { deviceOf, inventoryOf, placeOf } from "./canonical-context.js";
import { type Fit, impOf } from "./canonical-imps.js";
import { fillTo } from "./canonical-size.js";

/**
 * The canonical workload: banner, video and native, sites and apps, one to four imps, bodies of 0.5
 * to 9 kB, people known and not, ranked by Zipf. `bidShare` of the requests can be bid on; the rest
 * fail for the reasons that are common: nothing fits, the floor is too high, the seat is not asked.
 */
export type CanonicalShape = { readonly seed: number; readonly bidShare: number };

/** Bodies below so many bytes, what share of all, and how many imps they hold. */
const sizes = [
  { share: 0.2, from: 520, to: 1000, impsMax: 1 },
  { share: 0.45, from: 1000, to: 2500, impsMax: 2 },
  { share: 0.25, from: 2500, to: 5000, impsMax: 4 },
  { share: 0.1, from: 5000, to: 9000, impsMax: 4 },
] as const;

export function canonicalBodies(
  { seed, bidShare }: CanonicalShape,
  count: number,
  people: number,
  nowMs: number,
): Buffer[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const wanted = random.fraction() < bidShare;
    const request = requestOf(n, wanted ? "fits" : refusalOf(random), random, people, nowMs);
    return Buffer.from(JSON.stringify(request));
  });
}

function refusalOf(random: SeededRandom): Fit {
  const draw = random.below(10);
  if (draw < 4) return "odd";
  return draw < 7 ? "floor" : "seat";
}

function sizeOf(random: SeededRandom): (typeof sizes)[number] {
  let draw = random.fraction();
  for (const size of sizes) {
    draw -= size.share;
    if (draw < 0) return size;
  }
  return sizes[0];
}

function requestOf(
  n: number,
  fit: Fit,
  random: SeededRandom,
  people: number,
  nowMs: number,
): object {
  const { from, to, impsMax } = sizeOf(random);
  const place = placeOf(random);
  const imps = 1 + Math.min(random.below(impsMax), random.below(impsMax));
  const request = {
    id: `${n}-${random.nextU32().toString(16)}`,
    at: 1,
    tmax: 200 + 50 * random.below(4),
    cur: ["USD"],
    imp: Array.from({ length: imps }, (_, i) => impOf(i, fit, place, random)),
    ...inventoryOf(place, random),
    device: deviceOf(place, random, people),
    ...(fit === "seat" ? { wseat: [`elsewhere-${random.below(50)}`] } : {}),
  };
  return fillTo(request, from + random.below(to - from), place, random, nowMs);
}
