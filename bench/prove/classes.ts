import { demoPeopleCount, demoSeed } from "../../src/bank/generate/demo-person.js";
import { personKeyOf } from "../../src/bank/generate/draws.js";
import { candidateNames, membershipInto } from "../../src/bank/generate/traits.js";
import { crowdMinimumPeople } from "../../src/base/limits.js";
import { SeededRandom } from "../../src/base/random.js";
import { segmentNames } from "../../src/campaign/compile.js";
import type { CampaignBook } from "../../src/campaign/model.js";
import { BidTraffic } from "../../src/testing/fake-exchange-traffic.js";
import type { TestPerson } from "../../src/testing/in-process.js";
import { duelOf } from "./duel.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";
import {
  controlOf,
  demoBook,
  idfaOf,
  type ProvingWorld,
  provingWorld,
  requestOf,
} from "./proving-world.js";

/**
 * How many people share each distinct answer to one request: every class over a whole population,
 * control groups left out and every audience asked. People with one row are one question (the proof
 * "same-answer"), asked once and counted with their number.
 */
export const classes: Proof = {
  name: "classes",
  run: async (size: ProofSize): Promise<readonly ProofRow[]> => {
    const people = size === "full" ? demoPeopleCount : 60_000;
    const requests = size === "full" ? 60 : 12;
    const book = demoBook();
    const rows: ProofRow[] = [];
    const one = await sizesOf(people, requests, duelOf(book, 0));
    const what = "one agency, two competing audiences, one price";
    rows.push(rowOf(what, people, requests, one, true));
    const two = await sizesOf(people, requests, duelOf(book, 1));
    rows.push(rowOf("the same of two advertisers, side by side", people, requests, two, false));
    const all = await sizesOf(people, requests, book);
    rows.push(rowOf("the demo: three agencies, 16 audiences", people, requests, all, false));
    return rows;
  },
};

type Sizes = { readonly rows: number; readonly ascending: readonly number[] };

function rowOf(
  what: string,
  people: number,
  requests: number,
  { rows, ascending }: Sizes,
  promised: boolean,
): ProofRow {
  // Scaled with the population.
  const minimum = Math.floor((crowdMinimumPeople * people) / demoPeopleCount);
  const below = ascending.filter((count) => count < minimum).length;
  const figure =
    `${ascending.length} classes, smallest ${ascending[0] ?? 0}, median ` +
    `${ascending[ascending.length >> 1] ?? 0}; ${below} below ${minimum}`;
  return {
    promise: promised
      ? "an answer is shared by a crowd"
      : "no promise: where several audiences bid in one answer",
    test: `${what}; ${people} people (${rows} rows) x ${requests} requests`,
    figure,
    holds: ascending.length > requests && (!promised || below === 0),
  };
}

async function sizesOf(people: number, requests: number, book: CampaignBook): Promise<Sizes> {
  const crowds = crowdsOf(people, segmentNames(book));
  const members = await placedOf(crowds, book);
  const world = await provingWorld(members.people, { book });
  // Every audience answers for everybody: the day's choice only takes away.
  world.bidder.world.world.table.agencyPlaces.fill(1);
  const traffic = new BidTraffic(new SeededRandom(41), world.whole.config.exchanges);
  const sizes: number[] = [];
  for (let r = 0; r < requests; r++) {
    const { exchange, request } = traffic.next();
    const byAnswer = new Map<string, number>();
    for (const { place, count } of members.placed) {
      const answer = world.answer(exchange.name, requestOf(request, idfaOf(place)));
      byAnswer.set(answer, (byAnswer.get(answer) ?? 0) + count);
    }
    sizes.push(...byAnswer.values());
  }
  return { rows: members.placed.length, ascending: sizes.sort((a, b) => a - b) };
}

/** People by their row over the named segments. */
function crowdsOf(people: number, named: readonly string[]): ReadonlyMap<string, number> {
  const membership = new Uint8Array(candidateNames.length);
  const places = named.map((name) => candidateNames.indexOf(name));
  const crowds = new Map<string, number>();
  for (let n = 0; n < people; n++) {
    membershipInto(personKeyOf(demoSeed, n), membership);
    const row = places.map((place) => (place < 0 ? 0 : membership[place])).join("");
    crowds.set(row, (crowds.get(row) ?? 0) + 1);
  }
  return crowds;
}

type Placed = { readonly place: number; readonly count: number };

/** One person a row, at ordinals that are in no control group. */
async function placedOf(
  crowds: ReadonlyMap<string, number>,
  book: CampaignBook,
): Promise<{ readonly people: readonly TestPerson[]; readonly placed: readonly Placed[] }> {
  const empty: ProvingWorld = await provingWorld([], { book });
  const named = segmentNames(book);
  const people: TestPerson[] = [];
  const placed: Placed[] = [];
  for (const [row, count] of crowds) {
    while (controlOf(empty, people.length + 1).length > 0) {
      people.push({ idfa: idfaOf(people.length), segments: [] });
    }
    placed.push({ place: people.length, count });
    const segments = named.filter((_, i) => row[i] === "1");
    people.push({ idfa: idfaOf(people.length), segments });
  }
  return { people, placed };
}
