import { bitWords, clearBit, countBits, countOnes, hasBit, setBit } from "../../src/base/bitset.js";
import { sipKeyFrom } from "../../src/base/hash.js";
import type { AgencyId } from "../../src/base/ids.js";
import { SeededRandom } from "../../src/base/random.js";
import { atHomeIn, type CanonicalAudience, normalise } from "../../src/campaign/audience.js";
import {
  type CrowdAudience,
  type CrowdRule,
  crowdRuleOf,
  judgeCrowds,
  setsToCount,
} from "../../src/campaign/crowd-rule.js";
import type { AudienceExpression } from "../../src/campaign/model.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";

/**
 * An agency that wants one bit of one person: whether the victim is in the segment `secret`. It
 * knows everything else of everybody, may have its audiences judged, and sees the verdicts. Each
 * attack is tried in two worlds that differ in that bit alone; it wins where the verdicts differ.
 */
/** Whole words, so that no bit stands for nobody. */
const peopleCount = 32 * 190;
/** Scaled; the margin of the noise is not. */
const minimum = 1000;
const victim = 0;

type Attack = {
  readonly name: string;
  /** Audiences in the order in which they are asked for. */
  readonly audiences: (world: World) => readonly Wish[];
};
/** Anywhere, or aimed at areas: people in the segment of an area's name live there. */
type Wish = AudienceExpression | { readonly wish: AudienceExpression; readonly areas: string[] };
/** Segments as bitsets of the people in them. */
type World = { readonly segments: ReadonlyMap<string, Uint32Array>; readonly random: SeededRandom };

/** `one` is the victim alone as far as the agency knows, written as a conjunction of its traits. */
const one: AudienceExpression = { all: ["trait.a", "trait.b", "trait.c"] };
const secretOf = (expression: AudienceExpression): AudienceExpression => ({
  all: [expression, "secret"],
});
const not = (expression: AudienceExpression): AudienceExpression => ({ none: [expression] });

const attacks: readonly Attack[] = [
  {
    name: "tracker",
    audiences: () => [
      "crowd",
      { any: [secretOf(one), "crowd"] },
      { any: [secretOf(one), not("crowd")] },
      not("crowd"),
    ],
  },
  {
    name: "padding with or",
    audiences: () => [{ any: [secretOf(one), "crowd", "other"] }, { any: ["crowd", "other"] }],
  },
  {
    name: "list minus one",
    audiences: () => [
      { all: ["secret", "list"] },
      { all: ["secret", "list-minus-one"] },
      { all: ["list", "secret"] },
    ],
  },
  {
    name: "exclusion pair",
    audiences: () => ["secret", { all: ["secret", not(one)] }],
  },
  {
    name: "exclusion pair over places",
    audiences: () => [
      ...["secret", { wish: { all: ["secret", not(one)] }, areas: ["area.x"] }],
      { wish: { all: ["list", "secret"] }, areas: ["area.x"] },
      { wish: { all: ["list-minus-one", "secret"] }, areas: ["area.y"] },
    ],
  },
  {
    name: "averaging",
    // The same people in other words: a set that is the same by its terms has the same noise, one
    // that is the same by chance differs from the first by nobody.
    audiences: ({ random }) => [
      ...["secret", { all: ["secret", { any: ["crowd", not("crowd")] }] }],
      ...Array.from({ length: 48 }, () => ({
        all: ["secret", { none: [`nobody.${random.below(8)}`, `nobody.${random.below(8)}`] }],
      })),
    ],
  },
];

export const redTeam: Proof = {
  name: "red-team",
  run: (size: ProofSize): readonly ProofRow[] => {
    const trials = size === "full" ? 10_000 : 400;
    return [...attacks.map((attack) => attackRow(attack, trials)), singledOut(), strongest(trials)];
  },
};

function attackRow(attack: Attack, trials: number): ProofRow {
  let told = 0;
  let certified = 0;
  for (let trial = 0; trial < trials; trial++) {
    const [without, with_] = bothWorlds(trial).map((world) =>
      verdictsOf(attack.audiences(world), world, ruleOf(trial)),
    );
    if (without !== with_) told++;
    if (with_?.includes("certified") === true) certified++;
  }
  const advantage = told / trials;
  return {
    promise: "an agency's verdicts do not tell a person's segment",
    test: `${attack.name}, ${trials} trials`,
    figure: `advantage ${advantage.toFixed(4)} (at most 0.01); ${certified} had one certified`,
    holds: advantage <= 0.01,
  };
}

