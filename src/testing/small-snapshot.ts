import { createPrivateKey, createPublicKey } from "node:crypto";
import type { Epoch, Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { UnixMs } from "../base/units.js";
import { IndexBuilder, type IndexImage } from "../index/index-builder.js";
import { planeCountOf, type SegmentEntry } from "../index/manifest.js";
import type { DictionaryEntry } from "../index/projection.js";
import { signingKeyIdOf } from "../index/verify.js";
import type { SigningKeys } from "../runtime/key-files.js";
import type { SnapshotTrust } from "../runtime/snapshot-read.js";
import type { SnapshotFacts } from "../runtime/snapshot-write.js";

/**
 * The fixed prefix of an Ed25519 private key in PKCS #8 (RFC 8410 section 7); 32 bytes of seed
 * follow.
 */
const pkcs8Prefix = "302e020100300506032b657004220420";

/** Signing keys that every test run makes alike; `seed` tells one pair from another. */
export function testSigningKeys(seed: number): SigningKeys {
  const der = Buffer.concat([Buffer.from(pkcs8Prefix, "hex"), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, keyId: signingKeyIdOf(publicKey) };
}

export const testIdentifierKeyId = "0123456789abcdef";
export const testNowMs = 1_800_000_000_000 as UnixMs;
/** Small parts: 8 lines and 64 people, so that a few hundred people fill several. */
export const testShifts = { lines: 3, people: 6 };

/** What is true of the people in a small image, by ordinal; entry 0 is nobody's. */
export type Truth = {
  readonly hashes: readonly (readonly [lo: number, hi: number])[][];
  readonly rows: readonly Uint32Array[];
  readonly areas: readonly number[];
};

/**
 * A seeded image of `people` people in `segmentCount` segments, with its truth; every 7th ordinal
 * is vacant.
 */
export function smallImage(
  seed: number,
  people: number,
  segmentCount: number,
  epoch = 1,
): { readonly image: IndexImage; readonly truth: Truth } {
  const random = new SeededRandom(seed);
  const planeCount = planeCountOf(segmentCount);
  const builder = new IndexBuilder({
    ...{ epoch: epoch as Epoch, ordinalMax: people, identifierCountMax: people * 3, planeCount },
    shifts: testShifts,
  });
  const hashes: [number, number][][] = [[]];
  const rows: Uint32Array[] = [new Uint32Array(planeCount)];
  const areas: number[] = [0];
  for (let n = 1; n <= people; n++) {
    const row = new Uint32Array(planeCount);
    hashes.push([]);
    rows.push(row);
    areas.push(0);
    if (n % 7 === 0) continue;
    for (let i = 0; i < 1 + random.below(3); i++) {
      const hash: [number, number] = [random.nextU32(), random.nextU32()];
      hashes[n]?.push(hash);
      builder.add(hash[0], hash[1], n as Ordinal);
    }
    for (let s = 0; s < segmentCount; s++) {
      if (random.below(3) === 0) row[s >>> 5] = row[s >>> 5]! | (1 << (s & 31));
    }
    builder.setRow(n as Ordinal, row);
    areas[n] = random.below(4);
    builder.setHomeArea(n as Ordinal, areas[n]!);
  }
  return { image: builder.finish(), truth: { hashes, rows, areas } };
}

export function smallFacts(
  segmentCount: number,
  changes: Partial<SnapshotFacts> = {},
): SnapshotFacts {
  const segments: SegmentEntry[] = Array.from({ length: segmentCount }, (_, i) => ({
    ...{ name: `group.s${i}`, label: `Group ${i}`, source: "test", recencyDays: 30 },
    ...{ method: "observed", bandedPeople: 100_000, agencies: [] },
  }));
  return {
    ...{ createdMs: testNowMs, notAfterMs: (testNowMs + 1000) as UnixMs, segments },
    ...{ identifierKeyId: testIdentifierKeyId, source: "small 1", forgetSequence: 0 },
    ...{ areas: ["north", "east", "south"], ...changes },
  };
}

/** A dictionary of segments that everybody may use. */
export const everybodys = (names: readonly string[]): readonly DictionaryEntry[] =>
  names.map((name) => ({ name, agencies: [] }));

export function testTrust(keys: SigningKeys, crowdMinimum = 100_000): SnapshotTrust {
  const pem = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  return {
    publicKeys: { [keys.keyId]: pem },
    ...{ identifierKeyId: testIdentifierKeyId, crowdMinimum },
  };
}
