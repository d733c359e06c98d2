import { assert } from "../../src/base/assert.js";
import { identifierHashOf, Namespace } from "../../src/base/identifier.js";
import { personAnswersMax } from "../../src/base/limits.js";
import { sweepSlots } from "../../src/bid/reserve.js";
import { AskingNote } from "../../src/runtime/counters.js";
import {
  CanarySearch,
  type Form,
  keyedForms,
  type Leak,
  type Mark,
} from "../../src/testing/canary.js";
import {
  echoed,
  type MarkedPerson,
  markedPerson,
  markedRequest,
} from "../../src/testing/canary-requests.js";
import { sinksOf } from "../../src/testing/canary-sinks.js";
import { type InProcess, startInProcess, testIdentifierKey } from "../../src/testing/in-process.js";
import { answerOrder } from "../child.js";

const nowMs = Date.UTC(2026, 10, 23, 4);
const peopleInRound = 6;
const exchanges = ["openrtb26", "openrtb25", "onebid"] as const;
/**
 * Then the clock goes on by a day: an exchange is told of a person's groups so often a day only,
 * and nobody is to be asked about as if they were a stranger.
 */
const requestsInDay = 3000;
const dayMs = 86_400_000;
assert(requestsInDay <= peopleInRound * exchanges.length * personAnswersMax);

/** So many bidders, each with people of its own and asked so often. */
export type CanaryOrder = { readonly rounds: number; readonly requests: number };
export type CanaryFound = {
  readonly leaks: readonly Leak[];
  readonly bids: number;
  readonly echoes: number;
  readonly bytes: number;
  /** People whom an exchange asked about and the bidder knew, each once a day. */
  readonly known: number;
};

/** Sources of eids in a marked request, as the demo numbers them. */
const eidNumbers: Readonly<Record<string, number>> = {
  "user.eids.uid": 1,
  "user.ext.eids.uid": 2,
};

/** Identifiers are looked for as their keyed hashes too, whether the bank knows them or not. */
function keyedMark({ field, text }: Mark, exchangeIds: readonly number[]): readonly Form[] {
  const name = field.replace(/^person \d+: /, "");
  const of = (namespace: Namespace, scope = 0): readonly Form[] => {
    const hash = identifierHashOf(namespace, text, scope, testIdentifierKey);
    return hash === null ? [] : keyedForms(hash.lo, hash.hi);
  };
  if (name === "device.ifa") {
    return [Namespace.IDFA, Namespace.AAID, Namespace.OAID].flatMap((one) => of(one));
  }
  if (name === "user.buyeruid") return exchangeIds.flatMap((id) => of(Namespace.BUYER_UID, id));
  const eid = eidNumbers[name];
  return eid === undefined ? [] : of(Namespace.EID, eid);
}

type Round = {
  readonly leaks: readonly Leak[];
  readonly statuses: ReadonlyMap<number, number>;
  readonly echoes: number;
  readonly bytes: number;
  readonly known: number;
};

/** What stands in an answer and is not an echo to its own request. */
function leaksInAnswer(search: CanarySearch, body: Uint8Array, person: number, tally: Tally): void {
  tally.bytes += body.length;
  for (const leak of search.leaksIn({ name: "an answer", bytes: body })) {
    const own = `person ${person}: `;
    if (leak.field.startsWith(own) && echoed(leak.field.slice(own.length))) tally.echoes++;
    else tally.leaks.push(leak);
  }
}

type Tally = { leaks: Leak[]; statuses: Map<number, number>; echoes: number; bytes: number };

function nextDay({ clock, state }: InProcess): void {
  clock.advance(dayMs);
  sweepSlots(state, Math.floor(clock.nowMs() / 1000), state.slotsTouched);
}

function peopleKnown({ counters, slots, config }: InProcess): number {
  const all = slots.slotsFor(config.exchanges);
  return [...all].reduce((sum, slot) => sum + counters.asking(slot, AskingNote.KNOWN), 0);
}

/** A bidder of its own with people of its own, who are known and whose every field is marked. */
async function round(seed: number, requests: number): Promise<Round> {
  const people = Array.from({ length: peopleInRound }, (_, i) =>
    markedPerson(seed * peopleInRound + i + 1, nowMs),
  );
  const bidder = await startInProcess({
    ...{ configFolder: "config/demo", now: nowMs, seed },
    snapshot: {
      people: people.map(({ of }) => ({ idfa: of("device.ifa"), segments: ["interest.running"] })),
    },
  });
  const search = searchFor(people, bidder);
  const tally: Tally = { leaks: [], statuses: new Map(), echoes: 0, bytes: 0 };
  const outcomes = new Set<string>();
  for (let n = 0; n < requests; n++) {
    const person = n % peopleInRound;
    const kind = Math.floor(n / peopleInRound);
    const body = markedRequest(people[person] as MarkedPerson, kind);
    const answer = bidder.ask(exchanges[(kind + person) % exchanges.length] ?? "openrtb26", body);
    outcomes.add(answer.outcome);
    tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
    leaksInAnswer(search, answer.body, person, tally);
    if (n % 500 === 499) drain(bidder, search, tally);
    if (n % requestsInDay === requestsInDay - 1) nextDay(bidder);
  }
  drain(bidder, search, tally);
  for (const sink of await sinksOf(bidder, outcomes)) {
    tally.bytes += sink.bytes.length;
    tally.leaks.push(...search.leaksIn(sink));
  }
  return { ...tally, known: peopleKnown(bidder) };
}

function drain(bidder: InProcess, search: CanarySearch, tally: Tally): void {
  const bytes = bidder.drain();
  tally.bytes += bytes.length;
  tally.leaks.push(...search.leaksIn({ name: "records for the journal", bytes }));
}

/** Fields come into being when they are first read: all kinds of a request are made once. */
function searchFor(people: readonly MarkedPerson[], { config }: InProcess): CanarySearch {
  for (const person of people) for (let kind = 0; kind < 64; kind++) markedRequest(person, kind);
  const marks = people.flatMap((person, i) =>
    person.marks.map(({ field, text }) => ({ field: `person ${i}: ${field}`, text })),
  );
  const exchangeIds = config.exchanges.map(({ id }) => id);
  return new CanarySearch(marks, (mark) => keyedMark(mark, exchangeIds));
}

answerOrder<CanaryOrder, CanaryFound>(async ({ rounds, requests }, onProgress) => {
  const found = { leaks: [] as Leak[], bids: 0, echoes: 0, bytes: 0, known: 0 };
  for (let seed = 0; seed < rounds; seed++) {
    const one = await round(seed, requests);
    found.leaks.push(...one.leaks);
    found.bids += one.statuses.get(200) ?? 0;
    found.echoes += one.echoes;
    found.bytes += one.bytes;
    found.known += one.known;
    onProgress("requests", (seed + 1) * requests, rounds * requests);
  }
  return found;
});
