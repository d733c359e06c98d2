import { BitReader } from "./consent-bits.js";
import { readRange, readVendor, readVendorBit, restrict } from "./tcf.js";

/**
 * What the Canadian TCF section says about one vendor. Masks: bit p-1 = purpose p; purpose 1 is not
 * used there.
 */
export class CanadaReading {
  valid = 0;
  createdMs = 0;
  updatedMs = 0;
  expressPurposes = 0;
  impliedPurposes = 0;
  vendorExpress = 0;
  vendorImplied = 0;
  restrictedPurposes = 0;
  consentOnlyPurposes = 0;
  legitimateInterestOnlyPurposes = 0;

  clear(): void {
    this.valid = this.createdMs = this.updatedMs = 0;
    this.expressPurposes = this.impliedPurposes = this.vendorExpress = this.vendorImplied = 0;
    this.restrictedPurposes = this.consentOnlyPurposes = 0;
    this.legitimateInterestOnlyPurposes = 0;
  }
}

const reader = new BitReader();
const second = new CanadaReading();
const paddingBitsMax = 31;
const disclosedVendors = 1;
const publisherPurposes = 3;

/**
 * Reads `bytes[start, end)` for `vendorId`. The specification writes vendor lists as Fibonacci
 * ranges, older writers as ranges of 16-bit numbers, and nothing tells them apart. So both are
 * tried: one must fit the string to its end, and where both do, only what both allow is allowed.
 */
export function readCanadaInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  vendorId: number,
  out: CanadaReading,
): boolean {
  let coreEnd = start;
  while (coreEnd < end && bytes[coreEnd] !== 46) coreEnd++;
  readCore(bytes, start, coreEnd, vendorId, fibonacciVendor, out);
  readCore(bytes, start, coreEnd, vendorId, readVendor, second);
  if (out.valid === 1 && second.valid === 1) narrow(out, second);
  else if (second.valid === 1) Object.assign(out, second);
  if (out.valid === 0 || !otherSegmentsFit(bytes, coreEnd, end)) out.clear();
  return out.valid === 1;
}

type VendorReader = (bits: BitReader, vendorId: number) => number;

/**
 * version 6 | created 36 | updated 36 | cmpId 12 | cmpVersion 12 | screen 6 | language 12 | vendor
 * list 12 | policy 6 | non-standard stacks 1 | special features 12 | purposes express 24 | purposes
 * implied 24 | vendors express | vendors implied | publisher restrictions
 */
function readCore(
  bytes: Uint8Array,
  start: number,
  end: number,
  vendorId: number,
  vendor: VendorReader,
  out: CanadaReading,
): void {
  out.clear();
  reader.open(bytes, start, end);
  if (reader.read(6) !== 1) reader.refuse();
  out.createdMs = reader.timeMs();
  out.updatedMs = reader.timeMs();
  reader.skip(12 + 12 + 6 + 12 + 12 + 6 + 1 + 12);
  out.expressPurposes = reader.mask(24);
  out.impliedPurposes = reader.mask(24);
  out.vendorExpress = vendor(reader, vendorId);
  out.vendorImplied = vendor(reader, vendorId);
  const restrictionCount = reader.read(12);
  for (let i = 0; i < restrictionCount && reader.ok; i++) {
    const purpose = reader.read(6);
    const type = reader.read(2);
    const listed =
      vendor === readVendor ? readRange(reader, vendorId) : fibonacciVendor(reader, vendorId);
    if (listed === 1) restrict(out, purpose, type);
  }
  const left = reader.left();
  if (reader.ok && left <= paddingBitsMax && paddingIsZero(left)) out.valid = 1;
  else out.clear();
}

/** Set bits behind the last field mean that the other way of writing was used. */
function paddingIsZero(bitCount: number): boolean {
  const high = bitCount > 16 ? reader.read(bitCount - 16) : 0;
  return high === 0 && reader.read(Math.min(bitCount, 16)) === 0;
}

/** maxId 16 | isRange 1 | one bit a vendor, or a Fibonacci range that ends at maxId. */
function fibonacciVendor(bits: BitReader, vendorId: number): number {
  const idMax = bits.read(16);
  if (bits.read(1) === 0) return readVendorBit(bits, vendorId, idMax);
  const entryCount = bits.read(12);
  let found = 0;
  let last = 0;
  for (let i = 0; i < entryCount && bits.ok; i++) {
    const isGroup = bits.read(1);
    const first = last + bits.fibonacci();
    last = isGroup === 1 ? first + bits.fibonacci() : first;
    if (vendorId >= first && vendorId <= last) found = 1;
  }
  if (last !== idMax) bits.refuse();
  return bits.ok ? found : 0;
}

/**
 * Disclosed vendors and publisher purposes are not needed here, but a broken one spoils the string.
 */
function otherSegmentsFit(bytes: Uint8Array, coreEnd: number, end: number): boolean {
  let from = coreEnd + 1;
  while (from <= end) {
    let to = from;
    while (to < end && bytes[to] !== 46) to++;
    const fits =
      purposesFit(bytes, from, to) ||
      vendorsFit(bytes, from, to, fibonacciVendor) ||
      vendorsFit(bytes, from, to, readVendor);
    if (!fits) return false;
    from = to + 1;
  }
  return true;
}

/** type 3 | express 24 | implied 24 | custom purposes n 6 | express n | implied n */
function purposesFit(bytes: Uint8Array, start: number, end: number): boolean {
  reader.open(bytes, start, end);
  if (reader.read(3) !== publisherPurposes) return false;
  reader.skip(48);
  reader.skip(2 * reader.read(6));
  return reader.ok && reader.left() <= paddingBitsMax;
}

/** type 3 | vendors */
function vendorsFit(bytes: Uint8Array, start: number, end: number, vendor: VendorReader): boolean {
  reader.open(bytes, start, end);
  if (reader.read(3) !== disclosedVendors) return false;
  vendor(reader, 0);
  return reader.ok && reader.left() <= paddingBitsMax;
}

/** Keeps in `out` only what `other` allows too. */
function narrow(out: CanadaReading, other: CanadaReading): void {
  out.vendorExpress &= other.vendorExpress;
  out.vendorImplied &= other.vendorImplied;
  out.restrictedPurposes |= other.restrictedPurposes;
  out.consentOnlyPurposes |= other.consentOnlyPurposes;
  out.legitimateInterestOnlyPurposes |= other.legitimateInterestOnlyPurposes;
}
