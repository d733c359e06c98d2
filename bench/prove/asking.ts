import { Hash64 } from "../../src/base/hash.js";
import { askedAudiencesMax, holdOutPermille, personAnswersMax } from "../../src/base/limits.js";
import { SeededRandom } from "../../src/base/random.js";
import { windowFrom } from "../../src/bid/asking.js";
import { keyedHashInto } from "../../src/bid/keyed.js";
import type { AskingOptions } from "../../src/testing/asking-world.js";
import { askingWorld, bookOf, rosterOn, siteOfAll } from "../../src/testing/asking-world.js";
import { testAskingKey } from "../../src/testing/in-process.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";

/**
 * The asking attack: an exchange that knows everybody's identifier tries each of 50 audiences of
 * one agency on each person, on a site that only that audience's line item buys. Everybody is asked
 * twice, with groups drawn at random and with the opposite groups: where the two answers differ,
 * the answer depends on the group. What does not differ tells nothing, so that the differing ones
 * bound the bits.
 */
const audiences = 50;
const book = bookOf(audiences);
const nowMs = Date.UTC(2026, 10, 26, 12);
const dayMs = 86_400_000;
const today = Math.floor(nowMs / dayMs);
const peopleBy: Record<ProofSize, number> = { small: 250, full: 20_000 };

type Groups = readonly (readonly number[])[];

const drawn = (people: number, random: SeededRandom): Groups =>
  Array.from({ length: people }, () => indexes(() => random.fraction() < 0.5));
const indexes = (keep: (i: number) => boolean): number[] =>
  Array.from({ length: audiences }, (_, i) => i).filter(keep);
const opposite = (groups: Groups): Groups => groups.map((own) => indexes((i) => !own.includes(i)));

type Told = { readonly told: readonly string[]; readonly answers: readonly string[] };

/** By person: the audiences whose answers differ, and the answers, each as one text. */
async function attack(groups: Groups, options: Partial<AskingOptions>): Promise<Told> {
  const ask = async (people: Groups): Promise<readonly boolean[][]> => {
    const world = await askingWorld({ audiences, people, nowMs, ...options });
    return people.map((_, person) => allAudiences.map((i) => world.isIn(person, i)));
  };
  const one = await ask(groups);
  const other = await ask(opposite(groups));
  const told = one.map((row, person) => indexes((i) => row[i] !== other[person]![i]).join());
  return { told, answers: one.map((row) => indexes((i) => row[i] === true).join()) };
}
const allAudiences = indexes(() => true);

const countOf = (list: string): number => (list === "" ? 0 : list.split(",").length);
const meanOf = (lists: readonly string[]): number =>
  lists.reduce((sum, list) => sum + countOf(list), 0) / lists.length;
const highestOf = (lists: readonly string[]): number =>
  lists.reduce((highest, list) => Math.max(highest, countOf(list)), 0);
const distinct = (lists: readonly string[]): number => new Set(lists).size;

async function bits(size: ProofSize): Promise<ProofRow[]> {
  const groups = drawn(peopleBy[size], new SeededRandom(1));
  const kept = await attack(groups, { day: today });
  const again = await attack(groups.slice(0, 50), { day: today });
  const open = await attack(groups.slice(0, 200), {});
  const most = highestOf(kept.told);
  const test = `${groups.length} people x ${audiences} audiences of one agency, asked twice`;
  return [
    {
      promise: "<= 5 bits of a person, agency and day, whoever asks and however often",
      test: `${test}, with their groups and the opposite ones`,
      figure:
        `at most ${most} answers depend on groups (<= ${most} bits), ` +
        `${meanOf(kept.told).toFixed(2)} on average`,
      holds: most <= askedAudiencesMax && most > 0,
    },
    {
      promise: "without the rule far more is told",
      test: "200 of them, everybody asked about all audiences",
      figure:
        `${meanOf(open.told).toFixed(1)} of ${audiences} answers depend on groups, ` +
        `${distinct(open.answers)} different answer lists`,
      holds: meanOf(open.told) > 40,
    },
    {
      promise: "no restart opens another set",
      test: "50 people asked again by a bidder that remembers nothing",
      figure: `${distinctPairs(kept.answers, again.answers)} answer lists differ`,
      holds: distinctPairs(kept.answers, again.answers) === 0,
    },
    controls(open.told),
  ];
}

