import { mix32 } from "../../base/hash.js";
import { demoBrands, demoSegments, stages } from "./demo-segments.js";
import { saltOf } from "./draws.js";

/**
 * What is true of a person: one draw a segment, tilted by the person's leanings, and one a brand.
 * The generator writes rows from which the bank's rules find just these (recipes-*.ts).
 */
const leaningSteps = 16;

/**
 * Draws below these make a member, by segment and leaning: the leaning moves a share between 0.6
 * and 1.4 times.
 */
const memberBelow = new Float64Array(demoSegments.length * leaningSteps);
for (const [s, { share }] of demoSegments.entries()) {
  for (let step = 0; step < leaningSteps; step++) {
    const tilt = 0.6 + (0.8 * step) / (leaningSteps - 1);
    memberBelow[s * leaningSteps + step] = share * tilt * 2 ** 32;
  }
}
const leaningOf = Uint8Array.from(demoSegments, ({ leaning }) => leaning);
const stageBelow = Float64Array.from(
  demoBrands.flatMap(({ shares }) =>
    stages.map((_, s) => shares.slice(0, s + 1).reduce((sum, share) => sum + share, 0) * 2 ** 32),
  ),
);

/** Brands' stages first, then the segments: the order of `membershipInto`. */
export const candidateNames: readonly string[] = [
  ...demoBrands.flatMap(({ name }) => stages.map((stage) => `aipl.${name}.${stage}`)),
  ...demoSegments.map(({ name }) => name),
];

/** Sets `out[i]` to 1 when the person is in candidate i, else 0. */
export function membershipInto(key: number, out: Uint8Array): void {
  const brandCount = demoBrands.length;
  for (let b = 0; b < brandCount; b++) {
    const stage = stageOf(key, b);
    for (let s = 0; s < stages.length; s++) out[b * stages.length + s] = stage === s + 1 ? 1 : 0;
  }
  const lean = mix32(key, saltOf.leaning);
  const first = brandCount * stages.length;
  for (let s = 0; s < leaningOf.length; s++) {
    const step = (lean >>> (8 * leaningOf[s]!)) & (leaningSteps - 1);
    const below = memberBelow[s * leaningSteps + step]!;
    out[first + s] = mix32(key, saltOf.segment + s) < below ? 1 : 0;
  }
}

/** 1 awareness .. 4 loyalty of brand `b`; 0 none. */
function stageOf(key: number, b: number): number {
  const draw = mix32(key, saltOf.brand + b);
  for (let s = 0; s < stages.length; s++)
    if (draw < stageBelow[b * stages.length + s]!) return s + 1;
  return 0;
}

/** Where a segment's bit lies in the 64 bits of `traitWordsInto`. */
export function traitBit(name: string): number {
  const bit = demoSegments.findIndex((segment) => segment.name === name);
  if (bit < 0) throw new Error(`there is no demo segment ${name}`);
  return bit;
}

/** Three bits a brand above the segments' bits. */
export const stageBitsFrom = 48;
const stageBits = 3;
export const stageShift = (brand: string): number =>
  stageBitsFrom + stageBits * demoBrands.findIndex(({ name }) => name === brand);

const membership = new Uint8Array(candidateNames.length);

/** All traits of a person as two u32 words, low half first: what SQL asks (row-words.ts). */
export function traitWordsInto(key: number, out: Uint32Array, at: number): void {
  membershipInto(key, membership);
  const first = demoBrands.length * stages.length;
  let low = 0;
  let high = 0;
  for (let s = 0; s < demoSegments.length; s++) {
    const bit = membership[first + s]!;
    if (s < 32) low |= bit << s;
    else high |= bit << (s - 32);
  }
  for (let b = 0; b < demoBrands.length; b++) {
    let stage = 0;
    for (let s = 0; s < stages.length; s++) stage += membership[b * stages.length + s]! * (s + 1);
    high |= stage << (stageBitsFrom - 32 + stageBits * b);
  }
  out[at] = low;
  out[at + 1] = high;
}
