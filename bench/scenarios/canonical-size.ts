import type { SeededRandom } from "../../src/base/random.js";
import { tcStringOf } from "../../src/testing/tc-string.js";
import { hex, type Place } from "./canonical-context.js";

type Members = Readonly<Record<string, unknown>>;

const gdprCountries = ["DEU", "FRA", "GBR"];
const vendorId = 4000;
const purposes = [1, 2, 3, 4, 7, 10];

/** What a market asks for, in any body. */
function signals({ country }: Place, nowMs: number): { regs: Members; user: Members } {
  if (!gdprCountries.includes(country)) {
    return { regs: country === "USA" ? { us_privacy: "1YNN" } : {}, user: {} };
  }
  const vendors = [vendorId];
  const consent = tcStringOf({ createdMs: nowMs, purposes, vendors, disclosed: vendors });
  return { regs: { gdpr: 1 }, user: { consent } };
}

/**
 * The request with as many of the members that exchanges send along as its body of `bytes` has room
 * for: block lists, supply chain, ids of others, the seller's data on the visitor.
 */
export function fillTo(
  request: Members,
  bytes: number,
  place: Place,
  random: SeededRandom,
  nowMs: number,
): object {
  const { regs, user } = signals(place, nowMs);
  let filled: Members = { ...request, regs, user };
  for (const add of fillers) {
    const next = add(filled, random);
    if (JSON.stringify(next).length <= bytes) filled = next;
  }
  return padded(filled, bytes, random);
}

type Filler = (request: Members, random: SeededRandom) => Members;
const intoUser = (request: Members, more: Members): Members => ({
  ...request,
  user: { ...(request["user"] as Members), ...more },
});
const list = <T>(length: number, make: (i: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i));

const schain: Filler = (request, random) => ({
  ...request,
  source: {
    tid: hex(random, 32),
    schain: {
      ...{ complete: 1, ver: "1.0" },
      nodes: list(2, (i) => ({ asi: `seller-${i}.example`, sid: hex(random, 6), hp: 1 })),
    },
  },
});
const blocked: Filler = (request, random) => ({
  ...request,
  bcat: list(5, (i) => `IAB${23 + (i % 4)}-${1 + random.below(9)}`),
  badv: list(3, () => `blocked-${random.below(9000)}.example`),
});
const ids: Filler = (request, random) =>
  intoUser(request, {
    buyeruid: hex(random, 32),
    eids: list(2, (i) => ({
      source: `id-${i}.example`,
      uids: [{ id: hex(random, 40), atype: 1 }],
    })),
  });
const manyBlocked: Filler = (request, random) => ({
  ...request,
  bcat: list(60, (i) => `IAB25-${i}`),
  badv: list(40, () => `blocked-${random.below(90_000)}.example`),
});
const manyIds: Filler = (request, random) =>
  intoUser(request, {
    eids: list(12, (i) => ({
      source: `id-${i}.example`,
      uids: [{ id: hex(random, 44), atype: 3, ext: { rtiPartner: "example" } }],
    })),
  });
const fillers: readonly Filler[] = [schain, blocked, ids, manyBlocked, manyIds];

const segmentBytes = 34;

/** The seller's own segments of the visitor, until the body is full. */
function padded(request: Members, bytes: number, random: SeededRandom): Members {
  const room = bytes - JSON.stringify(request).length - 60;
  if (room < segmentBytes) return request;
  const segment = list(Math.floor(room / segmentBytes), () => ({
    id: hex(random, 12),
    value: "1",
  }));
  return intoUser(request, { data: [{ id: "seller", name: "seller.example", segment }] });
}
