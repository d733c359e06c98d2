import { BitReader } from "./consent-bits.js";

/**
 * What a TC string says about one vendor. Source: IAB Europe TCF v2.2 and v2.3, "Consent string and
 * vendor list formats v2". Masks: bit p-1 = purpose p.
 */
export class TcfReading {
  /**
   * Decodes whole as version 2 under policy 4 or later. Says nothing of its age: see `isCurrent`.
   */
  valid = 0;
  createdMs = 0;
  updatedMs = 0;
  policyVersion = 0;
  vendorListVersion = 0;
  specialFeatures = 0;
  purposesConsent = 0;
  purposesLegitimateInterest = 0;
  vendorConsent = 0;
  vendorLegitimateInterest = 0;
  vendorDisclosed = 0;
  /** The string lists the disclosed vendors, and ours is not among them. */
  vendorUndisclosed = 0;
  restrictedPurposes = 0;
  consentOnlyPurposes = 0;
  legitimateInterestOnlyPurposes = 0;

  clear(): void {
    this.valid = this.createdMs = this.updatedMs = this.policyVersion = 0;
    this.vendorListVersion = this.specialFeatures = 0;
    this.purposesConsent = this.purposesLegitimateInterest = 0;
    this.vendorConsent = this.vendorLegitimateInterest = 0;
    this.vendorDisclosed = this.vendorUndisclosed = 0;
    this.restrictedPurposes = this.consentOnlyPurposes = 0;
    this.legitimateInterestOnlyPurposes = 0;
  }
}

/** Strings under an older policy are void since 2023-09-30. */
const policyVersionMin = 4;
/** Real strings end with at most 23 bits of padding; a whole word is let pass. */
const paddingBitsMax = 31;
const dayMs = 86_400_000;

/** Segment types (3 bits); the core has none, but its version 2 reads as type 0. */
const Segment = { CORE: 0, VENDORS_DISCLOSED: 1, VENDORS_ALLOWED: 2, PUBLISHER_TC: 3 } as const;

const reader = new BitReader();

/**
 * Reads `bytes[start, end)` for `vendorId`. False, with everything in `out` cleared, unless the
 * whole string is well-formed: version 2, policy 4 or later, each segment complete, none twice,
 * nothing behind its end.
 */
export function readTcfInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  vendorId: number,
  out: TcfReading,
): boolean {
  out.clear();
  let seen = 0;
  let from = start;
  while (from <= end) {
    let to = from;
    while (to < end && bytes[to] !== 46) to++;
    const type = readSegment(bytes, from, to, vendorId, out, from === start);
    if (type < 0 || ((seen >>> type) & 1) === 1) {
      out.clear();
      return false;
    }
    seen |= 1 << type;
    from = to + 1;
  }
  out.valid = 1;
  return true;
}

type Dated = Pick<TcfReading, "createdMs" | "updatedMs">;

/** True while the string may be relied on: not made in the future, updated within `maxAgeDays`. */
export function isCurrent(reading: Dated, nowMs: number, maxAgeDays: number): boolean {
  // Both times are rounded to the day, by clocks that may run ahead of ours.
  return (
    reading.createdMs <= nowMs + dayMs &&
    reading.updatedMs <= nowMs + dayMs &&
    reading.createdMs <= reading.updatedMs + dayMs &&
    reading.updatedMs >= nowMs - maxAgeDays * dayMs
  );
}

/** Gives the segment's type, -1 when it is not well-formed. */
function readSegment(
  bytes: Uint8Array,
  start: number,
  end: number,
  vendorId: number,
  out: TcfReading,
  first: boolean,
): number {
  reader.open(bytes, start, end);
  if (first) {
    readCore(vendorId, out);
    return reader.ok && reader.left() <= paddingBitsMax ? Segment.CORE : -1;
  }
  const type = reader.read(3);
  if (type === Segment.VENDORS_DISCLOSED) {
    out.vendorDisclosed = readVendor(reader, vendorId);
    out.vendorUndisclosed = 1 - out.vendorDisclosed;
  } else if (type === Segment.VENDORS_ALLOWED) readVendor(reader, vendorId);
  else if (type === Segment.PUBLISHER_TC) skipPublisherPurposes();
  else return -1;
  return reader.ok && reader.left() <= paddingBitsMax ? type : -1;
}

