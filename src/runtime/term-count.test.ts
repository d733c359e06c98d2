import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgencyId, Epoch, Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { AudienceTerm } from "../campaign/audience.js";
import {
  smallFacts,
  smallImage,
  testNowMs,
  testSigningKeys,
  testTrust,
} from "../testing/small-snapshot.js";
import { appendForget } from "./forget-log.js";
import { readSealed } from "./snapshot-read.js";
import { writeSnapshot } from "./snapshot-write.js";
import { type CountRequest, judgeTerms } from "./term-count.js";

const people = 500;
const segmentCount = 70;
const keys = testSigningKeys(1);
const root = mkdtempSync(join(tmpdir(), "crowdbid-count-"));
const { image, truth } = smallImage(1, people, segmentCount);
/** Group 9 is theirs alone. */
const agencies = [1, 4];
const forgotten = [2, 3, 64, 65, 499];

const agency = 1 as AgencyId;
const requestOf = (terms: readonly AudienceTerm[], by = agency): CountRequest => ({
  snapshotsFolder: root,
  forgetLog: join(root, "forget.log"),
  trust: testTrust(keys),
  epoch: 1 as Epoch,
  nowMs: testNowMs,
  manifestDigest: "",
  terms: terms.map((term) => ({ ...term, agency: by })),
});

beforeAll(() => {
  const { segments } = smallFacts(segmentCount);
  const shared = segments.map((one) => (one.name === "group.s9" ? { ...one, agencies } : one));
  writeSnapshot(root, image, smallFacts(segmentCount, { segments: shared }), keys);
  appendForget(join(root, "forget.log"), forgotten as Ordinal[]);
});
afterAll(() => rmSync(root, { recursive: true }));

/** Counts by looking at every person in turn, as the words of the rule say. */
function bruteForce(term: AudienceTerm): number {
  const has = (n: number, name: string): boolean => {
    const s = Number(name.slice("group.s".length));
    return ((truth.rows[n]![s >>> 5]! >>> (s & 31)) & 1) === 1;
  };
  let count = 0;
  for (let n = 1; n <= people; n++) {
    if (n % 7 === 0 || forgotten.includes(n)) continue;
    if (term.all.every((s) => has(n, s)) && !term.none.some((s) => has(n, s))) count++;
  }
  return count;
}

test("a term is certified up to its exact count and not one person above, for random terms", () => {
  const random = new SeededRandom(17);
  const name = (): string => `group.s${random.below(segmentCount)}`;
  const terms: AudienceTerm[] = [{ all: [], none: [] }];
  for (let i = 0; i < 60; i++) {
    const all = Array.from({ length: random.below(4) }, name);
    terms.push({ all, none: Array.from({ length: random.below(3) }, name) });
  }
  for (const term of terms) {
    const count = bruteForce(term);
    const verdictsAt = (minimum: number): unknown => judgeTerms(requestOf([term]), minimum);
    expect(verdictsAt(count)).toMatchObject({ verdicts: ["certified"] });
    expect(verdictsAt(count + 1)).toMatchObject({ verdicts: ["below_crowd_minimum"] });
  }
});

test("many terms are judged in one pass, in their order, unknown segments among them", () => {
  const terms = [
    { all: ["group.s1"], none: [] },
    { all: ["gone"], none: [] },
    { all: ["group.s1", "group.s40", "group.s69"], none: ["group.s2"] },
  ];
  const minimum = bruteForce(terms[0]!);
  expect(judgeTerms(requestOf(terms), minimum)).toEqual({
    ok: true,
    epoch: 1,
    verdicts: ["certified", "unknown_segment", "below_crowd_minimum"],
  });
});

test("others' own segment is never counted, in any place of a term", () => {
  const terms = [
    { all: ["group.s9"], none: [] },
    { all: ["group.s1"], none: ["group.s9"] },
    { all: ["group.s1"], none: [] },
  ];
  const verdictsOf = (by: number) => judgeTerms(requestOf(terms, by as AgencyId), 1);
  for (const by of agencies) {
    expect(verdictsOf(by)).toMatchObject({ verdicts: terms.map(() => "certified") });
  }
  for (const by of [0, 2, 5]) {
    expect(verdictsOf(by)).toMatchObject({
      verdicts: ["unknown_segment", "unknown_segment", "certified"],
    });
  }
});

test("the files of another snapshot under the same epoch give no verdict", () => {
  const asked = requestOf([{ all: [], none: [] }]);
  expect(judgeTerms({ ...asked, manifestDigest: "0".repeat(64) }, 1)).toMatchObject({
    ...{
      ok: false,
      code: "changed",
      words: "epoch 1 is not the one that was loaded: it was exchanged",
    },
  });
  const read = readSealed(join(root, "epoch-1", "manifest"), asked.trust);
  const manifestDigest = read.ok ? read.digest : "";
  expect(judgeTerms({ ...asked, manifestDigest }, 1)).toMatchObject({ ok: true });
});

test("without another order the crowd minimum is 100,000", () => {
  const answer = judgeTerms(requestOf([{ all: [], none: [] }]));
  expect(answer).toMatchObject({ verdicts: ["below_crowd_minimum"] });
});

test("planes or people that were changed after signing give no verdict at all", () => {
  for (const name of ["plane-1-2", "people-0"]) {
    const path = join(root, "epoch-1", name);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[66]! ^= 1;
    chmodSync(path, 0o600);
    writeFileSync(path, changed);
    const answer = judgeTerms(requestOf([{ all: ["group.s33"], none: [] }]), 1);
    expect(answer).toMatchObject({ ok: false, code: "changed" });
    writeFileSync(path, bytes);
  }
});
