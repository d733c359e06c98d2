import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { crowdMarginPeople } from "../base/crowd-minimum.js";
import type { AgencyId, Epoch, Ordinal } from "../base/ids.js";
import { SeededRandom } from "../base/random.js";
import type { AudienceTerm } from "../campaign/audience.js";
import {
  audienceSetDigest,
  crowdRuleOf,
  differenceDigest,
  termDigest,
} from "../campaign/crowd-rule.js";
import { testIdentifierKey } from "../testing/in-process.js";
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
import { type CountAnswer, type CountRequest, judgeAudiences } from "./term-count.js";

const people = 500;
const segmentCount = 70;
const keys = testSigningKeys(1);
const root = mkdtempSync(join(tmpdir(), "crowdbid-count-"));
const { image, truth } = smallImage(1, people, segmentCount);
/** Group 9 is theirs alone. */
const agencies = [1, 4];
const forgotten = [2, 3, 64, 65, 499];

const agency = 1 as AgencyId;
const requestOf = (audiences: readonly (readonly AudienceTerm[])[], by = agency): CountRequest => ({
  snapshotsFolder: root,
  forgetLog: join(root, "forget.log"),
  trust: testTrust(keys),
  crowdKey: testIdentifierKey,
  epoch: 1 as Epoch,
  nowMs: testNowMs,
  manifestDigest: "",
  audiences: audiences.map((terms) => ({ agency: by, terms, judged: true })),
});
const alone = (terms: readonly AudienceTerm[]): CountRequest =>
  requestOf(terms.map((term) => [term]));
const { noiseOf } = crowdRuleOf(testIdentifierKey, Math.floor(testNowMs / 86_400_000));
const wordsOf = (answer: CountAnswer): readonly string[] =>
  answer.ok ? answer.judged.map(({ verdict }) => verdict) : [answer.words];

beforeAll(() => {
  const { segments } = smallFacts(segmentCount);
  const shared = segments.map((one) => (one.name === "group.s9" ? { ...one, agencies } : one));
  writeSnapshot(root, image, smallFacts(segmentCount, { segments: shared }), keys);
  appendForget(join(root, "forget.log"), forgotten as Ordinal[]);
});
afterAll(() => rmSync(root, { recursive: true }));

const named = (name: string): AudienceTerm => ({ all: [name], none: [] });

/** By number of a home area; "" is nobody's home. */
const areaNames = ["", ...smallFacts(1).areas];

/** Counts by looking at every person in turn, as the words of the rule say. */
function bruteForce(term: AudienceTerm): number {
  const has = (n: number, name: string): boolean => {
    const s = Number(name.slice("group.s".length));
    return ((truth.rows[n]![s >>> 5]! >>> (s & 31)) & 1) === 1;
  };
  let count = 0;
  for (let n = 1; n <= people; n++) {
    if (n % 7 === 0 || forgotten.includes(n)) continue;
    const home = areaNames[truth.areas[n]!]!;
    if (term.areas?.includes(home) === false) continue;
    if (term.all.every((s) => has(n, s)) && !term.none.some((s) => has(n, s))) count++;
  }
  return count;
}

/** The largest minimum that so many people of a set meet today. */
const highestMet = (count: number, digest: Uint8Array): number =>
  count + noiseOf(digest) - crowdMarginPeople;

test("a term is certified up to its noisy count and not one person above, for random terms", () => {
  const random = new SeededRandom(17);
  const name = (): string => `group.s${random.below(segmentCount)}`;
  const terms: AudienceTerm[] = [{ all: [], none: [] }];
  for (let i = 0; i < 60; i++) {
    const all = Array.from({ length: random.below(4) }, name);
    const areas = areaNames.slice(1).filter(() => random.below(2) === 0);
    const where = i % 3 === 0 || areas.length === 0 ? {} : { areas: areas.sort() };
    terms.push({ all, none: Array.from({ length: random.below(3) }, name), ...where });
  }
  for (const term of terms) {
    const met = highestMet(bruteForce(term), termDigest(term));
    expect(wordsOf(judgeAudiences(alone([term]), met))).toEqual(["certified"]);
    expect(wordsOf(judgeAudiences(alone([term]), met + 1))).toEqual(["refused"]);
  }
});