/** The same crowd twice: the victim is not in the segment, and is. */
function bothWorlds(seed: number): readonly World[] {
  const random = new SeededRandom(seed + 1);
  const segments = new Map<string, Uint32Array>();
  const drawn = (name: string, share: number): Uint32Array => {
    const people = new Uint32Array(bitWords(peopleCount));
    const below = Math.floor(share * 2 ** 32);
    for (let n = 0; n < peopleCount; n++) if (random.nextU32() < below) setBit(people, n);
    segments.set(name, people);
    return people;
  };
  drawn("crowd", 0.5);
  drawn("other", 0.4);
  // Around the threshold, where one person more can matter.
  const secrets = drawn("secret", (minimum + random.below(600)) / peopleCount);
  clearBit(secrets, victim);
  const list = drawn("list", 0.7);
  setBit(list, victim);
  // Most live in x, the victim too; the others in y.
  const here = drawn("area.x", 0.9);
  setBit(here, victim);
  segments.set(
    "area.y",
    here.map((word) => ~word),
  );
  setBit(drawn("area.half", 0.5), victim);
  const minusOne = Uint32Array.from(list);
  clearBit(minusOne, victim);
  segments.set("list-minus-one", minusOne);
  const traits = ["trait.a", "trait.b", "trait.c"].map((name) => drawn(name, 0.4));
  for (let n = 0; n < peopleCount; n++) {
    const all = traits.every((trait) => hasBit(trait, n));
    if (n === victim) for (const trait of traits) setBit(trait, n);
    else if (all) clearBit(traits[n % 3]!, n);
  }
  for (let k = 0; k < 8; k++) {
    // Nobody of the secret segment is in it, the victim in neither world.
    const few = drawn(`nobody.${k}`, 0.3);
    for (let w = 0; w < few.length; w++) few[w] = few[w]! & ~secrets[w]!;
    clearBit(few, victim);
  }
  const secretToo = Uint32Array.from(secrets);
  setBit(secretToo, victim);
  const worldOf = (secret: Uint32Array): World => ({
    segments: new Map([...segments, ["secret", secret]]),
    random: new SeededRandom(seed + 7),
  });
  return [worldOf(secrets), worldOf(secretToo)];
}

const ruleOf = (trial: number): CrowdRule => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, trial);
  return crowdRuleOf(sipKeyFrom(bytes), 20_000, minimum);
};

function canonicalOf(asked: Wish): CanonicalAudience {
  const isAimed = typeof asked !== "string" && "wish" in asked;
  const normal = normalise(isAimed ? asked.wish : asked);
  if (!normal.ok) throw new Error(normal.why);
  return atHomeIn(normal.audience, isAimed ? asked.areas : null);
}

/** Verdicts of the audiences, asked for one after the other by one agency. */
function verdictsOf(
  expressions: readonly Wish[],
  world: World,
  rule: CrowdRule,
  pairRule = true,
): string {
  const audiences = audiencesOf(expressions);
  const { sets, pairs } = pairRule ? setsToCount(audiences) : { sets: audiences, pairs: [] };
  const members = sets.map((set) => membersOf(set, world));
  const people = members.map((bits) => countBits(bits));
  const termPeople = sets.map(({ terms }) =>
    terms.map((term) => countBits(membersOf({ terms: [term] }, world))),
  );
  // Everybody is at home somewhere.
  const counts = {
    ...{ termPeople, audiencePeople: people, homedPeople: people },
    pairPeople: pairs.map(([a, b]) => sharedOf(members[a]!, members[b]!)),
  };
  return judgeCrowds({ sets, pairs }, counts, rule)
    .map(({ verdict }) => verdict)
    .join();
}

