import { crowdMarginPeople } from "../../src/base/crowd-minimum.js";
import { sipKeyFrom } from "../../src/base/hash.js";
import type { AgencyId } from "../../src/base/ids.js";
import { crowdMinimumPeople } from "../../src/base/limits.js";
import { SeededRandom } from "../../src/base/random.js";
import type { AudienceTerm } from "../../src/campaign/audience.js";
import { CrowdCounter } from "../../src/campaign/crowd-counter.js";
import { judgeCounted, planCount } from "../../src/campaign/crowd-plan.js";
import { crowdRuleOf } from "../../src/campaign/crowd-rule.js";
import { type Bend, crowdCases, type Subject, subjectOf } from "./crowd-cases.js";
import { certifiedOf, smallestShown } from "./crowd-oracle.js";
import type { Proof, ProofRow } from "./proof.js";

const seed = 5;

type Tried = {
  readonly cases: number;
  readonly certified: number;
  readonly refused: number;
  /** Cases that show a set of fewer people than the minimum. */
  readonly below: number;
  /** Cases whose verdicts are not those of the rule's words. */
  readonly wrong: number;
};

/** Stops at the first case that is wrong where only that is asked. */
function trySubject(subject: Subject, count: number, untilWrong = false): Tried {
  const tried = { cases: 0, certified: 0, refused: 0, below: 0, wrong: 0 };
  for (const one of crowdCases(seed, count)) {
    const { crowd, audiences, sets, minimum, noise } = one;
    const verdicts = subject(one);
    const right = certifiedOf(sets, (n) => n + noise >= minimum + crowdMarginPeople);
    const isWrong =
      verdicts.length !== right.length || verdicts.some((verdict, i) => verdict !== right[i]);
    tried.cases++;
    tried.certified += verdicts.filter((verdict) => verdict).length;
    tried.refused += verdicts.filter((verdict) => !verdict).length;
    if (smallestShown(crowd, audiences, verdicts) < minimum) tried.below++;
    if (isWrong) tried.wrong++;
    if (isWrong && untilWrong) break;
  }
  return tried;
}

/** A set nobody of whom is in another one passes for any crowd. */
const emptyPasses: Bend["counter"] = ({ audiencePeople, pairPeople }, { order }) => {
  for (const [p, [earlier, later]] of order.pairs.entries()) {
    const shared = pairPeople[p]!;
    const isEmpty = [earlier, later].some((one) => audiencePeople[one] === shared);
    if (isEmpty) pairPeople[p] = Number.NEGATIVE_INFINITY;
  }
};

/** The rule with one thing wrong, each of which somebody might write. */
const mutants: Readonly<Record<string, Bend>> = {
  ">= becomes >": { admits: (n, noise, minimum) => n + noise > minimum + crowdMarginPeople },
  ">= becomes <": { admits: (n, noise, minimum) => n + noise < minimum + crowdMarginPeople },
  "no margin": { admits: (n, noise, minimum) => n + noise >= minimum },
  "no noise": { admits: (n, _, minimum) => n >= minimum },
  "no pairs": { plan: (plan) => ({ ...plan, order: { ...plan.order, pairs: [] } }) },
  "no pairs where both are asked about": {
    plan: (plan) => {
      const isCut = (place: number): boolean => plan.known[place]?.cutOf !== undefined;
      const pairs = plan.order.pairs.filter((pair) => !pair.some(isCut));
      return { ...plan, order: { ...plan.order, pairs } };
    },
  },
  "the last term dropped": {
    plan: (plan) => ({
      ...plan,
      known: plan.known.map((one) => ({
        ...one,
        terms: one.terms.length > 1 ? one.terms.slice(0, -1) : one.terms,
      })),
    }),
  },
  "the whole in place of its terms": {
    counter: ({ termPeople, audiencePeople }, { order }) => {
      for (const [a, places] of order.audiences.entries()) {
        for (const t of places) termPeople[t] = Math.max(termPeople[t]!, audiencePeople[a]!);
      }
    },
  },
  "a difference that happens to be empty passes": { counter: emptyPasses },
};