const distinctPairs = (one: readonly string[], other: readonly string[]): number =>
  other.filter((list, i) => list !== one[i]).length;

/** Where all are asked, what does not differ is the hold-out's. */
function controls(told: readonly string[]): ProofRow {
  const share = 1 - meanOf(told) / audiences;
  const wanted = holdOutPermille / 1000;
  const sd = Math.sqrt((wanted * (1 - wanted)) / (told.length * audiences));
  return {
    promise: "2 % of an audience are held out, and nobody is let in",
    test: `${told.length} people x ${audiences} campaigns, members and others alike`,
    figure: `${(100 * share).toFixed(2)} % of members never bid for`,
    holds: Math.abs(share - wanted) < 5 * sd,
  };
}

/** How the places of the day part people who are equal: a window against any five places. */
function classes(size: ProofSize): ProofRow {
  const people = 100 * peopleBy[size];
  const { places } = placesToday();
  const random = new SeededRandom(2);
  const hash = new Hash64();
  const windows = new Uint32Array(places);
  const fives = new Set<string>();
  for (let person = 1; person <= people; person++) {
    keyedHashInto(testAskingKey, person, 0, hash);
    const from = windowFrom(hash, 1, today, places);
    windows[from] = windows[from]! + 1;
    const five = new Set<number>();
    while (five.size < askedAudiencesMax) five.add(random.below(places));
    fives.add([...five].sort((a, b) => a - b).join());
  }
  const smallest = Math.min(...windows);
  return {
    promise: "equal groups: few classes of answers, so that none is a name",
    test: `${people} people on ${places} places: a window of five, or any five`,
    figure:
      `${places} windows, the smallest of ${((100 * smallest) / people).toFixed(2)} % of people; ` +
      `any five would be ${fives.size} classes`,
    holds: smallest * places > people / 2 && fives.size > 100 * places,
  };
}

function placesToday(day = today) {
  const { placesOf, placeOf } = rosterOn(book, day);
  return { places: [...placesOf.values()][0]!, placeOf: [...placeOf.values()] };
}

/** What patience earns: another five a day at most. */
function overDays(size: ProofSize): ProofRow {
  const people = peopleBy[size];
  const hash = new Hash64();
  const asked = Array.from({ length: people }, () => new Set<number>());
  const means: number[] = [];
  let most = 0;
  for (let day = 0; day < 30; day++) {
    const { places, placeOf } = placesToday(today + day);
    for (let person = 0; person < people; person++) {
      keyedHashInto(testAskingKey, person + 1, 0, hash);
      const from = windowFrom(hash, 1, today + day, places);
      const now = placeOf.flatMap((place, i) =>
        (place - from + places) % places < askedAudiencesMax ? [i] : [],
      );
      most = Math.max(most, now.length);
      for (const audience of now) asked[person]!.add(audience);
    }
    means.push(asked.reduce((sum, set) => sum + set.size, 0) / people);
  }
  const told = [1, 2, 7, 30].map((days) => `${days} d: ${means[days - 1]!.toFixed(1)}`);
  return {
    promise: "over days: at most five more a day (stated: patience tells the groups in the end)",
    test: `${people} people, ${audiences} audiences that stay certified, asked every day`,
    figure: `audiences that have answered after ${told.join(", ")} of ${audiences}`,
    holds: most <= askedAudiencesMax,
  };
}

/** One victim, one site, one exchange: asked until nothing more is told. */
async function dailyAnswers(): Promise<ProofRow> {
  const world = await askingWorld({ audiences: 5, people: [[0, 1, 2, 3, 4]], nowMs, day: today });
  const site = allAudiences.slice(0, 5).find((i) => world.isIn(0, i)) ?? 0;
  let answers = 1;
  for (let i = 0; i < 2 * personAnswersMax; i++) if (world.isIn(0, site)) answers++;
  const contextual = world.askAbout(0, siteOfAll) !== "";
  return {
    promise: "answers by a person's groups are capped by exchange and day",
    test: `one person asked ${2 * personAnswersMax} times`,
    figure: `${answers} answers, contextual bids ${contextual ? "go on" : "STOP"}`,
    holds: answers <= personAnswersMax && answers > personAnswersMax / 2 && contextual,
  };
}

export const asking: Proof = {
  name: "asking",
  run: async (size) => [...(await bits(size)), classes(size), overDays(size), await dailyAnswers()],
};
