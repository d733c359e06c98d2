import { askedAudiencesMax } from "../../src/base/limits.js";
import { SeededRandom } from "../../src/base/random.js";
import { segmentNames } from "../../src/campaign/compile.js";
import { markedPerson } from "../../src/testing/canary-requests.js";
import { BidTraffic } from "../../src/testing/fake-exchange-traffic.js";
import type { TestPerson } from "../../src/testing/in-process.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";
import {
  armOf,
  demoBook,
  idfaOf,
  type ProvingOptions,
  type ProvingWorld,
  provingNowMs,
  provingWorld,
} from "./proving-world.js";

const promise = "same groups, same answer: nothing else of a person changes it";
/** Segments that no audience names: two people of a pair never share one. */
const otherSegments = Array.from({ length: 24 }, (_, i) => `other.${i}`);

/** Pairs of people with the same groups and the same arm; all else differs. */
export const sameAnswer: Proof = {
  name: "same-answer",
  run: async (size: ProofSize): Promise<readonly ProofRow[]> => {
    const pairs = size === "full" ? 100_000 : 2000;
    const each = size === "full" ? 200_000 : 4000;
    const bound = size === "full" ? 0.01 : 0.05;
    return [
      await bytesRow(pairs),
      await distributionRow(each, bound),
      // Answers of a turn are of more kinds; and flights end where the clock goes on for weeks.
      await (size === "full" ? cappedRow(20_000, 0.03) : cappedRow(2000, 0.08)),
    ];
  },
};

async function bytesRow(pairs: number): Promise<ProofRow> {
  const random = new SeededRandom(17);
  const named = segmentsNamed();
  const paired = await partnersOf(pairs);
  const people: TestPerson[] = [];
  for (const [a, b] of paired) {
    const shared = named.filter(() => random.below(3) === 0);
    people[a] = { idfa: idfaOf(a), segments: [...shared, ...otherSegments.slice(0, 12)] };
    people[b] = { idfa: idfaOf(b), segments: [...shared, ...otherSegments.slice(12)] };
  }
  for (let n = 0; n < people.length; n++) people[n] ??= { idfa: idfaOf(n), segments: [] };
  const world = await provingWorld(people, { otherSegments, dayChoice: true });
  const traffic = trafficOf(world, 29);
  let differing = 0;
  let answered = 0;
  let targeted = 0;
  for (const [i, [a, b]] of paired.entries()) {
    const { exchange, request } = traffic.next();
    const first = world.answer(exchange.name, aboutPerson(request, a, 2 * i));
    if (first !== "") answered++;
    if (first !== world.answer(exchange.name, aboutStranger(request))) targeted++;
    if (first !== world.answer(exchange.name, aboutPerson(request, b, 2 * i + 1))) differing++;
  }
  return {
    promise,
    test: `${pairs} pairs with one arm; identifiers, ordinal, other segments, user fields differ`,
    figure:
      `${differing} answers differ after masking; ${answered} bids, ` +
      `${targeted} answers depend on the groups`,
    // Pairs that nobody bids for, or whose groups decide nothing, would prove nothing.
    holds: differing === 0 && answered > pairs / 4 && targeted > pairs / 50,
  };
}

/**
 * People of one arm in twos, by place in the list (ordinal less one). The arm depends on the
 * ordinal and the campaigns alone, so that an empty world tells it.
 */
async function partnersOf(pairs: number): Promise<(readonly [number, number])[]> {
  const world = await provingWorld([], { dayChoice: true });
  const waiting = new Map<string, number>();
  const found: (readonly [number, number])[] = [];
  for (let n = 0; found.length < pairs; n++) {
    const arm = armOf(world, n + 1);
    const other = waiting.get(arm);
    if (other === undefined) waiting.set(arm, n);
    else {
      waiting.delete(arm);
      found.push([other, n]);
    }
  }
  return found;
}

/**
 * A crowd with the same groups, every second one with other identifiers, ordinals and segments that
 * no audience names; arms as they fall.
 */
async function halves(each: number, options: ProvingOptions): Promise<ProvingWorld> {
  const groups = segmentsNamed().filter((_, i) => i % 2 === 0);
  const people = Array.from({ length: 2 * each }, (_, n) => ({
    idfa: idfaOf(n),
    segments: [...groups, ...otherSegments.slice(n % 2 === 0 ? 0 : 12, n % 2 === 0 ? 12 : 24)],
  }));
  return provingWorld(people, { otherSegments, ...options });
}

/** Half of the sum of what the two halves differ by; `kinds` of answers there are. */
class Halves {
  private readonly counts = new Map<string, [number, number]>();
  private readonly each: number;

  constructor(each: number) {
    this.each = each;
  }

  add(n: number, answer: string): void {
    const count = this.counts.get(answer) ?? [0, 0];
    count[n % 2]!++;
    this.counts.set(answer, count);
  }