/** Planes in which a term, a term with "none", and a difference have exactly `people` people. */
function realCounts(
  people: number,
): readonly [string, CrowdCounter, ReturnType<typeof planCount>][] {
  const [all, wide] = [400_000, 300_000];
  const words = new Uint32Array(all);
  for (let i = 0; i < all; i++) {
    // s0: `people`; s1: all; s2: all but `people`; s3: a crowd of which they are part.
    words[i] = (i < people ? 1 : 4) | 2 | (i < wide ? 8 : 0);
  }
  const dictionary = [0, 1, 2, 3].map((k) => ({ name: `s${k}`, agencies: [] }));
  const term = (...names: string[]): AudienceTerm => ({
    all: names.filter((name) => !name.startsWith("!")),
    none: names.filter((name) => name.startsWith("!")).map((name) => name.slice(1)),
  });
  const audience = (...terms: AudienceTerm[]) => ({
    ...{ agency: 1 as AgencyId, terms, judged: true },
  });
  const shapes = {
    "a term": [audience(term("s0"))],
    "a term with none": [audience(term("s1", "!s2"))],
    "a term beside a large one": [audience(term("s0"), term("s3", "!s0"))],
    "a pair": [audience(term("s2")), audience(term("s1"), term("s2"))],
  };
  return Object.entries(shapes).map(([name, audiences]) => {
    const plan = planCount(audiences, dictionary);
    const counter = new CrowdCounter(plan.order, all);
    counter.addBlock([words], new Uint32Array(all / 32).fill(0xffff_ffff), all);
    return [name, counter, plan];
  });
}

/** Of the last audience of each shape under many keys: how many are certified. */
function realCertified(people: number, keys: number): { certified: number; tried: number } {
  const random = new SeededRandom(seed);
  let [certified, tried] = [0, 0];
  for (const [, counter, plan] of realCounts(people)) {
    for (let i = 0; i < keys; i++) {
      const key = sipKeyFrom(Uint8Array.from({ length: 16 }, () => random.below(256)));
      const verdicts = judgeCounted(plan, counter, crowdRuleOf(key, i));
      if (verdicts.at(-1)?.verdict === "certified") certified++;
      tried++;
    }
  }
  return { certified, tried };
}

function realRows(keys: number): readonly ProofRow[] {
  const test = `a term, with none, beside a large one, a pair, ${keys} keys each`;
  const promise = "of the real minimum no set of 99,999 passes and every one of 100,356 does";
  const wanted = { [crowdMinimumPeople - 1]: 0, [crowdMinimumPeople]: 0, [100_356]: 1 };
  const figures: string[] = [];
  let holds = true;
  for (const [people, share] of Object.entries(wanted)) {
    const { certified, tried } = realCertified(Number(people), keys);
    figures.push(`${Number(people).toLocaleString("en-US")}: ${certified} of ${tried}`);
    holds &&= certified === share * tried;
  }
  return [{ promise, test, figure: figures.join("; "), holds }];
}

/** Terms and one-way differences against people who are asked one by one. */
export const crowd: Proof = {
  name: "crowd",
  run: (size) => {
    const full = size === "full";
    const tried = trySubject(subjectOf(), full ? 100_000 : 5000);
    const caught = Object.entries(mutants).filter(
      ([, bend]) => trySubject(subjectOf(bend), full ? 20_000 : 3000, true).wrong > 0,
    );
    const missed = Object.keys(mutants).filter((name) => !caught.some(([one]) => one === name));
    const { cases, certified, refused, below, wrong } = tried;
    const found = `${certified} certified, ${refused} not`;
    return [
      {
        promise: "no term and no difference of two audiences of an agency is below the minimum",
        test:
          `random expressions, neighbours and places, ${cases} cases on either side of ` +
          "the minimum",
        figure: `${below} below, ${wrong} other than the words; ${found}`,
        holds: below === 0 && wrong === 0 && certified > cases / 5 && refused > cases / 5,
      },
      {
        promise: "a rule with one thing wrong is noticed",
        test: `the same cases against ${Object.keys(mutants).length} mutants`,
        figure: `${caught.length} caught${missed.map((name) => `, not: ${name}`).join("")}`,
        holds: missed.length === 0,
      },
      ...realRows(full ? 20_000 : 500),
    ];
  },
};
