import { isDeepStrictEqual } from "node:util";
import {
  Base64Url,
  type GVL,
  PurposeRestriction,
  Segment,
  SegmentEncoder,
  TCModel,
  TCString,
} from "@iabtechlabtcf/core";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../base/random.js";
import { isCurrent, readTcfInto, TcfReading } from "./tcf.js";

const dayMs = 86_400_000;
const encoder = new TextEncoder();

function read(text: string, vendorId: number): TcfReading {
  const bytes = encoder.encode(`--${text}--`);
  const out = new TcfReading();
  readTcfInto(bytes, 2, bytes.length - 2, vendorId, out);
  return out;
}

/** The library asks a vendor list only which ids exist: here all of them. */
const everyVendor = { vendorIds: { has: () => true } } as unknown as GVL;

function randomModel(random: SeededRandom): TCModel {
  const model = new TCModel();
  model.version = 2;
  model.cmpId = 2 + random.below(4_000);
  model.cmpVersion = random.below(4_096);
  model.consentScreen = random.below(64);
  model.consentLanguage = "EN";
  model.publisherCountryCode = random.pick(["DE", "FR", "AA", "ZZ"]);
  model.vendorListVersion = random.below(4_096);
  model.policyVersion = 4 + random.below(3);
  model.purposeOneTreatment = random.below(8) === 0;
  model.isServiceSpecific = random.below(2) === 1;
  model.created = new Date((20_000 + random.below(1_000)) * dayMs);
  model.lastUpdated = new Date((20_000 + random.below(1_000)) * dayMs);
  for (let p = 1; p <= 24; p++) {
    if (random.below(2) === 1) model.purposeConsents.set(p);
    if (random.below(2) === 1) model.purposeLegitimateInterests.set(p);
    if (p <= 12 && random.below(3) === 1) model.specialFeatureOptins.set(p);
  }
  // Sparse lists are written as ranges, dense ones as bit fields.
  const vendorMax = random.pick([0, 1, 40, 900, 5_000]);
  const step = random.pick([1, 2, 7, 300]);
  for (let v = 1; v <= vendorMax; v += 1 + random.below(step)) {
    if (random.below(8) > 0) model.vendorConsents.set(v);
    if (random.below(3) > 0) model.vendorLegitimateInterests.set(v);
    if (random.below(6) > 0) model.vendorsDisclosed.set(v);
    if (random.below(40) === 0) {
      const restriction = new PurposeRestriction(1 + random.below(11), random.below(3));
      model.publisherRestrictions.add(v, restriction);
    }
  }
  Object.assign(model.publisherRestrictions, { gvl_: everyVendor });
  return model;
}

function encode(model: TCModel, random: SeededRandom): string {
  const segments = [Segment.CORE];
  if (random.below(4) > 0) segments.push(Segment.VENDORS_DISCLOSED);
  if (random.below(4) === 0) segments.push(Segment.VENDORS_ALLOWED);
  if (random.below(2) === 0) segments.push(Segment.PUBLISHER_TC);
  return segments.map((segment) => SegmentEncoder.encode(model, segment)).join(".");
}

/** Kept, since one string is asked about for several vendors and takes the library a while. */
let last: { readonly text: string; readonly model: TCModel | null } = { text: "", model: null };

/** What the library makes of a string; null where it refuses it. */
function modelOf(text: string): TCModel | null {
  if (text !== last.text || last.model === null) {
    try {
      last = { text, model: TCString.decode(text) };
    } catch {
      return null;
    }
  }
  return last.model;
}

