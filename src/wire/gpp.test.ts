import {
  BitStringEncoder,
  CompressedBase64UrlEncoder,
  type EncodableBitStringFields,
  GppModel,
  RangeEntry,
  Sections,
  TCFCAV1_CORE_SEGMENT_FIELD_NAMES,
  TcfCaV1CoreSegment,
} from "@iabgpp/cmpapi";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../base/random.js";
import { runSize } from "../testing/run-size.js";
import { GppReading, readGppInto } from "./gpp.js";
import { readUsPrivacy, UsReading } from "./gpp-us.js";
import { readTcfInto, TcfReading } from "./tcf.js";

const encoder = new TextEncoder();
const vendorId = 51;
const usSections = Array.from({ length: 21 }, (_, i) => i + 7);
const nameOf = (section: number): string => Sections.SECTION_ID_NAME_MAP.get(section) ?? "";
const maskOf = (...sections: number[]): number =>
  sections.reduce((mask, section) => mask | (1 << section), 0);

function read(text: string, sidMask: number, vendor = vendorId): GppReading {
  const bytes = encoder.encode(`~~${text}~~`);
  const out = new GppReading();
  readGppInto(bytes, 2, bytes.length - 2, sidMask, vendor, out);
  return out;
}

type Fields = Record<string, unknown>;
const optOuts = ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"];
const notices = optOuts.map((field) => `${field}Notice`);

/** What a section's fields mean to us, from the library's field names. */
function meaningOf(fields: Fields): UsReading {
  const out = new UsReading();
  const is = (field: string, value: unknown): boolean => fields[field] === value;
  if (optOuts.some((field) => is(field, 1) || is(field, 2))) out.present = 1;
  const asServiceProvider = is("MspaServiceProviderMode", 1) || is("MspaMode", 2);
  if (asServiceProvider || optOuts.some((field) => is(field, 1))) out.optOut = 1;
  if (notices.some((field) => is(field, 2))) out.noticeMissing = 1;
  const child = fields["KnownChildSensitiveDataConsents"] ?? 0;
  if ([child].flat().some((value) => value !== 0)) out.knownChild = 1;
  if (is("Gpc", true)) out.gpc = 1;
  return out;
}

/**
 * Random values for every field of a section; mostly the quiet ones, so that each field matters at
 * times.
 */
function randomise(model: GppModel, section: number, random: SeededRandom): Fields {
  const name = nameOf(section);
  model.setFieldValue(name, "SaleOptOut", 0);
  const fields = model.getSection(name) as Fields;
  const value = (): number => (random.below(8) > 0 ? 0 : 1 + random.below(2));
  for (const [field, before] of Object.entries(fields)) {
    if (field === "GpcSegmentType" || field === "MspaVersion") continue;
    let after: unknown = value();
    if (field === "Version") after = section === 7 ? 1 + random.below(2) : 1;
    else if (field === "MspaCoveredTransaction") after = 1 + random.below(2);
    else if (Array.isArray(before)) after = before.map(value);
    else if (typeof before === "boolean") after = random.below(2) === 1;
    model.setFieldValue(name, field, after);
    fields[field] = after;
  }
  if (fields["GpcSegmentIncluded"] === false) fields["Gpc"] = false;
  if (section === 7 && fields["Version"] === 1) {
    // The first edition has two slots for children, the library's model always three.
    const child = fields["KnownChildSensitiveDataConsents"] as number[];
    fields["KnownChildSensitiveDataConsents"] = child.slice(0, 2);
  }
  return fields;
}

const join = (readings: readonly UsReading[]): UsReading => {
  const out = new UsReading();
  for (const reading of readings) {
    out.present |= reading.present;
    out.optOut |= reading.optOut;
    out.knownChild |= reading.knownChild;
    out.noticeMissing |= reading.noticeMissing;
    out.gpc |= reading.gpc;
  }
  return out;
};

