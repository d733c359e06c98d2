import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crowdMarginPeople } from "../base/crowd-minimum.js";
import type { AgencyId, Epoch, Ordinal } from "../base/ids.js";
import { crowdRuleOf, termDigest } from "../campaign/crowd-rule.js";
import { headerBytes } from "../index/format.js";
import { mergesPart } from "../index/merged-people.js";
import { SegmentIndex } from "../index/segment-index.js";
import { testIdentifierKey } from "../testing/in-process.js";
import {
  smallFacts,
  smallImage,
  testNowMs,
  testSigningKeys,
  testTrust,
} from "../testing/small-snapshot.js";
import { appendForget } from "./forget-log.js";
import { fillPieces } from "./snapshot-fill.js";
import { finishLoad, prepareLoad } from "./snapshot-load.js";
import { readSealed } from "./snapshot-read.js";
import { settleReplaced } from "./snapshot-replace.js";
import { scrubSnapshot, scrubSnapshots } from "./snapshot-scrub.js";
import { writeSnapshot } from "./snapshot-write.js";
import { judgeAudiences } from "./term-count.js";

const people = 200;
const segmentCount = 40;
const keys = testSigningKeys(1);
const trust = testTrust(keys);
/** Of several parts of 64 people; the first and last of the image, and a vacant one. */
const gone = new Set([1, 5, 63, 64, 119, 199, 77]);
const { truth, image } = smallImage(1, people, segmentCount);

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crowdbid-scrub-"));
  writeSnapshot(root, image, smallFacts(segmentCount), keys);
});
afterEach(() => rmSync(root, { recursive: true }));

const order = () => ({ snapshotsFolder: root, forgetLog: join(root, "log"), trust, signing: keys });
const scrub = (who = gone) => scrubSnapshot(root, 1, { ordinals: who }, 9, trust, keys);
const manifest = (epoch = 1) => {
  const read = readSealed(join(root, `epoch-${epoch}`, "manifest"), trust);
  if (!read.ok) throw new Error(read.words);
  return read.manifest;
};
const filesOf = (folder: string): Map<string, Buffer> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

function load(): SegmentIndex {
  const request = {
    ...{ snapshotsFolder: root, forgetLog: join(root, "log"), trust, nowMs: testNowMs },
    ...{ servedEpoch: 0 as Epoch, wanted: null },
  };
  const prepared = prepareLoad(request, 1);
  if (!prepared.ok) throw new Error(prepared.words);
  const refusal = fillPieces(prepared.plan, () => {});
  if (refusal !== null) throw new Error(refusal.words);
  return SegmentIndex.from(finishLoad(request, prepared.load).parts);
}

test("forgotten people are nobody in the rewritten epoch, and everybody else is as before", () => {
  expect(scrub()).toEqual({ ok: true });
  const index = load();
  const row = new Uint32Array(2);
  for (let n = 1; n <= people; n++) {
    const kept = !gone.has(n);
    for (const [lo, hi] of truth.hashes[n]!) expect(index.ordinalOf(lo, hi)).toBe(kept ? n : 0);
    index.rowInto(n as Ordinal, row);
    expect([...row]).toEqual(kept ? [...truth.rows[n]!] : [0, 0]);
    expect(index.homeAreaOf(n as Ordinal)).toBe(kept ? truth.areas[n] : 0);
  }
  const identifiers = [...gone].reduce((sum, n) => sum + truth.hashes[n]!.length, 0);
  expect(index.identifierCount).toBe(image.identifierCount - identifiers);
  // Ordinals 63, 77 and 119 were vacant before.
  expect(index.peopleCount).toBe(image.peopleCount - 4);
  expect(manifest()).toMatchObject({ epoch: 1, forgetSequence: 9, createdMs: testNowMs });
  // A slot without its fingerprint answers to nobody, but would still say that they were there.
  for (const part of index.parts.table) {
    const slots = new Uint32Array(part, headerBytes);
    expect([...slots].filter((word, i) => i % 2 === 1 && gone.has(word))).toEqual([]);
  }
});