/** Each set once: who asks for the same again has the same verdict. */
function audiencesOf(expressions: readonly Wish[]): readonly CrowdAudience[] {
  const bySet = new Map(
    expressions.map(canonicalOf).map((audience) => [JSON.stringify(audience), audience]),
  );
  return [...bySet.values()].map(({ terms }) => ({
    ...{ agency: 1 as AgencyId, terms, judged: true },
  }));
}

function membersOf({ terms }: CanonicalAudience, { segments }: World): Uint32Array {
  const members = new Uint32Array(bitWords(peopleCount));
  const term = new Uint32Array(members.length);
  for (const { all, none, areas } of terms) {
    term.fill(areas === undefined ? 0xffff_ffff : 0);
    for (const area of areas ?? []) {
      const here = segments.get(area)!;
      for (let w = 0; w < term.length; w++) term[w] = term[w]! | here[w]!;
    }
    for (const name of all) {
      const one = segments.get(name)!;
      for (let w = 0; w < term.length; w++) term[w] = term[w]! & one[w]!;
    }
    for (const name of none) {
      const one = segments.get(name)!;
      for (let w = 0; w < term.length; w++) term[w] = term[w]! & ~one[w]!;
    }
    for (let w = 0; w < term.length; w++) members[w] = members[w]! | term[w]!;
  }
  return members;
}

function sharedOf(a: Uint32Array, b: Uint32Array): number {
  let people = 0;
  for (let w = 0; w < a.length; w++) people += countOnes(a[w]! & b[w]!);
  return people;
}

/** Two audiences that differ by the victim alone: a bid on just one of them is a name tag. */
function singledOut(): ProofRow {
  const victims = 50;
  let withPairs = 0;
  let withoutPairs = 0;
  let overPlaces = 0;
  for (let v = 0; v < victims; v++) {
    const [, world] = bothWorlds(9000 + v) as [World, World];
    const both: readonly AudienceExpression[] = [
      { all: ["list", "crowd"] },
      { all: ["list", "crowd", not(one)] },
    ];
    setBit(world.segments.get("crowd")!, victim);
    const rule = ruleOf(9000 + v);
    const placed = ["list", { wish: { all: ["list", not(one)] }, areas: ["area.half"] }];
    if (verdictsOf(placed, world, rule) === "certified,certified") overPlaces++;
    if (verdictsOf(both, world, rule) === "certified,certified") withPairs++;
    if (verdictsOf(both, world, rule, false) === "certified,certified") withoutPairs++;
  }
  return {
    promise: "no two audiences of an agency differ by a person",
    test: `exclusion pair round each of ${victims} victims, with the pair rule and without`,
    figure:
      `${withPairs} singled out, aimed at two places ${overPlaces}; ` +
      `without the rule ${withoutPairs} of ${victims}`,
    holds: withPairs === 0 && overPlaces === 0 && withoutPairs === victims,
  };
}

/** The most that one verdict can tell: the size is known but for one person, and at its worst. */
function strongest(trials: number): ProofRow {
  const people = minimum + 178;
  let without = 0;
  let with_ = 0;
  const term = { all: ["secret"], none: [] };
  const audiences = [{ agency: 1 as AgencyId, terms: [term], judged: true }];
  for (let trial = 0; trial < trials; trial++) {
    const rule = ruleOf(trial);
    const certified = (count: number): number => {
      const people = { termPeople: [[count]], audiencePeople: [count], homedPeople: [count] };
      const counts = { ...people, pairPeople: [] };
      return judgeCrowds({ sets: audiences, pairs: [] }, counts, rule)[0]?.verdict === "certified"
        ? 1
        : 0;
    };
    without += certified(people - 1);
    with_ += certified(people);
  }
  const advantage = (with_ - without) / trials;
  // tanh(epsilon / 2), and what chance adds to it.
  const bound = Math.tanh(0.05) + 3 * Math.sqrt(0.05 / trials);
  return {
    promise: "one verdict on a set whose size is known but for one person: bounded by epsilon",
    test: `${trials} keys, the size where the verdict depends most on one person`,
    figure: `advantage ${advantage.toFixed(4)} (bound ${bound.toFixed(4)}); nobody is told sizes`,
    holds: advantage <= bound && advantage > 0,
  };
}