  get kinds(): number {
    return this.counts.size;
  }

  get distance(): number {
    let apart = 0;
    for (const [a, b] of this.counts.values()) apart += Math.abs(a - b);
    return apart / this.each / 2;
  }

  /** Those who were answered like this last. */
  share(wanted: (answer: string) => boolean): number {
    let people = 0;
    for (const [answer, [a, b]] of this.counts) if (wanted(answer)) people += a + b;
    return people / this.each / 2;
  }
}

async function distributionRow(each: number, bound: number): Promise<ProofRow> {
  const world = await halves(each, { dayChoice: true });
  const { table } = world.bidder.world.world;
  const traffic = trafficOf(world, 31);
  const requests = Array.from({ length: 4 }, () => traffic.next());
  let worst = 0;
  let kinds = 0;
  const counts = requests.map(() => new Halves(each));
  for (let n = 0; n < 2 * each; n++) {
    const person = fieldsOf(n, n);
    for (const [i, { exchange, request }] of requests.entries()) {
      counts[i]?.add(n, world.answer(exchange.name, withPerson(request, person)));
    }
  }
  for (const count of counts) {
    kinds = Math.max(kinds, count.kinds);
    worst = Math.max(worst, count.distance);
  }
  return {
    promise,
    test: `control groups and the day's choice on: 2 x ${each} people, ${requests.length} requests`,
    figure: `up to ${kinds} answers, distributions ${worst.toFixed(4)} apart (bound ${bound})`,
    holds: worst <= bound && kinds > 1 && table.agencyPlaces.some((n) => n > askedAudiencesMax),
  };
}

const asksInTurn = 3;
/** Caps of the demo are wide: here everything may be shown to a person this often a day. */
const capped = 1;

/** Everybody is asked about in turn until caps bite: the answers of a turn are one answer. */
async function cappedRow(each: number, bound: number): Promise<ProofRow> {
  const demo = demoBook();
  const frequency = [{ impressions: capped, windowSec: 86_400 }];
  const lineItems = demo.lineItems.map((lineItem) => ({ ...lineItem, frequency }));
  const book = { ...demo, lineItems };
  const world = await halves(each, { book, caps: true, dayChoice: true });
  const { exchange, request } = trafficOf(world, 31).next();
  const counts = new Halves(each);
  for (let n = 0; n < 2 * each; n++) {
    const about = aboutPerson(request, n, n);
    const turn = Array.from({ length: asksInTurn }, () => world.answer(exchange.name, about));
    counts.add(n, turn.join("\n"));
    if (n % peopleInFlight === peopleInFlight - 1) world.expire();
  }
  const bitten = counts.share((turn) => new Set(turn.split("\n")).size > 1);
  const { distance, kinds } = counts;
  return {
    promise,
    test: `caps of ${capped} a day on as well: 2 x ${each} people, each asked ${asksInTurn} times`,
    figure:
      `${kinds} answers, distributions ${distance.toFixed(4)} apart (bound ${bound}); ` +
      `${(100 * bitten).toFixed(0)} % met a cap`,
    holds: distance <= bound && bitten > 0.5,
  };
}

/** Reservations and caps of a world in process have room for so many. */
const peopleInFlight = 200;

const segmentsNamed = (): readonly string[] => segmentNames(demoBook());

const trafficOf = ({ whole }: ProvingWorld, seed: number): BidTraffic =>
  new BidTraffic(new SeededRandom(seed), whole.config.exchanges);

type Request = Readonly<Record<string, unknown>>;

type PersonFields = { readonly device: object; readonly user: object };

/** What a request says of a person and of nobody else. */
function fieldsOf(n: number, seed: number): PersonFields {
  const { of } = markedPerson(seed + 1, provingNowMs);
  const device = {
    ...{ os: "iOS", ifa: idfaOf(n), ip: of("device.ip"), ipv6: of("device.ipv6") },
    ...{ didsha1: of("device.didsha1"), dpidmd5: of("device.dpidmd5") },
  };
  const user = {
    ...{ id: of("user.id"), buyeruid: of("user.buyeruid"), customdata: of("user.customdata") },
    ...{ keywords: of("user.keywords"), yob: 1940 + (n % 70), gender: n % 2 === 0 ? "F" : "M" },
    eids: [{ source: "uidapi.com", uids: [{ id: of("user.eids.uid"), atype: 3 }] }],
  };
  return { device, user };
}

/** The request as it would come from another person at the same place. */
const withPerson = (request: Request, { device, user }: PersonFields): object => ({
  ...request,
  device: { ...(request["device"] as object), ...device },
  user,
});

const aboutPerson = (request: Request, n: number, seed: number): object =>
  withPerson(request, fieldsOf(n, seed));

const aboutStranger = (request: Request): object => ({
  ...request,
  device: { ...(request["device"] as object), os: "iOS", ifa: idfaOf(0xffff_ffff) },
});
