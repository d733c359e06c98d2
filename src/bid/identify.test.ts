import { beforeEach, describe, expect, it } from "vitest";
import { sipKeyFrom, textKeyOf } from "../base/hash.js";
import { identifierHashOf, Namespace } from "../base/identifier.js";
import { type ExchangeId, NOBODY, type Ordinal } from "../base/ids.js";
import { ChannelKind, KeyKind, Os } from "../base/lists.js";
import type { CountryCode } from "../base/units.js";
import { testPrivacyPlan } from "../testing/privacy-plan.js";
import { CONTEXTUAL, type Grant, grantOf, isGrant } from "./consent.js";
import { Identified, type IdentifierIndex, identifyInto, lookUpsMax } from "./identify.js";
import { privacySettingsOf } from "./privacy-settings.js";
import { BidRequest, type Slice } from "./request.js";

const key = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const settings = privacySettingsOf(testPrivacyPlan);
const { IDFA, AAID, OAID, TIFA, BUYER_UID, EID } = Namespace;
const exchange = { id: 7 as ExchangeId, identityOrder: [IDFA, AAID, OAID, TIFA, BUYER_UID, EID] };
const uuid = "5a4ca1af-5694-4b34-9871-3dbf544ea839";

const grant = ((): Grant => {
  const request = new BidRequest();
  const decision = grantOf(request.consent, 0x43484e as CountryCode, settings);
  if (!isGrant(decision)) throw new Error("the test market CN grants without a signal");
  return decision;
})();

const request = new BidRequest();
const out = new Identified();
const people = new Map<string, number>();
let asked: string[] = [];
const index: IdentifierIndex = {
  ordinalOf: (lo, hi) => {
    asked.push(`${hi}:${lo}`);
    return (people.get(`${hi}:${lo}`) ?? 0) as Ordinal;
  },
};

function hashText(namespace: Namespace, value: string, scope = 0): string {
  const hash = identifierHashOf(namespace, value, scope, key);
  if (hash === null) throw new Error(`${value} is no identifier`);
  return `${hash.hi}:${hash.lo}`;
}

function put(slice: Slice, text: string): void {
  slice.start = request.textLength;
  slice.end =
    slice.start + new TextEncoder().encodeInto(text, request.bytes.subarray(slice.start)).written;
  request.textLength = slice.end;
}

function putEid(source: string, uid: string, mm = 0): void {
  const slice = { start: 0, end: 0 } as Slice;
  put(slice, uid);
  const at = request.eidCount++;
  const sourceKey = textKeyOf(source, KeyKind.EID_SOURCE);
  request.eidSourceLo[at] = sourceKey.lo;
  request.eidSourceHi[at] = sourceKey.hi;
  request.eidStart[at] = slice.start;
  request.eidEnd[at] = slice.end;
  request.eidMm[at] = mm;
}

const identify = (order = exchange): Ordinal =>
  identifyInto(request, grant, order, settings.eidSources, key, index, out);

beforeEach(() => {
  request.reset();
  people.clear();
  asked = [];
});

describe("the namespace of device.ifa", () => {
  it.each([
    ["", Os.IOS, IDFA],
    ["", Os.ANDROID, AAID],
    ["", Os.HARMONY, OAID],
    ["", Os.ROKU, TIFA],
    ["", Os.TIZEN, TIFA],
    ["dpid", Os.ANDROID, AAID],
    ["AAID", Os.UNKNOWN, AAID],
    ["oaid", Os.ANDROID, OAID],
    ["rida", Os.UNKNOWN, TIFA],
    ["lgudid", Os.LINUX, TIFA],
  ] as const)("of type '%s' on system %i is %i", (type, os, namespace) => {
    request.os = os;
    put(request.ifa, uuid.toUpperCase());
    put(request.ifaType, type);
    people.set(hashText(namespace, uuid), 42);
    expect(identify()).toBe(42);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["", Os.UNKNOWN],
    ["", Os.WINDOWS],
    ["ppid", Os.ANDROID],
    ["sessionid", Os.IOS],
    ["idfb", Os.IOS],
  ] as const)("of type '%s' on system %i does not exist", (type, os) => {
    request.os = os;
    put(request.ifa, uuid);
    put(request.ifaType, type);
    for (const namespace of [IDFA, AAID, OAID, TIFA]) people.set(hashText(namespace, uuid), 42);
    expect(identify()).toBe(NOBODY);
    expect(out.hashKnown).toBe(0);
  });
});

