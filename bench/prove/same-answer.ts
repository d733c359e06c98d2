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
    return [await bytesRow(pairs), await distributionRow(each, size === "full" ? 0.01 : 0.05)];
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
  const world = await provingWorld(people, { otherSegments });
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
  const world = await provingWorld([]);
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

/** Two halves of a crowd with the same groups, arms as they fall: how far apart they are. */
async function distributionRow(each: number, bound: number): Promise<ProofRow> {
  const named = segmentsNamed();
  const groups = named.filter((_, i) => i % 2 === 0);
  const people = Array.from({ length: 2 * each }, (_, n) => ({
    idfa: idfaOf(n),
    segments: [...groups, ...otherSegments.slice(n < each ? 0 : 12, n < each ? 12 : 24)],
  }));
  const world = await provingWorld(people, { otherSegments });
  const traffic = trafficOf(world, 31);
  const requests = Array.from({ length: 4 }, () => traffic.next());
  let worst = 0;
  let kinds = 0;
  for (const { exchange, request } of requests) {
    const counts = new Map<string, [number, number]>();
    for (let n = 0; n < 2 * each; n++) {
      const answer = world.answer(exchange.name, aboutPerson(request, n, n));
      const count = counts.get(answer) ?? [0, 0];
      count[n < each ? 0 : 1]++;
      counts.set(answer, count);
    }
    kinds = Math.max(kinds, counts.size);
    let distance = 0;
    for (const [a, b] of counts.values()) distance += Math.abs(a - b) / each / 2;
    worst = Math.max(worst, distance);
  }
  return {
    promise,
    test: `control groups and the day's choice on: 2 x ${each} people, ${requests.length} requests`,
    figure: `up to ${kinds} answers, distributions ${worst.toFixed(4)} apart (bound ${bound})`,
    holds: worst <= bound && kinds > 1,
  };
}

const segmentsNamed = (): readonly string[] => segmentNames(demoBook());

const trafficOf = ({ whole }: ProvingWorld, seed: number): BidTraffic =>
  new BidTraffic(new SeededRandom(seed), whole.config.exchanges);

type Request = Readonly<Record<string, unknown>>;

/** The request as it would come from another person at the same place. */
function aboutPerson(request: Request, n: number, seed: number): object {
  const { of } = markedPerson(seed + 1, provingNowMs);
  const device = {
    ...(request["device"] as object),
    ...{ os: "iOS", ifa: idfaOf(n), ip: of("device.ip"), ipv6: of("device.ipv6") },
    ...{ didsha1: of("device.didsha1"), dpidmd5: of("device.dpidmd5") },
  };
  const user = {
    ...{ id: of("user.id"), buyeruid: of("user.buyeruid"), customdata: of("user.customdata") },
    ...{ keywords: of("user.keywords"), yob: 1940 + (n % 70), gender: n % 2 === 0 ? "F" : "M" },
    eids: [{ source: "uidapi.com", uids: [{ id: of("user.eids.uid"), atype: 3 }] }],
  };
  return { ...request, device, user };
}

const aboutStranger = (request: Request): object => ({
  ...request,
  device: { ...(request["device"] as object), os: "iOS", ifa: idfaOf(0xffff_ffff) },
});
