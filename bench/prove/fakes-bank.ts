import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labelStages } from "../../src/bank/aipl/label.js";
import { type Bank, secondsPerDay } from "../../src/bank/bank.js";
import type { BankConfig, SegmentRule } from "../../src/bank/config/model.js";
import { sqlText } from "../../src/bank/duck.js";
import { resolvePeople } from "../../src/bank/identity/people.js";
import { buildImage } from "../../src/bank/image.js";
import { type Admission, admitSegments } from "../../src/bank/segments/admit.js";
import { evaluateSegments, type Memberships } from "../../src/bank/segments/evaluate.js";
import { countBits, countSharedBits } from "../../src/base/bitset.js";
import { admitsCrowd, crowdMarginPeople } from "../../src/base/crowd-minimum.js";
import { sipKeyFrom } from "../../src/base/hash.js";
import { Namespace } from "../../src/base/identifier.js";
import type { AgencyId, Epoch } from "../../src/base/ids.js";
import { SeededRandom } from "../../src/base/random.js";
import type { UnixMs } from "../../src/base/units.js";
import type { SigningKeys } from "../../src/runtime/key-files.js";
import type { SnapshotTrust } from "../../src/runtime/snapshot-read.js";
import { writeSnapshot } from "../../src/runtime/snapshot-write.js";
import { judgeAudiences } from "../../src/runtime/term-count.js";
import {
  type Batch,
  type BatchRow,
  openTestBank,
  smallBankConfig,
  writeBatches,
} from "../../src/testing/bank-batches.js";
import { testIdentifierKeyId } from "../../src/testing/small-snapshot.js";

const minimum = 400;
const realPeople = 2400;
/** Real people of a segment that is a crowd without help. */
const crowd = minimum + 2 * crowdMarginPeople + 20;
const crowds = 24;
const thin = 40;
/** Each kind alone lifts a thin segment over the line. */
const fakesOfKind = 420;
const lists = 20;
const agency = 77;

export type Padded = {
  readonly trials: number;
  readonly certified: number;
  /** Of the same trials, those that would pass if every member counted. */
  readonly naively: number;
  readonly real: number;
  readonly realOf: number;
};

export type Seals = {
  readonly signing: SigningKeys;
  readonly trustOf: (keys: SigningKeys, crowdMinimum: number) => SnapshotTrust;
};

/** One bank, built by its own stages below `root`, with what an agency tries on it. */
export async function padded(root: string, seed: number, seals: Seals): Promise<Padded> {
  const random = new SeededRandom(seed);
  const bank = await openTestBank(root, { config: configOf(), crowdMinimum: minimum });
  try {
    const truth = await fill(bank, random);
    await resolvePeople(bank, 1);
    await labelStages(bank, 1);
    const memberships = await evaluateSegments(bank, 1);
    const admission = admitSegments(bank, memberships);
    const kept = new Set(admission.kept.map(({ membership }) => membership.segment.name));
    const aimed = memberships.segments.filter(({ segment }) => !isCrowd(segment.name));
    const audiences = await pairsTried(bank, { memberships, admission, truth }, seals);
    return {
      trials: aimed.length + audiences.trials,
      certified: aimed.filter(({ segment }) => kept.has(segment.name)).length + audiences.certified,
      naively: aimed.filter(({ bits }) => passes(countBits(bits))).length + audiences.naively,
      real: [...kept].filter(isCrowd).length,
      realOf: crowds,
    };
  } finally {
    bank.duck.close();
  }
}

/** Whatever the noise. */
const passes = (people: number): boolean => admitsCrowd(people, -crowdMarginPeople, minimum);

const isCrowd = (name: string): boolean => name.startsWith("crowd.");

/** Keys of the real people of each segment: what no stage of the bank has had a hand in. */
type Truth = ReadonlyMap<string, ReadonlySet<number>>;
type Tried = {
  readonly memberships: Memberships;
  readonly admission: Admission;
  readonly truth: Truth;
};

