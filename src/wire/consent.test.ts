import { GppModel } from "@iabgpp/cmpapi";
import { Segment, SegmentEncoder, TCModel } from "@iabtechlabtcf/core";
import { beforeEach, describe, expect, it } from "vitest";
import type { CountryCode, UnixMs } from "../base/units.js";
import { grantOf, isGrant } from "../bid/consent.js";
import { privacySettingsOf } from "../bid/privacy-settings.js";
import { BidRequest, type ConsentSignals, type Slice } from "../bid/request.js";
import { testPrivacyPlan } from "../testing/privacy-plan.js";
import { readConsent } from "./consent.js";
import { ConsentCache, consentBytesMax } from "./consent-cache.js";

const settings = privacySettingsOf(testPrivacyPlan);
const dayMs = 86_400_000;
const nowMs = (20_500 * dayMs) as UnixMs;
const request = new BidRequest();
let cache = new ConsentCache();

type Texts = {
  readonly tcf?: string;
  readonly gpp?: string;
  readonly sids?: readonly number[];
  readonly usp?: string;
  readonly ifa?: string;
  readonly gdpr?: number;
};

function put(slice: Slice, text: string | undefined): void {
  if (text === undefined) return;
  slice.start = request.textLength + 3;
  slice.end =
    slice.start + new TextEncoder().encodeInto(text, request.bytes.subarray(slice.start)).written;
  request.textLength = slice.end;
}

function read(texts: Texts, atMs = nowMs, by = settings): ConsentSignals {
  request.reset();
  put(request.usPrivacy, texts.usp);
  put(request.tcfString, texts.tcf);
  put(request.gppString, texts.gpp);
  put(request.ifa, texts.ifa);
  request.gppSidMask = (texts.sids ?? []).reduce((mask, sid) => mask | (1 << sid), 0);
  request.consent.gdpr = texts.gdpr ?? -1;
  readConsent(request, by, cache, atMs);
  return request.consent;
}

function tcString(change: (model: TCModel) => void = () => {}): string {
  const model = new TCModel();
  model.cmpId = 30;
  model.publisherCountryCode = "DE";
  model.consentLanguage = "EN";
  model.policyVersion = 5;
  model.created = model.lastUpdated = new Date(20_400 * dayMs);
  model.purposeConsents.set([1, 2, 3, 4, 7, 10]);
  model.vendorConsents.set([9, 51]);
  model.vendorsDisclosed.set([9, 51]);
  change(model);
  return [Segment.CORE, Segment.VENDORS_DISCLOSED]
    .map((segment) => SegmentEncoder.encode(model, segment))
    .join(".");
}

const gppString = (section: string, fields: Record<string, unknown>): string => {
  const model = new GppModel();
  for (const [field, value] of Object.entries(fields)) model.setFieldValue(section, field, value);
  return model.encode();
};
/** A GPP string whose European section is the given TC string. */
const gppOfTcf = (tcf: string): string => `DBABMA~${tcf}`;

beforeEach(() => {
  cache = new ConsentCache();
});

