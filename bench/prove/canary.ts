import { identifierHashOf, Namespace } from "../../src/base/identifier.js";
import { CanarySearch, keyedForms, type Leak, type Mark } from "../../src/testing/canary.js";
import { plantedMissed } from "../../src/testing/canary-planted.js";
import {
  echoed,
  type MarkedPerson,
  markedPerson,
  markedRequest,
} from "../../src/testing/canary-requests.js";
import { sinksOf } from "../../src/testing/canary-sinks.js";
import { type InProcess, startInProcess, testIdentifierKey } from "../../src/testing/in-process.js";
import { servedCanary } from "./canary-served.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";

const nowMs = Date.UTC(2026, 10, 23, 4);
const peopleInRound = 6;
const exchanges = ["openrtb26", "openrtb25", "onebid"] as const;
const sizes: Readonly<Record<ProofSize, { rounds: number; requests: number; served: number }>> = {
  small: { rounds: 1, requests: 3000, served: 60 },
  full: { rounds: 20, requests: 50_000, served: 5000 },
};

/** Marks of identifiers that the bank knows are looked for as their keyed hashes too. */
const keyedMark = ({ field, text }: Mark) => {
  if (!field.endsWith("device.ifa")) return [];
  const hash = identifierHashOf(Namespace.IDFA, text, 0, testIdentifierKey);
  return hash === null ? [] : keyedForms(hash.lo, hash.hi);
};

type Round = {
  readonly leaks: readonly Leak[];
  readonly statuses: ReadonlyMap<number, number>;
  readonly echoes: number;
  readonly bytes: number;
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
  const search = searchFor(people);
  const tally: Tally = { leaks: [], statuses: new Map(), echoes: 0, bytes: 0 };
  const outcomes = new Set<string>();
  for (let n = 0; n < requests; n++) {
    const person = n % peopleInRound;
    const kind = Math.floor(n / peopleInRound);
    const body = markedRequest(people[person] as MarkedPerson, kind);
    const answer = bidder.ask(exchanges[kind % exchanges.length] ?? "openrtb26", body);
    outcomes.add(answer.outcome);
    tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
    leaksInAnswer(search, answer.body, person, tally);
    if (n % 500 === 499) drain(bidder, search, tally);
  }
  drain(bidder, search, tally);
  for (const sink of await sinksOf(bidder, outcomes)) {
    tally.bytes += sink.bytes.length;
    tally.leaks.push(...search.leaksIn(sink));
  }
  return tally;
}

function drain(bidder: InProcess, search: CanarySearch, tally: Tally): void {
  const bytes = bidder.drain();
  tally.bytes += bytes.length;
  tally.leaks.push(...search.leaksIn({ name: "records for the journal", bytes }));
}

/** Fields come into being when they are first read: all kinds of a request are made once. */
function searchFor(people: readonly MarkedPerson[]): CanarySearch {
  for (const person of people) for (let kind = 0; kind < 64; kind++) markedRequest(person, kind);
  const marks = people.flatMap((person, i) =>
    person.marks.map(({ field, text }) => ({ field: `person ${i}: ${field}`, text })),
  );
  return new CanarySearch(marks, keyedMark);
}

async function inProcess(size: ProofSize): Promise<ProofRow> {
  const { rounds, requests } = sizes[size];
  const leaks: Leak[] = [];
  let bids = 0;
  let echoes = 0;
  let bytes = 0;
  for (let seed = 0; seed < rounds; seed++) {
    const one = await round(seed, requests);
    leaks.push(...one.leaks);
    bids += one.statuses.get(200) ?? 0;
    echoes += one.echoes;
    bytes += one.bytes;
  }
  const asked = rounds * requests;
  for (const leak of leaks.slice(0, 5)) process.stderr.write(`leak: ${JSON.stringify(leak)}\n`);
  return {
    promise: "nothing that identifies leaves",
    test:
      `${asked.toLocaleString("en")} requests in process with ids in every field; answers, log, ` +
      "metrics, journal records, shared memory",
    figure:
      `${leaks.length} hits in ${(bytes / 1e6).toFixed(1)} MB beyond ${echoes} echoes; ` +
      `${((100 * bids) / asked).toFixed(0)} % bids`,
    // Echoes that are found show that the search looks at what is there.
    holds: leaks.length === 0 && bids > asked * 0.1 && echoes >= bids,
  };
}

function planted(): ProofRow {
  const person = markedPerson(7, nowMs);
  for (let kind = 0; kind < 64; kind++) markedRequest(person, kind);
  const missed = plantedMissed(person, new CanarySearch(person.marks));
  return {
    promise: "the search finds what leaves",
    test: "20 planted leaks: raw, hex, base64, percent, hashed, reversed, 8-byte pieces",
    figure: `${20 - missed.length} found`,
    holds: missed.length === 0,
  };
}

/** Marked identities in every field of every request, searched for in every sink. */
export const canary: Proof = {
  name: "canary",
  run: async (size) => [await inProcess(size), planted(), await servedCanary(sizes[size].served)],
};