/** Everybody who is in two crowds, asked for by an agency each: they are no crowd but for fakes. */
async function pairsTried(
  bank: Bank,
  { memberships, admission, truth }: Tried,
  { signing, trustOf }: Seals,
): Promise<Pick<Padded, "trials" | "certified" | "naively">> {
  const built = await buildImage(bank, 1, memberships, admission);
  const snapshotsFolder = join(bank.folders.root, "snapshots");
  const facts = { source: "fakes", identifierKeyId: testIdentifierKeyId, forgetSequence: 0 };
  const notAfterMs = (bank.nowMs + 1000) as UnixMs;
  const { image, segments, areas } = built;
  const when = { createdMs: bank.nowMs, notAfterMs };
  writeSnapshot(snapshotsFolder, image, { ...facts, ...when, segments, areas }, signing);
  const sets = admission.kept
    .map(({ membership }) => membership)
    .filter(({ segment }) => isCrowd(segment.name));
  const pairs = sets.flatMap((a, i) => sets.slice(i + 1).map((b) => [a, b] as const));
  // Those that are a crowd by themselves are no attack.
  const tried = pairs.filter(([a, b]) => {
    const [one, other] = [truth.get(a.segment.name)!, truth.get(b.segment.name)!];
    return [...one].filter((key) => other.has(key)).length < minimum;
  });
  const answer = judgeAudiences(
    {
      ...{ snapshotsFolder, forgetLog: join(bank.folders.root, "none"), manifestDigest: "" },
      ...{ trust: trustOf(signing, minimum), epoch: 1 as Epoch, nowMs: bank.nowMs },
      crowdKey: sipKeyFrom(new Uint8Array(16).fill(9)),
      audiences: tried.map(([a, b], i) => ({
        agency: (i + 1) as AgencyId,
        terms: [{ all: [a.segment.name, b.segment.name].sort(), none: [] }],
        judged: true,
      })),
    },
    minimum,
  );
  if (!answer.ok) throw new Error(answer.words);
  return {
    trials: tried.length,
    certified: answer.judged.filter(({ verdict }) => verdict === "certified").length,
    naively: tried.filter(([a, b]) => passes(countSharedBits(a.bits, b.bits))).length,
  };
}

function configOf(): BankConfig {
  const segment = (name: string): SegmentRule => ({
    ...{ name, label: name, source: "mixed", recencyDays: 60, method: "observed" },
    ...{ outward: true, agencies: [] },
    rule: {
      kind: "did",
      behaviour: {
        ...{ touchpoints: ["commerce", "cookie"], behaviours: [], categories: [name], brands: [] },
        ...{ sources: [], markets: [], withinDays: 60, count: 1, amountMicros: null },
      },
    },
  });
  const { touchpoints } = smallBankConfig;
  const fed = { ...touchpoints.get("cookie")!, evidence: false };
  const names = [
    ...Array.from({ length: crowds }, (_, i) => `crowd.${i}`),
    ...Array.from({ length: thin }, (_, i) => `thin.${i}`),
  ];
  return {
    ...smallBankConfig,
    touchpoints: new Map([...touchpoints, ["cookie", fed]]),
    segments: names.map(segment),
  };
}

type Profile = { readonly key: number; readonly namespace: number };
type Kind = { readonly of: readonly Profile[]; readonly days: number; readonly fed?: true };

const profiles = (first: number, count: number, namespace: number): Profile[] =>
  Array.from({ length: count }, (_, i) => ({ key: first + i, namespace }));

