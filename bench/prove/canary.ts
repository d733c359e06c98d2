import { CanarySearch } from "../../src/testing/canary.js";
import { plantedMissed } from "../../src/testing/canary-planted.js";
import { markedPerson, markedRequest } from "../../src/testing/canary-requests.js";
import { ask } from "../child.js";
import type { CanaryFound, CanaryOrder } from "./canary-process.js";
import { servedCanary } from "./canary-served.js";
import type { Proof, ProofRow, ProofSize } from "./proof.js";

const nowMs = Date.UTC(2026, 10, 23, 4);
const sizes: Readonly<Record<ProofSize, CanaryOrder & { readonly served: number }>> = {
  small: { rounds: 1, requests: 3000, served: 60 },
  full: { rounds: 20, requests: 50_000, served: 5000 },
};

/** In a process of its own, beside the served bidder. */
async function inProcess(size: ProofSize): Promise<ProofRow> {
  const { rounds, requests } = sizes[size];
  const order: CanaryOrder = { rounds, requests };
  const found = await ask<CanaryFound>("prove/canary-process", order, (_, done) => {
    if (size === "full") process.stderr.write(`prove: canary: ${done} requests in process\n`);
  });
  const { leaks, bids, echoes, bytes, known } = found;
  const asked = rounds * requests;
  for (const leak of leaks.slice(0, 5)) process.stderr.write(`leak: ${JSON.stringify(leak)}\n`);
  return {
    promise: "nothing that identifies leaves",
    test:
      `${asked.toLocaleString("en")} requests in process with ids in every field; answers, log, ` +
      "metrics, journal records, shared memory",
    figure:
      `${leaks.length} hits in ${(bytes / 1e6).toFixed(1)} MB beyond ${echoes} echoes; ` +
      `${((100 * bids) / asked).toFixed(0)} % bids, ${known} times a day begun with a person known`,
    // Echoes that are found show that the search looks at what is there; people who are known,
    // that there was something to tell.
    holds: leaks.length === 0 && bids > asked * 0.1 && echoes >= bids && known >= asked / 500,
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
  run: async (size) => {
    // A start takes all of a machine; afterwards the served bidder mostly waits.
    let asking: Promise<ProofRow> | null = null;
    const served = await servedCanary(sizes[size].served, () => {
      asking = inProcess(size);
    });
    return [await (asking ?? inProcess(size)), planted(), served];
  },
};