test("only places of forgotten people change, and files without any are not written again", () => {
  cpSync(join(root, "epoch-1"), join(root, "old"), { recursive: true });
  const inode = statSync(join(root, "epoch-1", "plane-0-3")).ino;
  scrub(new Set([5]));
  const [before, after] = [filesOf(join(root, "old")), filesOf(join(root, "epoch-1"))];
  expect([...after.keys()]).toEqual([...before.keys()]);
  const changed: string[] = [];
  for (const [name, bytes] of after) {
    const old = before.get(name)!;
    if (name === "manifest" || bytes.equals(old)) continue;
    changed.push(name);
    expect(bytes.length).toBe(old.length);
    const places = [...bytes.keys()].filter((at) => bytes[at] !== old[at]);
    for (const at of places) {
      if (name === "plane-0-0" || name === "plane-1-0") expect((at - headerBytes) >> 2).toBe(5);
      else if (name === "home-0") expect((at - headerBytes) >> 1).toBe(5);
      else if (name === "people-0") expect(bytes[at]! ^ old[at]!).toBe(1 << 5);
      else expect(old.readUInt32LE((at & ~7) + 4), `${name} at ${at}`).toBe(5);
    }
  }
  expect(changed.filter((name) => !name.startsWith("table")).sort()).toEqual([
    ...(truth.areas[5] === 0 ? [] : ["home-0"]),
    ...["people-0", "plane-0-0", "plane-1-0"],
  ]);
  expect(statSync(join(root, "epoch-1", "plane-0-3")).ino).toBe(inode);
  for (const name of after.keys()) {
    expect(statSync(join(root, "epoch-1", name)).mode & 0o777).toBe(0o400);
  }
});

test("a rewritten snapshot is the same one to whoever counts over it", () => {
  const digest = () => {
    const read = readSealed(join(root, "epoch-1", "manifest"), trust);
    return read.ok ? read.digest : "";
  };
  const before = digest();
  scrub();
  expect(digest()).toBe(before);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
});

test("the counting child counts nobody who was forgotten", () => {
  const terms = [{ all: [], none: [] }];
  const ask = {
    ...{ snapshotsFolder: root, forgetLog: join(root, "log"), trust, nowMs: testNowMs },
    ...{ manifestDigest: "", crowdKey: testIdentifierKey, epoch: 1 as Epoch },
    audiences: [{ agency: 1 as AgencyId, terms, judged: true }],
  };
  const rule = crowdRuleOf(testIdentifierKey, Math.floor(testNowMs / 86_400_000));
  const people = image.peopleCount + rule.noiseOf(termDigest(terms[0]!)) - crowdMarginPeople;
  const judge = (minimum: number) => judgeAudiences(ask, minimum);
  expect(judge(people)).toMatchObject({ judged: [{ verdict: "certified" }] });
  scrub();
  expect(judge(people - 4)).toMatchObject({ judged: [{ verdict: "certified" }] });
  expect(judge(people - 3)).toMatchObject({ judged: [{ verdict: "refused" }] });
});

test("a damaged snapshot is refused and stays as it is, with nothing beside it", () => {
  const path = join(root, "epoch-1", "table-1");
  const bytes = readFileSync(path);
  bytes[headerBytes + 3]! ^= 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
  expect(scrub()).toMatchObject({ ok: false, code: "changed" });
  expect(readdirSync(root)).toEqual(["epoch-1"]);
  expect(manifest().forgetSequence).toBe(0);
  const other = testSigningKeys(2);
  const refusal = scrubSnapshot(root, 1, { ordinals: gone }, 9, testTrust(other), other);
  expect(refusal).toMatchObject({ ok: false, code: "unknown_key" });
});