test("an audience differs from one before it by a noisy crowd, either way", () => {
  const [first, second] = [named("group.s1"), named("group.s2")];
  const audiences = [[first], [first, second]];
  const minimum = (terms: readonly AudienceTerm[]): number =>
    Math.min(...terms.map((term) => highestMet(bruteForce(term), termDigest(term))));
  const only = { all: ["group.s2"], none: ["group.s1"] };
  const [a, b] = audiences.map(audienceSetDigest);
  const met = highestMet(bruteForce(only), differenceDigest(b!, a!));
  // The first is in the second, whoever the people are: that difference is never asked for.
  expect(met).toBeLessThan(minimum([first, second]));
  expect(wordsOf(judgeAudiences(requestOf(audiences), met))).toEqual(["certified", "certified"]);
  expect(wordsOf(judgeAudiences(requestOf(audiences), met + 1))).toEqual(["certified", "refused"]);
  const other = { agency: 7 as AgencyId, terms: audiences[1]!, judged: true };
  const apart = { ...requestOf(audiences.slice(0, 1)) };
  const twoAgencies = { ...apart, audiences: [...apart.audiences, other] };
  expect(wordsOf(judgeAudiences(twoAgencies, met + 1))).toEqual(["certified", "certified"]);
});

test("an audience that leaves an area out differs by those who surely live there", () => {
  const anywhere = named("group.s1");
  const elsewhere = { ...anywhere, areas: ["east", "south"] };
  const audiences = [[anywhere], [elsewhere]];
  const [a, b] = audiences.map(audienceSetDigest);
  const inNorth = bruteForce({ ...anywhere, areas: ["north"] });
  const met = highestMet(inNorth, differenceDigest(a!, b!));
  expect(wordsOf(judgeAudiences(requestOf(audiences), met))).toEqual(["certified", "certified"]);
  expect(wordsOf(judgeAudiences(requestOf(audiences), met + 1))).toEqual(["certified", "refused"]);
});

test("audiences of different homes share nobody, and an area that is gone has nobody", () => {
  const at = (...areas: string[]) => [{ ...named("group.s1"), areas }];
  const minimum = Math.min(
    ...[at("north"), at("south")].map(([term]) => highestMet(bruteForce(term!), termDigest(term!))),
  );
  const apart = requestOf([at("north"), at("south")]);
  expect(wordsOf(judgeAudiences(apart, minimum))).toEqual(["certified", "certified"]);
  expect(wordsOf(judgeAudiences(requestOf([at("west")]), 0))).toEqual(["refused"]);
});

test("many audiences are judged in one pass, in their order, unknown segments among them", () => {
  const terms = [
    named("group.s1"),
    named("gone"),
    { all: ["group.s1", "group.s40", "group.s69"], none: ["group.s2"] },
  ];
  const standing = { agency, terms: [named("group.s3")], judged: false };
  const { audiences, ...request } = alone(terms);
  const minimum = highestMet(bruteForce(terms[0]!), termDigest(terms[0]!));
  const answer = judgeAudiences({ ...request, audiences: [...audiences, standing] }, minimum);
  expect(answer).toMatchObject({ ok: true, epoch: 1, forgetSequence: forgotten.length });
  expect(wordsOf(answer)).toEqual(["certified", "unknown_segment", "refused"]);
});

test("others' own segment is never counted, in any place of a term", () => {
  const terms = [
    named("group.s9"),
    { all: ["group.s1"], none: ["group.s9"] },
    { all: ["group.s40"], none: [] },
  ];
  const verdictsOf = (by: number) => {
    const request = requestOf(
      terms.map((term) => [term]),
      by as AgencyId,
    );
    return wordsOf(judgeAudiences(request, -2 * crowdMarginPeople));
  };
  for (const by of agencies) expect(verdictsOf(by)).toEqual(terms.map(() => "certified"));
  for (const by of [0, 2, 5]) {
    expect(verdictsOf(by)).toEqual(["unknown_segment", "unknown_segment", "certified"]);
  }
});

test("the files of another snapshot under the same epoch give no verdict", () => {
  const asked = alone([{ all: [], none: [] }]);
  expect(judgeAudiences({ ...asked, manifestDigest: "0".repeat(64) }, 1)).toMatchObject({
    ...{
      ok: false,
      code: "changed",
      words: "epoch 1 is not the one that was loaded: it was exchanged",
    },
  });
  const read = readSealed(join(root, "epoch-1", "manifest"), asked.trust);
  const manifestDigest = read.ok ? read.digest : "";
  expect(judgeAudiences({ ...asked, manifestDigest }, 1)).toMatchObject({ ok: true });
});

test("without another order the crowd minimum is 100,000", () => {
  const everybody = alone([{ all: [], none: [] }]);
  expect(wordsOf(judgeAudiences(everybody))).toEqual(["refused"]);
});

test("planes or people that were changed after signing give no verdict at all", () => {
  for (const name of ["plane-1-2", "people-0", "home-1"]) {
    const path = join(root, "epoch-1", name);
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[66]! ^= 1;
    chmodSync(path, 0o600);
    writeFileSync(path, changed);
    const answer = judgeAudiences(alone([{ ...named("group.s33"), areas: ["east"] }]), 1);
    expect(answer).toMatchObject({ ok: false, code: "changed" });
    writeFileSync(path, bytes);
  }
});