describe("the consent of a request", () => {
  it("comes from user.consent", () => {
    const signals = read({ tcf: tcString(), gdpr: 1 });
    expect(signals).toMatchObject({ tcfPresent: 1, tcfValid: 1, vendorConsent: 1 });
    expect(signals.vendorDisclosed).toBe(1);
    expect(signals.purposesConsent).toBe(0b10_0100_1111);
    expect(isGrant(grantOf(signals, 0 as CountryCode, settings))).toBe(true);
  });

  it("keeps nothing of a string that has lapsed, is from the future or does not decode", () => {
    const late = tcString((model) => {
      model.created = model.lastUpdated = new Date(20_502 * dayMs);
    });
    const texts = [late, "0101", `${tcString()}.`, "A".repeat(consentBytesMax + 1)];
    const lapsed = read({ tcf: tcString(), gdpr: 1 }, (nowMs + 400 * dayMs) as UnixMs);
    for (const signals of [lapsed, ...texts.map((tcf) => ({ ...read({ tcf, gdpr: 1 }) }))]) {
      expect(signals).toMatchObject({
        tcfPresent: 1,
        tcfValid: 0,
        purposesConsent: 0,
        vendorConsent: 0,
        vendorDisclosed: 0,
      });
    }
  });

  it("takes a cached string for what it is worth now, not when it was first read", () => {
    expect(read({ tcf: tcString() }).tcfValid).toBe(1);
    expect(read({ tcf: tcString() }, (nowMs + 400 * dayMs) as UnixMs).tcfValid).toBe(0);
    expect(read({ tcf: tcString() }).tcfValid).toBe(1);
    expect([cache.hitCount, cache.missCount]).toEqual([2, 1]);
  });

  it("joins user.consent and the European section to what both allow", () => {
    const fewer = tcString((model) => model.purposeConsents.unset([3, 10]));
    const both = read({ tcf: tcString(), gpp: gppOfTcf(fewer), sids: [2] });
    expect(both).toMatchObject({ tcfApplies: 1, tcfValid: 1, purposesConsent: 0b100_1011 });
    const broken = read({ tcf: tcString(), gpp: gppOfTcf("CAAA"), sids: [2] });
    expect(broken).toMatchObject({ tcfValid: 0, purposesConsent: 0, unreadable: 1 });
    const refused = tcString((model) => model.vendorConsents.unset(51));
    expect(read({ tcf: refused, gpp: gppOfTcf(tcString()), sids: [2] }).vendorConsent).toBe(0);
    // Disclosed in one string alone is not disclosed, whichever it is.
    const silent = tcString().split(".")[0] ?? "";
    const told = tcString();
    expect(read({ tcf: told, gpp: gppOfTcf(silent), sids: [2] }).vendorDisclosed).toBe(0);
    expect(read({ tcf: silent, gpp: gppOfTcf(told), sids: [2] }).vendorDisclosed).toBe(0);
  });

  it("takes the European section of a string without gpp_sid only where there is no other", () => {
    const fewer = tcString((model) => model.purposeConsents.unset(3));
    expect(read({ gpp: gppOfTcf(fewer) })).toMatchObject({ tcfApplies: 0, tcfPresent: 1 });
    expect(read({ tcf: tcString(), gpp: gppOfTcf(fewer) }).purposesConsent & 4).toBe(4);
  });

  it("finds US opt-outs in us_privacy and in GPP, and a malformed us_privacy counts as one", () => {
    const quiet = { usPrivacyPresent: 1, usOptOut: 0, unreadable: 0 };
    expect(read({ usp: "1YNN" })).toMatchObject(quiet);
    expect(read({ usp: "1YYN" })).toMatchObject({ ...quiet, usOptOut: 1 });
    expect(read({ usp: "nonsense" })).toMatchObject({ ...quiet, usOptOut: 1 });
    const out = gppString("usca", { SharingOptOut: 1 });
    expect(read({ gpp: out, sids: [8] })).toMatchObject({ ...quiet, usOptOut: 1 });
    expect(read({ gpp: out, sids: [7] })).toMatchObject({ usPrivacyPresent: 0, unreadable: 1 });
    const gpc = gppString("usnat", { SaleOptOut: 2, Gpc: true });
    expect(read({ usp: "1YNN", gpp: gpc, sids: [7] })).toMatchObject({ ...quiet, gpc: 1 });
  });

  it("misses the sections that gpp_sid names when there is no GPP string", () => {
    expect(read({ sids: [7] }).unreadable).toBe(1);
    expect(read({ sids: [2], tcf: tcString() })).toMatchObject({ tcfApplies: 1, unreadable: 0 });
    expect(read({ sids: [6], usp: "1YNN" }).unreadable).toBe(0);
    expect(read({ sids: [] }).unreadable).toBe(0);
    expect(read({ sids: [0] }).unreadable).toBe(0);
    expect(read({ gpp: "D".repeat(consentBytesMax + 1) }).unreadable).toBe(1);
  });

  it("allows in Canada what our vendor has express or implied consent for", () => {
    const flags = (...purposes: number[]): boolean[] =>
      Array.from({ length: 24 }, (_, i) => purposes.includes(i + 1));
    const gpp = gppString("tcfcav1", {
      CmpId: 30,
      PurposesExpressConsent: flags(3, 4),
      PurposesImpliedConsent: flags(2, 5, 7, 10),
      VendorExpressConsent: [51],
      VendorImpliedConsent: [51, 52],
      // Last, since the library dates every other change itself.
      Created: new Date(20_400 * dayMs),
      LastUpdated: new Date(20_400 * dayMs),
    });
    expect(read({ gpp, sids: [5] })).toMatchObject({
      canadaApplies: 1,
      canadaPurposes: 0b10_0100_1110,
      tcfPresent: 0,
    });
    expect(read({ gpp, sids: [5] }, (nowMs + 400 * dayMs) as UnixMs).canadaPurposes).toBe(0);
    expect(read({ gpp, sids: [7] })).toMatchObject({ canadaApplies: 0, unreadable: 1 });
  });

  it("notes an ifa of zeros", () => {
    expect(read({ ifa: "00000000-0000-0000-0000-000000000000" }).zeroIfa).toBe(1);
    expect(read({ ifa: "00000000-0000-0000-0000-000000000001" }).zeroIfa).toBe(0);
    expect(read({}).zeroIfa).toBe(0);
  });
});

