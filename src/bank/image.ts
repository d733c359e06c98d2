import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert } from "../base/assert.js";
import { transposeBits } from "../base/bit-transpose.js";
import { bitWords, hasBit } from "../base/bitset.js";
import { isBidNamespace, Namespace } from "../base/identifier.js";
import type { Epoch, Ordinal } from "../base/ids.js";
import { segmentsInSnapshotMax } from "../base/limits.js";
import { mergesShift, segmentsPerPlane } from "../index/format.js";
import { IndexBuilder, type IndexImage } from "../index/index-builder.js";
import { planeCountOf, type SegmentEntry } from "../index/manifest.js";
import { mergesPart } from "../index/merged-people.js";
import { type Bank, BankError } from "./bank.js";
import { sensitiveTopicOf } from "./config/sensitive.js";
import { sqlParquet } from "./duck.js";
import type { Admission } from "./segments/admit.js";
import type { Memberships } from "./segments/evaluate.js";
import type { People } from "./segments/people.js";

/** A segment with the agencies that may use it; empty = all. */
export type BankSegmentEntry = SegmentEntry & { readonly agencies: readonly number[] };

export type BankImage = {
  readonly image: IndexImage;
  readonly segments: readonly BankSegmentEntry[];
  readonly areas: readonly string[];
};

/**
 * The index of one epoch: who may be advertised to, by the identifiers that a request can bring,
 * with the admitted segments and home areas, and who of them counts. Ordinals of everybody else
 * stay vacant. The same files
 * give the same bytes.
 */
export async function buildImage(
  bank: Bank,
  epoch: number,
  { people }: Memberships,
  { kept, areas: crowdedAreas }: Admission,
): Promise<BankImage> {
  if (kept.length > segmentsInSnapshotMax) {
    throw new BankError(
      `${kept.length} segments, a snapshot holds ${segmentsInSnapshotMax}: set "outward: false" ` +
        "for those in config/segments/ that only other rules use, or remove lists",
    );
  }
  const identifiers = `FROM ${sqlParquet([people.identifiersFile])}
    WHERE namespace IN (${Object.values(Namespace).filter(isBidNamespace).join()})`;
  const builder = new IndexBuilder({
    epoch: epoch as Epoch,
    identifierCountMax: await eligibleIdentifiers(bank, people, identifiers),
    ordinalMax: people.rowCount - 1,
    planeCount: planeCountOf(kept.length),
  });
  await addIdentifiers(bank, people, identifiers, builder);
  setRows(
    bank,
    people,
    kept.map(({ membership }) => membership.bits),
    builder,
  );
  setHomeAreas(people, crowdedAreas, builder);
  builder.countOnly(people.counting);
  const merges = mergesPart(await mergesOf(bank, people), epoch as Epoch);
  const image = { ...builder.finish(), ...(merges === undefined ? {} : { merges }) };
  return { image, segments: kept.map(entryOf), areas: bank.config.areas };
}

function entryOf({ membership, bandedPeople }: Admission["kept"][number]): BankSegmentEntry {
  const { name, label, source, recencyDays, method, agencies } = membership.segment;
  assert(sensitiveTopicOf(`${name} ${label}`) === null, "no sensitive segment leaves the bank");
  return { name, label, source, recencyDays, method, bandedPeople, agencies };
}

/** Whom frequency caps were counted under before they went into somebody; at most 90 days back. */
async function mergesOf({ duck }: Bank, { identifiersFile }: People): Promise<number[]> {
  const file = join(dirname(identifiersFile), "retired.parquet");
  if (!existsSync(file)) return [];
  const pairs: number[] = [];
  await duck.stream(
    `SELECT ordinal::UINTEGER, "into"::UINTEGER FROM ${sqlParquet([file])}
      WHERE "into" <> 0 LIMIT ${2 ** mergesShift}`,
    ({ rowCount, numbers }) => {
      const [ordinals, into] = [numbers(0), numbers(1)];
      for (let i = 0; i < rowCount; i++) pairs.push(ordinals[i]!, into[i]!);
    },
  );
  return pairs;
}

/** The table takes memory once, for as many as there are. */
async function eligibleIdentifiers(bank: Bank, people: People, from: string): Promise<number> {
  let count = 0;
  await bank.duck.stream(`SELECT ordinal::UINTEGER ${from}`, ({ rowCount, numbers }) => {
    const ordinals = numbers(0);
    for (let i = 0; i < rowCount; i++) if (hasBit(people.eligible, ordinals[i]!)) count++;
  });
  return count;
}

const rowsPerReport = 1 << 20;

async function addIdentifiers(
  { duck, report }: Bank,
  people: People,
  from: string,
  builder: IndexBuilder,
): Promise<void> {
  const total = await duck.number(`SELECT count(*) ${from}`);
  let done = 0;
  await duck.stream(`SELECT key, ordinal::UINTEGER ${from}`, ({ rowCount, pairs, numbers }) => {
    const keys = pairs(0);
    const ordinals = numbers(1);
    for (let i = 0; i < rowCount; i++) {
      const ordinal = ordinals[i]!;
      if (!hasBit(people.eligible, ordinal)) continue;
      builder.add(keys[2 * i]!, keys[2 * i + 1]!, ordinal as Ordinal);
    }
    const before = Math.floor(done / rowsPerReport);
    done += rowCount;
    if (Math.floor(done / rowsPerReport) > before) report("index", done, total, "identifiers");
  });
  report("index", total, total, "identifiers");
}

/** Bitsets of 32 segments become the plane's words of 32 people, square by square. */
function setRows(
  { report }: Bank,
  { rowCount, eligible }: People,
  sets: readonly Uint32Array[],
  builder: IndexBuilder,
): void {
  const planes = planeCountOf(sets.length);
  const squares = Array.from({ length: planes }, () => new Uint32Array(32));
  const row = new Uint32Array(planes);
  for (let word = 0; word < bitWords(rowCount); word++) {
    const present = eligible[word]!;
    if (word % (rowsPerReport / 32) === 0) report("index", word * 32, rowCount, "people");
    if (present === 0) continue;
    for (const [p, square] of squares.entries()) {
      for (let s = 0; s < segmentsPerPlane; s++) {
        const set = sets[p * segmentsPerPlane + s];
        square[s] = set === undefined ? 0 : set[word]!;
      }
      transposeBits(square);
    }
    for (let bit = 0; bit < 32; bit++) {
      if ((present & (1 << bit)) === 0) continue;
      for (let p = 0; p < planes; p++) row[p] = squares[p]![bit]!;
      builder.setRow((word * 32 + bit) as Ordinal, row);
    }
  }
  report("index", rowCount, rowCount, "people");
}

/** Where no crowd is at home nobody is: an area tells little only where it is shared. */
function setHomeAreas(
  { rowCount, eligible, areas }: People,
  crowdedAreas: Uint8Array,
  builder: IndexBuilder,
): void {
  for (let ordinal = 1; ordinal < rowCount; ordinal++) {
    if (crowdedAreas[areas[ordinal]!] === 1 && hasBit(eligible, ordinal)) {
      builder.setHomeArea(ordinal as Ordinal, areas[ordinal]!);
    }
  }
}
