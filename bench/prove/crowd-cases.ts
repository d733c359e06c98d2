import { bitWords } from "../../src/base/bitset.js";
import { crowdMarginPeople } from "../../src/base/crowd-minimum.js";
import type { AgencyId } from "../../src/base/ids.js";
import { SeededRandom } from "../../src/base/random.js";
import { atHomeIn, normalise } from "../../src/campaign/audience.js";
import { CrowdCounter } from "../../src/campaign/crowd-counter.js";
import { type CountPlan, judgeCounted, planCount } from "../../src/campaign/crowd-plan.js";
import type { CrowdRule } from "../../src/campaign/crowd-rule.js";
import type { AudienceExpression } from "../../src/campaign/model.js";
import { HomeMarks } from "../../src/runtime/home-marks.js";
import { type Aimed, type Crowd, homeOf, type Sets, setsOf } from "./crowd-oracle.js";

/** One agency's audiences over a small crowd, with a minimum that one of their sets straddles. */
export type CrowdCase = {
  readonly crowd: Crowd;
  readonly audiences: readonly Aimed[];
  readonly sets: readonly Sets[];
  readonly minimum: number;
  /** Every draw of this case. */
  readonly noise: number;
};

const segments = 6;
const peopleMax = 1200;
const areaNames = ["a1", "a2", "a3"];
/** People of a set above the minimum: below, at, and on either side of what each noise admits. */
const straddled = [-1, 0, 1, 177, 178, 179, 355, 356, 357];
const noises = [-crowdMarginPeople, -1, 0, 1, crowdMarginPeople];

export function* crowdCases(seed: number, count: number): Generator<CrowdCase> {
  const random = new SeededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  let crowd = crowdOf(random);
  for (let i = 0; i < count; i++) {
    if (i % 20 === 0) crowd = crowdOf(random);
    const isPlaced = random.below(2) === 0;
    const aim = (expression: AudienceExpression): Aimed => {
      const areas = isPlaced && random.below(3) > 0 ? 2 * (1 + random.below(7)) : null;
      return { expression, areas };
    };
    const audiences = [aim(expressionOf(random, 3))];
    for (let more = random.below(3); more > 0; more--) {
      audiences.push(aim(relatedTo(pick(audiences).expression, random)));
    }
    const sets = setsOf(crowd, audiences);
    const sizes = sets.flatMap(({ terms, differences }) => [
      ...terms,
      ...differences.map(([, people]) => people),
    ]);
    // A set at random half of the time, else the smallest that is one at all.
    const nobody = sizes.every((people) => people === 0);
    const smallest = Math.min(...sizes.filter((people) => nobody || people > 0));
    const size = random.below(2) === 0 ? pick(sizes) : smallest;
    const minimum = Math.max(1, (Number.isFinite(size) ? (size ?? 1) : 1) - pick(straddled));
    yield { crowd, audiences, sets, minimum, noise: pick(noises) };
  }
}

function crowdOf(random: SeededRandom): Crowd {
  const people = new Uint8Array(1 + random.below(peopleMax));
  const shares = Array.from({ length: segments }, () => 0.1 + 0.85 * random.fraction());
  for (let i = 0; i < people.length; i++) {
    for (const [k, share] of shares.entries()) {
      if (random.fraction() < share) people[i] = people[i]! | (1 << k);
    }
    people[i] = people[i]! | (random.below(areaNames.length + 1) << segments);
  }
  return { people, segments };
}

function expressionOf(random: SeededRandom, depth: number): AudienceExpression {
  if (depth === 0 || random.below(3) === 0) return `s${random.below(segments)}`;
  const parts = Array.from({ length: 1 + random.below(2) }, () => expressionOf(random, depth - 1));
  return [{ all: parts }, { any: parts }, { none: parts }][random.below(3)]!;
}

/** A neighbour: narrower, wider, without some, or anything. */
function relatedTo(other: AudienceExpression, random: SeededRandom): AudienceExpression {
  const one = expressionOf(random, 1);
  return [
    { all: [other, one] },
    { any: [other, one] },
    { all: [other, { none: [one] }] },
    expressionOf(random, 2),
  ][random.below(4)]!;
}

/** What is tried: the certified ones of a case, in its order. */
export type Subject = (one: CrowdCase) => readonly boolean[];

/** A step of the subject that a mutant does otherwise. */
export type Bend = {
  readonly audiences?: (one: CrowdCase["audiences"]) => CrowdCase["audiences"];
  readonly plan?: (plan: CountPlan) => CountPlan;
  readonly counter?: (counter: CrowdCounter, plan: CountPlan) => void;
  readonly admits?: CrowdRule["admits"];
};

/** The program's own way from expressions to verdicts, over planes in memory. */
export const subjectOf =
  (bend: Bend = {}): Subject =>
  ({ crowd, audiences, minimum, noise }) => {
    const { people } = crowd;
    const dictionary = Array.from({ length: segments }, (_, k) => ({
      ...{ name: `s${k}`, agencies: [] },
    }));
    const asked = audiences.map(({ expression, areas }) => {
      const normal = normalise(expression);
      if (!normal.ok) throw new Error(normal.why);
      const named = areaNames.filter((_, a) => (((areas ?? 0) >> (a + 1)) & 1) === 1);
      const { terms } = atHomeIn(normal.audience, areas === null ? null : named);
      return { agency: 1 as AgencyId, terms, judged: true };
    });
    const planned = planCount(asked, dictionary, areaNames);
    const plan = bend.plan?.(planned) ?? planned;
    const counter = new CrowdCounter(plan.order, people.length);
    const everybody = new Uint32Array(bitWords(people.length)).fill(0xffff_ffff);
    const homes = Uint16Array.from(people, (bits) => homeOf(crowd, bits));
    const marks = new HomeMarks(homes, plan.areaSets, people.length).of(0, people.length);
    counter.addBlock([Uint32Array.from(people)], everybody, people.length, marks);
    bend.counter?.(counter, plan);
    const { admits } = bend;
    const rule: CrowdRule = {
      ...{ minimum, noiseOf: () => noise },
      ...(admits === undefined ? {} : { admits }),
    };
    return judgeCounted(plan, counter, rule).map(({ verdict }) => verdict === "certified");
  };