describe("the cache", () => {
  it("gives each of 20,000 strings its own reading, and keeps within its bytes", () => {
    cache = new ConsentCache(1024 * 1024);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 20_000; i++) {
        const tcf = `${"A".repeat(i % 7)}${i}`;
        const text = i % 2 === 0 ? tcf : (tcStrings[i % 3 === 0 ? 0 : 1] ?? "");
        const valid = read({ tcf: text }).tcfValid;
        expect(valid).toBe(i % 2);
        if (i % 2 === 1) expect(request.consent.vendorConsent).toBe(i % 3 === 0 ? 1 : 0);
      }
    }
    expect(cache.hitCount).toBeGreaterThan(19_000);
  });

  it("lends no string another's reading when their hashes collide", () => {
    cache = new ConsentCache(1024 * 1024, () => 7);
    const longer = `${tcStrings[0]}.`;
    const out = gppString("usca", { SaleOptOut: 1 });
    const quiet = gppString("usca", { SaleOptOut: 2 });
    for (let round = 0; round < 3; round++) {
      expect(read({ tcf: tcStrings[0] ?? "" }).vendorConsent).toBe(1);
      expect(read({ tcf: tcStrings[1] ?? "" }).vendorConsent).toBe(0);
      expect(read({ tcf: longer }).tcfValid).toBe(0);
      expect(read({ gpp: out, sids: [8] }).usOptOut).toBe(1);
      expect(read({ gpp: quiet, sids: [8] }).usOptOut).toBe(0);
    }
    expect(cache.hitCount).toBe(0);
  });

  it("keeps the readings of one mask of sections apart from those of another", () => {
    const gpp = gppString("usca", { SaleOptOut: 1 });
    for (const sids of [[8], [9], [8], [9]]) {
      expect(read({ gpp, sids }).usOptOut).toBe(sids[0] === 8 ? 1 : 0);
    }
    expect(cache.hitCount).toBe(2);
  });

  it("starts afresh for another vendor", () => {
    const tcf = { ...testPrivacyPlan.tcf, vendorId: 9 };
    const other = privacySettingsOf({ ...testPrivacyPlan, tcf });
    const onlyNine = tcStrings[1] ?? "";
    expect(read({ tcf: onlyNine }).vendorConsent).toBe(0);
    expect(read({ tcf: onlyNine }, nowMs, other).vendorConsent).toBe(1);
    expect(read({ tcf: onlyNine }).vendorConsent).toBe(0);
  });

  it("tells strings apart that differ in any one character", () => {
    const text = tcString();
    for (let at = 0; at < text.length; at++) {
      const hits = cache.hitCount;
      const changed = `${text.slice(0, at)}${text[at] === "B" ? "C" : "B"}${text.slice(at + 1)}`;
      read({ tcf: changed });
      expect(cache.hitCount, changed).toBe(hits);
    }
  });
});

const tcStrings = [
  tcString(),
  tcString((model) => {
    model.vendorConsents.unset(51);
  }),
];