test("a crash between the two renames is mended by the next look, with the new epoch", () => {
  cpSync(join(root, "epoch-1"), join(root, ".replaced-1"), { recursive: true });
  scrub();
  expect(readdirSync(root)).toEqual(["epoch-1"]);
  // What the disk holds after the first rename.
  renameSync(join(root, "epoch-1"), join(root, ".scrubbed-1"));
  writeSnapshot(root, image, smallFacts(segmentCount), keys);
  renameSync(join(root, "epoch-1"), join(root, ".replaced-1"));
  settleReplaced(root);
  expect(readdirSync(root)).toEqual(["epoch-1"]);
  expect(manifest().forgetSequence).toBe(9);
  // Before it: the rewrite is done again, the old one stays until then.
  cpSync(join(root, "epoch-1"), join(root, ".scrubbed-1"), { recursive: true });
  settleReplaced(root);
  expect(existsSync(join(root, ".scrubbed-1"))).toBe(true);
  scrub();
  expect(readdirSync(root)).toEqual(["epoch-1"]);
  // Nothing but the old one is left.
  renameSync(join(root, "epoch-1"), join(root, ".replaced-1"));
  settleReplaced(root);
  expect(readdirSync(root)).toEqual(["epoch-1"]);
  settleReplaced(join(root, "none"));
});

test("every epoch loses whomever the log names behind its own sequence, and says so", () => {
  const second = smallImage(2, people, segmentCount, 2);
  writeSnapshot(root, second.image, smallFacts(segmentCount, { forgetSequence: 2 }), keys);
  const log = join(root, "log");
  appendForget(log, [5, 8] as Ordinal[]);
  appendForget(log, [9] as Ordinal[]);
  expect(scrubSnapshots(order())).toEqual({ epochs: 2, refused: [] });
  expect([manifest(1).forgetSequence, manifest(2).forgetSequence]).toEqual([3, 3]);
  expect(image.peopleCount - manifest(1).peopleCount).toBe(3);
  // 5 and 8 are in the second one again, by right: it was built after they had gone.
  expect(second.image.peopleCount - manifest(2).peopleCount).toBe(1);
  const untouched = statSync(join(root, "epoch-1", "manifest")).ino;
  expect(scrubSnapshots(order())).toEqual({ epochs: 2, refused: [] });
  expect(statSync(join(root, "epoch-1", "manifest")).ino).toBe(untouched);
  rmSync(join(root, "epoch-2", "people-0"));
  appendForget(log, [10] as Ordinal[]);
  expect(scrubSnapshots(order())).toMatchObject({ epochs: 2, refused: [{ epoch: 2 }] });
  expect(manifest(1).forgetSequence).toBe(4);
});

test("merges come with their epoch, without whoever is forgotten", () => {
  const pairs = [...[9, 3], ...[5, 4], ...[12, 3], ...[20, 63], ...[7, 2]];
  const merges = mergesPart(pairs, 1 as Epoch)!;
  rmSync(join(root, "epoch-1"), { recursive: true });
  writeSnapshot(root, { ...image, merges }, smallFacts(segmentCount), keys);
  const into = (ordinal: number): number[] => {
    const { merges: merged } = load();
    const earlier: number[] = [];
    for (let i = merged.firstInto(ordinal); merged.isInto(i, ordinal); i++) {
      earlier.push(merged.earlier(i));
    }
    return earlier;
  };
  expect(manifest().mergeCount).toBe(5);
  expect([1, 2, 3, 4, 63, 64].map(into)).toEqual([[], [7], [9, 12], [5], [20], []]);
  expect(scrub()).toEqual({ ok: true });
  expect([1, 2, 3, 4, 63, 64].map(into)).toEqual([[], [7], [9, 12], [], [], []]);
  const words = new Uint32Array(load().parts.merges![0]!, headerBytes);
  for (const word of words) expect(gone.has(word)).toBe(false);
});