async function fill(bank: Bank, random: SeededRandom): Promise<Truth> {
  const { ACCOUNT, IDFA } = Namespace;
  const real = profiles(1, realPeople, ACCOUNT);
  const farmed = profiles(20_000, fakesOfKind, ACCOUNT);
  const dissolved = profiles(30_000, fakesOfKind, IDFA);
  const fake: readonly Kind[] = [
    { of: profiles(10_000, fakesOfKind, ACCOUNT), days: 3 },
    { of: farmed, days: 10 },
    { of: dissolved, days: 10 },
    { of: profiles(40_000, fakesOfKind, ACCOUNT), days: 40 },
    { of: profiles(50_000, fakesOfKind, ACCOUNT), days: 10, fed: true },
  ];
  const people = [{ of: real, days: 10 }, ...fake];
  const at = (days: number): number => bank.asOfSec - days * secondsPerDay;
  const pair = ({ key, namespace }: Profile) => [BigInt(key), namespace] as const;
  const consent = people.flatMap(({ of, days }) =>
    of.map((one): BatchRow => {
      const said = { behaviour: "granted", category: "advertising" };
      return { seconds: at(days), keys: [pair(one)], ...said };
    }),
  );
  const linked = (one: Profile, other: Profile): BatchRow => ({
    ...{ seconds: at(10), keys: [pair(one), pair(other)] },
    links: [[BigInt(one.key), BigInt(other.key), 3]],
  });
  // Twelve accounts a device; chains of sixty devices.
  const guarded = [
    ...farmed.map((one, i) => linked(one, { key: 60_000 + Math.floor(i / 12), namespace: IDFA })),
    ...dissolved.flatMap((one, i) => (i % 60 === 0 ? [] : [linked(dissolved[i - 1]!, one)])),
  ];
  const rows: BatchRow[] = [];
  const fedRows: BatchRow[] = [];
  const truth = new Map<string, ReadonlySet<number>>();
  for (const { name } of bank.config.segments) {
    const size = isCrowd(name) ? crowd : random.below(minimum);
    const members = chosen(real, size, random);
    truth.set(name, new Set(members.map(({ key }) => key)));
    for (const one of members) {
      rows.push({ seconds: at(10), keys: [pair(one)], category: name });
    }
    for (const { of, days, fed } of fake) {
      const into = fed === true ? fedRows : rows;
      for (const one of of) into.push({ seconds: at(days), keys: [pair(one)], category: name });
    }
  }
  await writeBatches(bank, [
    { touchpoint: "consent", rows: consent },
    { touchpoint: "commerce", rows: guarded },
    ...batched("commerce", rows),
    ...batched("cookie", fedRows),
  ]);
  for (let i = 0; i < lists; i++) {
    const known = chosen(real, random.below(minimum), random);
    const strangers = profiles(1_000_000 * (i + 1), 5000, ACCOUNT);
    await writeList(bank, `try-${i}`, [...known, ...fake.flatMap(({ of }) => of), ...strangers]);
  }
  return truth;
}

/** Files of a size that a builder for tests takes. */
function batched(touchpoint: string, rows: readonly BatchRow[]): Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; at < rows.length; at += 50_000) {
    batches.push({ touchpoint, rows: rows.slice(at, at + 50_000) });
  }
  return batches;
}

function chosen(all: readonly Profile[], count: number, random: SeededRandom): Profile[] {
  const left = [...all];
  for (let i = 0; i < count; i++) {
    const j = i + random.below(left.length - i);
    [left[i], left[j]] = [left[j]!, left[i]!];
  }
  return left.slice(0, count);
}

async function writeList(bank: Bank, name: string, keys: readonly Profile[]): Promise<void> {
  const folder = bank.folders.listOf(agency as AgencyId, name);
  mkdirSync(folder, { recursive: true });
  const values = keys.map(({ key }) => key).join();
  await bank.duck.run(`COPY (SELECT unnest([${values}]::UBIGINT[]) AS key)
    TO ${sqlText(join(folder, "keys.parquet"))} (FORMAT parquet)`);
  const uploadedSec = bank.asOfSec - secondsPerDay;
  const expiresSec = bank.asOfSec + 90 * secondsPerDay;
  writeFileSync(
    join(folder, "list.json"),
    JSON.stringify({ agency, name, expiresSec, uploadedSec }),
  );
}