/** What the library reads, in our form; null where it refuses the string. */
function oracle(text: string, vendorId: number): TcfReading | null {
  const model = modelOf(text);
  if (model === null) return null;
  const out = new TcfReading();
  out.valid = 1;
  out.createdMs = model.created?.getTime() ?? 0;
  out.updatedMs = model.lastUpdated?.getTime() ?? 0;
  out.policyVersion = Number(model.policyVersion);
  out.vendorListVersion = Number(model.vendorListVersion);
  for (let p = 1; p <= 24; p++) {
    const bit = 1 << (p - 1);
    if (model.purposeConsents.has(p)) out.purposesConsent |= bit;
    if (model.purposeLegitimateInterests.has(p)) out.purposesLegitimateInterest |= bit;
    if (p <= 12 && model.specialFeatureOptins.has(p)) out.specialFeatures |= bit;
  }
  // Consent to what was not disclosed is none.
  if (model.purposeOneTreatment) out.purposesConsent &= ~1;
  out.vendorConsent = model.vendorConsents.has(vendorId) ? 1 : 0;
  out.vendorLegitimateInterest = model.vendorLegitimateInterests.has(vendorId) ? 1 : 0;
  out.vendorDisclosed = model.vendorsDisclosed.has(vendorId) ? 1 : 0;
  const lists = text.split(".").some((segment) => /^[I-P]/.test(segment));
  out.vendorUndisclosed = lists ? 1 - out.vendorDisclosed : 0;
  for (const restriction of model.publisherRestrictions.getRestrictions(vendorId)) {
    const bit = 1 << (restriction.purposeId - 1);
    const type = Number(restriction.restrictionType);
    if (type === 0) out.restrictedPurposes |= bit;
    else if (type === 1) out.consentOnlyPurposes |= bit;
    else if (type === 2) out.legitimateInterestOnlyPurposes |= bit;
  }
  return out;
}

const covers = (mask: number, part: number): boolean => (mask & part) === part;

/** Nothing is allowed by `ours` that `theirs` does not allow. */
function isNoMorePermissive(ours: TcfReading, theirs: TcfReading | null): boolean {
  if (ours.valid === 0) return ours.vendorConsent + ours.vendorLegitimateInterest === 0;
  return (
    theirs !== null &&
    ours.createdMs === theirs.createdMs &&
    ours.updatedMs === theirs.updatedMs &&
    covers(theirs.purposesConsent, ours.purposesConsent) &&
    covers(theirs.purposesLegitimateInterest, ours.purposesLegitimateInterest) &&
    covers(theirs.specialFeatures, ours.specialFeatures) &&
    ours.vendorConsent <= theirs.vendorConsent &&
    ours.vendorLegitimateInterest <= theirs.vendorLegitimateInterest &&
    ours.vendorDisclosed <= theirs.vendorDisclosed &&
    ours.vendorUndisclosed >= theirs.vendorUndisclosed &&
    covers(ours.restrictedPurposes, theirs.restrictedPurposes) &&
    covers(ours.consentOnlyPurposes, theirs.consentOnlyPurposes) &&
    covers(ours.legitimateInterestOnlyPurposes, theirs.legitimateInterestOnlyPurposes)
  );
}