describe("a US section of GPP", () => {
  it.each(usSections)("%i reads as the published library wrote it", (section) => {
    const random = new SeededRandom(section);
    const meanings = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const model = new GppModel();
      const meaning = meaningOf(randomise(model, section, random));
      const text = model.encode();
      const reading = read(text, maskOf(section));
      expect(reading.unreadable, text).toBe(0);
      expect(reading.us, text).toEqual(meaning);
      meanings.add(JSON.stringify(meaning));
    }
    expect(meanings.size).toBeGreaterThan(4);
  });

  it("counts only where gpp_sid says that it applies, the strictest of several", () => {
    const random = new SeededRandom(99);
    for (let i = 0; i < 300; i++) {
      const model = new GppModel();
      const sections = usSections.filter(() => random.below(4) === 0);
      const fields = sections.map((section) => randomise(model, section, random));
      const applying = sections.filter(() => random.below(2) === 0);
      const expected = join(
        sections.flatMap((section, at) =>
          applying.includes(section) ? [meaningOf(fields[at] ?? {})] : [],
        ),
      );
      const reading = read(model.encode(), maskOf(...applying) | 1);
      expect(reading.unreadable).toBe(0);
      expect(reading.us).toEqual(expected);
      const missing = usSections.find((section) => !sections.includes(section)) ?? 28;
      expect(read(model.encode(), maskOf(...applying, missing)).unreadable).toBe(1);
    }
  });

  it("counts whatever section it is when gpp_sid is absent", () => {
    const model = new GppModel();
    model.setFieldValue("usva", "SaleOptOut", 1);
    expect(read(model.encode(), 0).us.optOut).toBe(1);
    expect(read(model.encode(), maskOf(9)).us.optOut).toBe(1);
  });

  it("is unreadable when it is short, long, of a later version or holds an undefined value", () => {
    // usva, DBABRg: version 1, all fields 0 but the agreement.
    const model = new GppModel();
    model.setFieldValue("usva", "SaleOptOut", 2);
    const [header = "", body = ""] = model.encode().split("~");
    expect(read(`${header}~${body}`, maskOf(9)).unreadable).toBe(0);
    const broken = [
      `${header}~${body.slice(0, -2)}`,
      `${header}~${body}AAA`,
      `${header}~C${body.slice(1)}`,
      `${header}~BB8${body.slice(3)}`,
      `${header}~`,
      header,
      `${header}~${body}~${body}`,
      `${header}~${body}.`,
      `${header}~${body}.wA`,
      `X${header}~${body}`,
      "",
    ];
    for (const text of broken) expect(read(text, maskOf(9)).unreadable, text).toBe(1);
    for (const sid of [1, 3, 4, 28, 31]) {
      expect(read(`${header}~${body}`, maskOf(9, sid)).unreadable, `${sid}`).toBe(1);
    }
  });

  it("reads the sections that start with a header of their own", () => {
    // Kentucky: id 26, version 1, sub-sections; then the core as before.
    const model = new GppModel();
    model.setFieldValue("usky", "SaleOptOut", 1);
    const [header = "", body = ""] = model.encode().split("~");
    const headed = read(`${header}~aBABY.${body}`, maskOf(26));
    expect(headed.unreadable).toBe(0);
    expect(headed.us.optOut).toBe(1);
    expect(read(`${header}~aBABY`, maskOf(26)).unreadable).toBe(1);
    expect(read(`${header}~aCABY.${body}`, maskOf(26)).unreadable).toBe(1);
  });
});

describe("us_privacy", () => {
  const usp = (text: string): UsReading => {
    const out = new UsReading();
    const bytes = encoder.encode(`1YYY${text}1YYY`);
    readUsPrivacy(bytes, 4, 4 + encoder.encode(text).length, out);
    return out;
  };

  it("says first whether the right was told, then whether the sale is refused", () => {
    for (const [text, optOut, noticeMissing] of [
      ["1YNN", 0, 0],
      ["1YNn", 0, 0],
      ["1---", 0, 0],
      ["1YN-", 0, 0],
      ["1YYN", 1, 0],
      ["1yyn", 1, 0],
      ["1NNN", 0, 1],
      ["1NYN", 1, 1],
    ] as const) {
      // An opt-out that is "not applicable" is no answer.
      const present = text === "1---" ? 0 : 1;
      expect(usp(text), text).toMatchObject({ present, optOut, noticeMissing });
    }
  });

  it("counts as an opt-out when it is malformed", () => {
    for (const text of ["", "1", "1YN", "1YNNN", "2YNN", "1XNN", "1YXN", "1YNX", "YNN1", "1ÿNN"]) {
      expect(usp(text), text).toMatchObject({ present: 1, optOut: 1 });
    }
  });
});

