import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Epoch, Ordinal } from "../base/ids.js";
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
import { writeSnapshot } from "./snapshot-write.js";
import { type CountRequest, judgeTerms } from "./term-count.js";

const people = 500;
const segmentCount = 70;
const keys = testSigningKeys(1);
const root = mkdtempSync(join(tmpdir(), "crowdbid-count-"));
const { image, truth } = smallImage(1, people, segmentCount);
const forgotten = [2, 3, 64, 65, 499];

const requestOf = (terms: readonly AudienceTerm[]): CountRequest => ({
  snapshotsFolder: root,
  forgetLog: join(root, "forget.log"),
  trust: testTrust(keys),
  epoch: 1 as Epoch,
  nowMs: testNowMs,
  terms,
});

beforeAll(() => {
  writeSnapshot(root, image, smallFacts(segmentCount), keys);
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