describe("a TC string", () => {
  it("reads as the published library reads it, for vendors of every kind of list", () => {
    const random = new SeededRandom(11);
    let restricted = 0;
    let consented = 0;
    for (let i = 0; i < 1_500; i++) {
      const text = encode(randomModel(random), random);
      for (const vendorId of [1, 2, 39, 40, 41, 1 + random.below(900), 1 + random.below(5_200)]) {
        const ours = read(text, vendorId);
        const theirs = oracle(text, vendorId);
        // By plain code first: 10,000 expects take longer than what they look at.
        if (!isDeepStrictEqual(ours, theirs)) expect(ours).toEqual(theirs);
        consented += ours.vendorConsent;
        if (ours.restrictedPurposes !== 0) restricted++;
      }
    }
    expect(consented).toBeGreaterThan(1_000);
    expect(restricted).toBeGreaterThan(20);
  });

  it("is never read as allowing more than the library reads, over 100,000 broken strings", () => {
    const random = new SeededRandom(12);
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ~";
    const nothing = new TcfReading();
    let valid = 0;
    let text = "";
    for (let i = 0; i < 100_000; i++) {
      if (i % 20 === 0) text = encode(randomModel(random), random);
      if (text.length > 900) text = text.slice(0, 900);
      const edits = random.below(4);
      let mutant = text;
      for (let e = 0; e < edits; e++) {
        const at = random.below(mutant.length + 1);
        const letter = letters[random.below(letters.length)] ?? "A";
        const kind = random.below(4);
        if (kind === 0) mutant = mutant.slice(0, at) + letter + mutant.slice(at + 1);
        else if (kind === 1) mutant = mutant.slice(0, at) + letter + mutant.slice(at);
        else if (kind === 2) mutant = mutant.slice(0, at) + mutant.slice(at + 1);
        else mutant = mutant.slice(0, Math.max(at, mutant.length - 30));
      }
      const vendorId = 1 + random.below(60);
      const ours = read(mutant, vendorId);
      valid += ours.valid;
      // The library takes a while for a string that ours has refused: it has nothing to say of
      // those.
      if (ours.valid === 1 && !isNoMorePermissive(ours, oracle(mutant, vendorId))) {
        expect.fail(`more permissive on ${mutant} for vendor ${vendorId}`);
      }
      if (ours.valid === 0 && !isDeepStrictEqual(ours, nothing)) expect(ours).toEqual(nothing);
    }
    expect(valid).toBeGreaterThan(10_000);
  });

  it.each([
    ["nothing", ""],
    ["a version 1 string", "BOXB2pJOXB2pJABABAENAW-AAAAQCABgACAgAA"],
    ["policy 2", "COwK9wAOwK9wAABABBENAPCgAAAAAAAAAAAYgAAAAAAAA"],
    ["plain words", "abcdef"],
    ["padding", "COwK9wAOwK9wAABABBENAPCgAAAAAAAAAAAYgAAAAAAAA=="],
  ])("is invalid when it is %s", (_, text) => {
    expect(read(text, 1)).toEqual(new TcfReading());
  });

  it("is invalid when a segment is empty, doubled, unknown or too long", () => {
    const random = new SeededRandom(13);
    const model = randomModel(random);
    const core = SegmentEncoder.encode(model, Segment.CORE);
    const disclosed = SegmentEncoder.encode(model, Segment.VENDORS_DISCLOSED);
    expect(read(`${core}.${disclosed}`, 1).valid).toBe(1);
    for (const text of [
      `${core}.`,
      `.${core}`,
      `${core}..${disclosed}`,
      `${core}.${disclosed}.${disclosed}`,
      `${core}.${core}`,
      `${core}._AAA`,
      `${core}AAAAAAAA`,
      `${core}.${disclosed}AAAAAAAA`,
    ]) {
      expect(read(text, 1).valid, text).toBe(0);
    }
  });

  it("takes no vendor from a range beyond the list's highest number", () => {
    const model = randomModel(new SeededRandom(14));
    for (let v = 1; v <= 6_000; v++) model.vendorConsents.unset(v);
    model.vendorConsents.set([400, 401, 402]);
    const core = SegmentEncoder.encode(model, Segment.CORE);
    expect(read(core, 402).vendorConsent).toBe(1);
    // The vendor list starts with its highest number, 16 bits from bit 213: 402 becomes 400.
    const bits = [...core].map((letter) => Base64Url.decode(letter)).join("");
    expect(Number.parseInt(bits.slice(213, 229), 2)).toBe(402);
    const lower = `${bits.slice(0, 213)}${(400).toString(2).padStart(16, "0")}${bits.slice(229)}`;
    const text = Base64Url.encode(lower);
    expect([400, 401, 402].map((vendorId) => read(text, vendorId).vendorConsent)).toEqual([
      1, 0, 0,
    ]);
  });

  it("holds from its creation until 395 days after its last update", () => {
    const reading = new TcfReading();
    reading.createdMs = reading.updatedMs = 20_000 * dayMs;
    const on = (day: number): boolean => isCurrent(reading, day * dayMs, 395);
    expect([on(19_998), on(19_999), on(20_000), on(20_395), on(20_396)]).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    reading.createdMs += 2 * dayMs;
    expect(on(20_010)).toBe(false);
  });
});
