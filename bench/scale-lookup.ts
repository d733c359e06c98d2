import { Hash64, mix32, sipKeyFrom } from "../src/base/hash.js";
import { identifierHashInto, Namespace } from "../src/base/identifier.js";
import type { Ordinal } from "../src/base/ids.js";
import { headerBytes, lineWords } from "../src/index/format.js";
import { firstLine } from "../src/index/identifier-table.js";
import type { SegmentIndex } from "../src/index/segment-index.js";
import { syntheticIdentifier, syntheticSeed } from "../src/testing/synthetic-index.js";
import { firstIdentifierOf, type ScaleStream, scaleHashInto } from "./scale-stream.js";

/**
 * Nanoseconds a look-up (64-bit hash -> ordinal, as the bidder calls it, suppression bit included)
 * and, by the same loop over the same table, of two reads of one word in two random lines. Chained:
 * where to look next depends on what was found, so that no two overlap, as no two bids of a worker
 * do. Independent: as many overlap as the CPU can hold, which is many bare reads and hardly one
 * look-up.
 */
export type LookupFigures = {
  readonly chainedNs: number;
  readonly chainedReadsNs: number;
  readonly independentNs: number;
  readonly independentReadsNs: number;
  readonly sipHashNs: number;
  readonly rowChainedNs: number;
  readonly rowIndependentNs: number;
};

/** Everything a loop needs; the loops are plain functions, one call site each. */
type Ground = {
  readonly index: SegmentIndex;
  readonly stream: ScaleStream;
  readonly table: readonly Uint32Array[];
  readonly shift: number;
  readonly lineCount: number;
};

const hash = new Uint32Array(2);
const row = new Uint32Array(16);

/** A person by a draw: the same arithmetic in every loop. */
const personAt = (draw: number, people: number): number =>
  1 + (((draw >>> 0) * (people / 2 ** 32)) >>> 0);

function hashOf(stream: ScaleStream, draw: number): void {
  const n = personAt(draw, stream.people);
  scaleHashInto(stream.seed, firstIdentifierOf(stream, n), hash, 0);
}

function readTwoLines({ table, shift, lineCount }: Ground): number {
  const mask = (1 << shift) - 1;
  const a = firstLine(hash[0]!, lineCount);
  const b = firstLine(hash[1]!, lineCount);
  return (
    table[a >>> shift]![(a & mask) * lineWords]! ^ table[b >>> shift]![(b & mask) * lineWords]!
  );
}

function chained({ index, stream }: Ground, rounds: number): number {
  let found = 1;
  for (let i = 0; i < rounds; i++) {
    hashOf(stream, mix32(found, i));
    found = index.ordinalOf(hash[0]!, hash[1]!);
  }
  return found;
}

function chainedReads(ground: Ground, rounds: number): number {
  let found = 1;
  for (let i = 0; i < rounds; i++) {
    hashOf(ground.stream, mix32(found, i));
    found = readTwoLines(ground);
  }
  return found;
}

function independent({ index, stream }: Ground, rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    hashOf(stream, mix32(1, i));
    sum ^= index.ordinalOf(hash[0]!, hash[1]!);
  }
  return sum;
}

function independentReads(ground: Ground, rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    hashOf(ground.stream, mix32(1, i));
    sum ^= readTwoLines(ground);
  }
  return sum;
}

function rowChained({ index, stream }: Ground, rounds: number): number {
  for (let i = 0; i < rounds; i++) {
    index.rowInto(personAt(mix32(row[0]!, i), stream.people) as Ordinal, row);
  }
  return row[0]!;
}

function rowIndependent({ index, stream }: Ground, rounds: number): number {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    index.rowInto(personAt(mix32(2, i), stream.people) as Ordinal, row);
    sum ^= row[0]!;
  }
  return sum;
}

const sipKey = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const uuids = Array.from({ length: 1024 }, (_, i) =>
  Buffer.from(syntheticIdentifier(syntheticSeed, i + 1)?.value ?? "", "latin1"),
);

function sipHashes(_: Ground, rounds: number): number {
  const out = new Hash64();
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    identifierHashInto(Namespace.AAID, 0, sipKey, uuids[i & 1023]!, 0, 36, out);
    sum ^= out.lo;
  }
  return sum;
}

const loops = {
  ...{ chainedNs: chained, chainedReadsNs: chainedReads },
  ...{ independentNs: independent, independentReadsNs: independentReads },
  ...{ sipHashNs: sipHashes, rowChainedNs: rowChained, rowIndependentNs: rowIndependent },
} as const;

const repeats = 7;
/** Keeps the loops' results alive, so that nothing of them is optimised away. */
const kept = new Int32Array(1);

/**
 * The loops in turn, CPU time and the best of seven each: what is slower was disturbed. No other
 * thread of the process may be at work.
 */
export function measureLookups(
  index: SegmentIndex,
  stream: ScaleStream,
  rounds: number,
): LookupFigures {
  const { table, shifts, lineCount } = index.parts;
  const lines = table.map((part) => new Uint32Array(part, headerBytes));
  const ground: Ground = { index, stream, table: lines, shift: shifts.lines, lineCount };
  const best: Record<keyof LookupFigures, number> = {
    ...{ chainedNs: Number.POSITIVE_INFINITY, chainedReadsNs: Number.POSITIVE_INFINITY },
    ...{ independentNs: Number.POSITIVE_INFINITY, independentReadsNs: Number.POSITIVE_INFINITY },
    ...{ sipHashNs: Number.POSITIVE_INFINITY, rowChainedNs: Number.POSITIVE_INFINITY },
    rowIndependentNs: Number.POSITIVE_INFINITY,
  };
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const name of Object.keys(loops) as (keyof LookupFigures)[]) {
      const before = process.cpuUsage();
      kept[0]! ^= loops[name](ground, rounds);
      const { user, system } = process.cpuUsage(before);
      best[name] = Math.min(best[name], (1000 * (user + system)) / rounds);
    }
  }
  return best;
}