describe("a Canadian section", () => {
  const someIds = (random: SeededRandom): number[] => {
    const step = random.pick([1, 2, 9, 200]);
    const ids: number[] = [];
    for (let id = 1 + random.below(60); id < 700; id += 1 + random.below(step)) ids.push(id);
    return random.below(5) === 0 ? [] : ids;
  };
  const someFlags = (random: SeededRandom): boolean[] =>
    Array.from({ length: 24 }, () => random.below(2) === 1);
  const bitsOf = (flags: readonly boolean[]): number =>
    flags.reduce((mask, flag, i) => (flag ? mask | (1 << i) : mask), 0);

  it("reads as the published library wrote it", () => {
    const random = new SeededRandom(5);
    let listed = 0;
    for (let i = 0; i < 400; i++) {
      const model = new GppModel();
      const set = (field: string, value: unknown): void =>
        model.setFieldValue("tcfcav1", field, value);
      const express = someFlags(random);
      const implied = someFlags(random);
      const vendorsExpress = someIds(random);
      const vendorsImplied = someIds(random);
      const restrictions = Array.from(
        { length: random.below(4) },
        () => new RangeEntry(1 + random.below(10), random.below(3), someIds(random)),
      );
      set("CmpId", 30);
      set("PurposesExpressConsent", express);
      set("PurposesImpliedConsent", implied);
      set("VendorExpressConsent", vendorsExpress);
      set("VendorImpliedConsent", vendorsImplied);
      set("PubRestrictions", restrictions);
      const text = model.encode();
      const reading = read(text, maskOf(5));
      expect(reading.unreadable, text).toBe(0);
      expect(reading.canada).toMatchObject({
        valid: 1,
        expressPurposes: bitsOf(express),
        impliedPurposes: bitsOf(implied),
        vendorExpress: vendorsExpress.includes(vendorId) ? 1 : 0,
        vendorImplied: vendorsImplied.includes(vendorId) ? 1 : 0,
      });
      const restricted = (type: number): number =>
        restrictions
          .filter((entry) => entry.getType() === type && entry.getIds().includes(vendorId))
          .reduce((mask, entry) => mask | (1 << (entry.getKey() - 1)), 0);
      expect(reading.canada.restrictedPurposes).toBe(restricted(0));
      expect(reading.canada.consentOnlyPurposes).toBe(restricted(1));
      expect(reading.canada.legitimateInterestOnlyPurposes).toBe(restricted(2));
      listed += reading.canada.vendorExpress;
    }
    expect(listed).toBeGreaterThan(40);
  });
});

describe("a Canadian vendor list", () => {
  it("must end with the highest number that it announces", () => {
    const model = new GppModel();
    model.setFieldValue("tcfcav1", "CmpId", 30);
    const vendors = Array.from({ length: vendorId }, (_, i) => i + 1);
    model.setFieldValue("tcfcav1", "VendorExpressConsent", vendors);
    const [header = "", body = ""] = model.encode().split("~");
    const [core = ""] = body.split(".");
    expect(read(`${header}~${core}`, maskOf(5)).canada).toMatchObject({ vendorExpress: 1 });
    // The highest number: 16 bits behind the 199 bits of the fields before it.
    const coder = CompressedBase64UrlEncoder.getInstance();
    const bits = coder.decode(core);
    expect(Number.parseInt(bits.slice(199, 215), 2)).toBe(vendorId);
    const lower = (vendorId - 1).toString(2).padStart(16, "0");
    const changed = coder.encode(bits.slice(0, 199) + lower + bits.slice(215));
    expect(read(`${header}~${changed}`, maskOf(5))).toMatchObject({ unreadable: 1 });
  });
});