describe("a request's person", () => {
  it("is the first known one in the exchange's order", () => {
    request.os = Os.IOS;
    put(request.ifa, uuid);
    put(request.buyerUid, "Cookie-1");
    putEid("id5-sync.com", "ID5*abc");
    people.set(hashText(IDFA, uuid), 1);
    people.set(hashText(BUYER_UID, "Cookie-1", 7), 2);
    people.set(hashText(EID, "ID5*abc", 3), 3);
    expect(identify()).toBe(1);
    expect(identify({ ...exchange, identityOrder: [EID, BUYER_UID, IDFA] })).toBe(3);
    expect(identify({ ...exchange, identityOrder: [BUYER_UID] })).toBe(2);
    expect(identify({ ...exchange, id: 8 as ExchangeId, identityOrder: [BUYER_UID] })).toBe(NOBODY);
    expect(identify({ ...exchange, identityOrder: [AAID] })).toBe(NOBODY);
    people.delete(hashText(IDFA, uuid));
    expect(identify()).toBe(2);
  });

  it("costs as many look-ups when known as when unknown", () => {
    request.os = Os.IOS;
    put(request.ifa, uuid);
    put(request.buyerUid, "Cookie-1");
    identify();
    const unknown = asked;
    asked = [];
    people.set(hashText(IDFA, uuid), 1);
    identify();
    expect(asked).toEqual(unknown);
    expect(asked).toHaveLength(2);
  });

  it("costs one look-up when the request carries no identifier, which finds nobody", () => {
    request.seed.lo = 5;
    people.set("0:5", 99);
    expect(identify()).toBe(NOBODY);
    expect(asked).toEqual(["0:5"]);
    expect(out.hashKnown).toBe(0);
  });

  it("leaves the hash of the first identifier for caps, known or not", () => {
    request.os = Os.IOS;
    put(request.ifa, uuid);
    put(request.buyerUid, "Cookie-1");
    people.set(hashText(BUYER_UID, "Cookie-1", 7), 2);
    expect(identify()).toBe(2);
    expect(out.hashKnown).toBe(1);
    expect(`${out.hash.hi}:${out.hash.lo}`).toBe(hashText(IDFA, uuid));
    request.reset();
    identify();
    expect([out.ordinal, out.hashKnown, out.hash.lo, out.hash.hi]).toEqual([NOBODY, 0, 0, 0]);
  });

  it("is not guessed from an inferred eid, an unknown source or a billboard", () => {
    putEid("id5-sync.com", "ID5*abc", 5);
    putEid("example.com", "ID5*abc");
    people.set(hashText(EID, "ID5*abc", 3), 3);
    expect(identify()).toBe(NOBODY);
    putEid("UIDAPI.com", "token");
    people.set(hashText(EID, "token", 1), 4);
    expect(identify()).toBe(4);
    request.channelKind = ChannelKind.DOOH;
    expect(identify()).toBe(NOBODY);
    expect(out.hashKnown).toBe(0);
  });

  it("is the first one's where identifiers are of several people, whoever comes after", () => {
    request.os = Os.IOS;
    put(request.ifa, uuid);
    put(request.buyerUid, "Cookie-1");
    people.set(hashText(IDFA, uuid), 5);
    people.set(hashText(BUYER_UID, "Cookie-1", 7), 6);
    expect([identify(), out.mixed]).toEqual([5, 1]);
    people.set(hashText(BUYER_UID, "Cookie-1", 7), 5);
    expect([identify(), out.mixed]).toEqual([5, 0]);
  });

  it("is sought by a bounded number of look-ups", () => {
    for (let i = 0; i < 60; i++) putEid("uidapi.com", `token-${i}`);
    identify();
    expect(asked).toHaveLength(lookUpsMax);
  });
});

describe("without a grant", () => {
  it("the index is never read: a decision that is no grant does not compile as one", () => {
    request.os = Os.IOS;
    put(request.ifa, uuid);
    for (const refusal of [{ lmt: 1 }, { coppa: 1 }, { gdpr: 1 }, { zeroIfa: 1 }]) {
      request.consent.clear();
      Object.assign(request.consent, refusal);
      const decision = grantOf(request.consent, 0x43484e as CountryCode, settings);
      if (isGrant(decision))
        identifyInto(request, decision, exchange, settings.eidSources, key, index, out);
    }
    expect(asked).toEqual([]);
    // @ts-expect-error a plain number is no grant
    const forged: Grant = CONTEXTUAL;
    expect(isGrant(forged)).toBe(false);
  });
});