/**
 * version 6 | created 36 | updated 36 | cmpId 12 | cmpVersion 12 | screen 6 | language 12 | vendor
 * list 12 | policy 6 | service specific 1 | non-standard texts 1 | special features 12 | purposes
 * consent 24 | purposes legitimate interest 24 | purpose one treatment 1 | publisher country 12 |
 * vendors consent | vendors legitimate interest | publisher restrictions
 */
function readCore(vendorId: number, out: TcfReading): void {
  if (reader.read(6) !== 2) reader.refuse();
  out.createdMs = reader.timeMs();
  out.updatedMs = reader.timeMs();
  // 0 and 1 were never given to a consent management platform.
  if (reader.read(12) < 2) reader.refuse();
  reader.skip(12 + 6 + 12);
  out.vendorListVersion = reader.read(12);
  out.policyVersion = reader.read(6);
  if (out.policyVersion < policyVersionMin) reader.refuse();
  reader.skip(2);
  out.specialFeatures = reader.mask(12);
  out.purposesConsent = reader.mask(24);
  out.purposesLegitimateInterest = reader.mask(24);
  // Purpose one treatment: the purpose was not disclosed at all, so nobody consented to it.
  if (reader.read(1) === 1) out.purposesConsent &= ~1;
  if (reader.read(6) > 25 || reader.read(6) > 25) reader.refuse();
  out.vendorConsent = readVendor(reader, vendorId);
  out.vendorLegitimateInterest = readVendor(reader, vendorId);
  readRestrictions(vendorId, out);
}

/** maxVendorId 16 | isRange 1 | one bit a vendor, or ranges. 1 when `vendorId` is in it. */
export function readVendor(bits: BitReader, vendorId: number): number {
  const idMax = bits.read(16);
  if (bits.read(1) === 1) {
    const found = readRange(bits, vendorId);
    return vendorId <= idMax ? found : 0;
  }
  return readVendorBit(bits, vendorId, idMax);
}

/** One bit for each vendor from 1 to `idMax`: that of `vendorId`. */
export function readVendorBit(bits: BitReader, vendorId: number, idMax: number): number {
  if (vendorId < 1 || vendorId > idMax) {
    bits.skip(idMax);
    return 0;
  }
  bits.skip(vendorId - 1);
  const found = bits.read(1);
  bits.skip(idMax - vendorId);
  return found;
}

/** numEntries 12 | each: isRange 1, first 16, last 16 of a range. 1 when `vendorId` is in one. */
export function readRange(bits: BitReader, vendorId: number): number {
  const entryCount = bits.read(12);
  let found = 0;
  for (let i = 0; i < entryCount && bits.ok; i++) {
    const isRange = bits.read(1);
    const first = bits.read(16);
    const last = isRange === 1 ? bits.read(16) : first;
    if (first < 1 || last < first) bits.refuse();
    if (vendorId >= first && vendorId <= last) found = 1;
  }
  return bits.ok ? found : 0;
}

/** numRestrictions 12 | each: purpose 6, type 2, vendors as ranges. */
function readRestrictions(vendorId: number, out: TcfReading): void {
  const count = reader.read(12);
  for (let i = 0; i < count && reader.ok; i++) {
    const purpose = reader.read(6);
    const type = reader.read(2);
    if (purpose === 0 || type === 3) reader.refuse();
    if (readRange(reader, vendorId) === 1) restrict(out, purpose, type);
  }
}

/** The part of a reading that publisher restrictions go to. */
type Restrictions = Pick<
  TcfReading,
  "restrictedPurposes" | "consentOnlyPurposes" | "legitimateInterestOnlyPurposes"
>;

/**
 * Notes a restriction on our vendor: 1 consent only, 2 legitimate interest only, else not allowed.
 */
export function restrict(out: Restrictions, purpose: number, type: number): void {
  if (purpose < 1 || purpose > 24) return;
  const bit = 1 << (purpose - 1);
  if (type === 1) out.consentOnlyPurposes |= bit;
  else if (type === 2) out.legitimateInterestOnlyPurposes |= bit;
  else out.restrictedPurposes |= bit;
}

/**
 * consents 24 | legitimate interests 24 | custom purposes n 6 | consents n | legitimate interests n
 */
function skipPublisherPurposes(): void {
  reader.skip(48);
  reader.skip(2 * reader.read(6));
}