describe("a Canadian section of the older writers", () => {
  /** The library reads their ranges of 16-bit numbers still, and its older fields write them. */
  function olderSection(vendorsExpress: number[], restrictions: RangeEntry[]): string {
    const segment = new TcfCaV1CoreSegment() as unknown as {
      buildFields: (older: boolean) => EncodableBitStringFields;
    };
    const fields = segment.buildFields(true);
    fields.get("CmpId").setValue(30);
    fields.get("VendorExpressConsent").setValue(vendorsExpress);
    fields.get("PubRestrictions").setValue(restrictions);
    const bits = BitStringEncoder.getInstance().encode(fields, TCFCAV1_CORE_SEGMENT_FIELD_NAMES);
    return CompressedBase64UrlEncoder.getInstance().encode(bits);
  }

  it("is told from the present form, and never read as allowing more", () => {
    const random = new SeededRandom(6);
    const model = new GppModel();
    model.setFieldValue("tcfcav1", "CmpId", 30);
    const header = model.encode().split("~")[0] ?? "";
    let exact = 0;
    for (let i = 0; i < 500; i++) {
      const ids = Array.from({ length: random.below(40) }, () => 1 + random.below(900));
      if (random.below(2) === 0) ids.push(vendorId);
      const vendors = [...new Set(ids)].sort((a, b) => a - b);
      const restrictions = random.below(3) === 0 ? [new RangeEntry(3, 0, [vendorId])] : [];
      const reading = read(`${header}~${olderSection(vendors, restrictions)}`, maskOf(5));
      const listed = vendors.includes(vendorId) ? 1 : 0;
      const restricted = restrictions.length === 0 ? 0 : 4;
      expect(reading.canada.vendorExpress).toBeLessThanOrEqual(listed);
      if (reading.canada.valid === 1) {
        expect(reading.canada.restrictedPurposes & restricted).toBe(restricted);
        if (reading.canada.vendorExpress === listed) exact++;
      }
    }
    expect(exact).toBeGreaterThan(490);
  });
});

function readByLibrary(text: string, sections: readonly number[]): UsReading {
  const model = new GppModel(text);
  return join(sections.map((id) => meaningOf(model.getSection(nameOf(id)) as Fields)));
}

describe("any GPP string", () => {
  it("hands its European section to the TC string reader", () => {
    const model = new GppModel();
    model.setFieldValue("tcfeuv2", "CmpId", 30);
    model.setFieldValue("tcfeuv2", "PolicyVersion", 4);
    model.setFieldValue("tcfeuv2", "VendorConsents", [12, vendorId]);
    model.setFieldValue("tcfeuv2", "VendorsDisclosed", [vendorId]);
    model.setFieldValue("usca", "SaleOptOut", 1);
    const text = model.encode();
    const section = encoder.encode(text.split("~")[1] ?? "");
    const direct = new TcfReading();
    expect(readTcfInto(section, 0, section.length, vendorId, direct)).toBe(true);
    const reading = read(text, maskOf(2));
    expect(reading.tcf).toEqual(direct);
    expect(reading.tcf).toMatchObject({ vendorConsent: 1, vendorDisclosed: 1 });
    expect(reading.us.optOut).toBe(0);
  });

  const strings = runSize(15_000, 40_000);

  it(`of ${strings} broken ones never allows more than the published library reads`, () => {
    const random = new SeededRandom(17);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=1YN";
    let readable = 0;
    let text = "";
    let sections: number[] = [];
    // A quarter of the strings is whole: what the library makes of them is asked once each.
    let whole: { readonly text: string; readonly us: UsReading } = { text: "", us: join([]) };
    for (let i = 0; i < strings; i++) {
      if (i % 10 === 0) {
        const model = new GppModel();
        sections = usSections.filter(() => random.below(6) === 0);
        for (const section of sections) randomise(model, section, random);
        text = model.encode();
      }
      let mutant = text;
      for (let e = random.below(4); e > 0; e--) {
        const at = random.below(mutant.length + 1);
        const letter = letters[random.below(letters.length)] ?? "A";
        const cut = random.below(3);
        mutant =
          mutant.slice(0, at) + (cut < 2 ? letter : "") + mutant.slice(at + (cut > 0 ? 1 : 0));
      }
      const reading = read(mutant, maskOf(...sections));
      if (reading.unreadable === 1) continue;
      readable++;
      let theirs: UsReading;
      try {
        theirs = mutant === whole.text ? whole.us : readByLibrary(mutant, sections);
      } catch {
        expect.fail(`the library refuses ${mutant}, sections ${sections.join()}`);
      }
      if (mutant === text) whole = { text, us: theirs };
      for (const field of ["optOut", "knownChild", "noticeMissing", "gpc"] as const) {
        if (theirs[field] > reading.us[field]) {
          expect.fail(`${field} is missed in ${mutant}, sections ${sections.join()}`);
        }
      }
    }
    expect(readable).toBeGreaterThan(strings / 8);
  });
});
