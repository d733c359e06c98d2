import { BitReader } from "./consent-bits.js";
import { CanadaReading, readCanadaInto } from "./gpp-canada.js";
import { isUsSection, readUsPrivacy, readUsSection, UsReading } from "./gpp-us.js";
import { readTcfInto, TcfReading } from "./tcf.js";

/** Section numbers of the Global Privacy Platform; 7 to 27 are the USA and its states. */
export const GppSection = {
  TCF_EU: 2,
  TCF_CANADA: 5,
  US_PRIVACY: 6,
  US_NATIONAL: 7,
  US_LAST: 27,
} as const;

/** What a GPP string says under the sections that the request says apply. */
export class GppReading {
  /** An applying section is missing, unknown or broken. */
  unreadable = 0;
  readonly us = new UsReading();
  tcfPresent = 0;
  readonly tcf = new TcfReading();
  canadaPresent = 0;
  readonly canada = new CanadaReading();

  clear(): void {
    this.unreadable = this.tcfPresent = this.canadaPresent = 0;
    this.us.clear();
    this.tcf.clear();
    this.canada.clear();
  }
}

/** More sections than exist: a string with more is refused. */
const sectionsMax = 64;
/** `gpp_sid` is kept as a mask; decode calls a higher number unreadable. */
const sidMax = 31;
const sectionIds = new Uint16Array(sectionsMax);
const reader = new BitReader();
const tilde = 126;

/**
 * Reads the sections in `sidMask` (bit n = section n, from gpp_sid) of `bytes[start, end)` for
 * `vendorId`. A mask of 0 means that the sender did not say: then every US section counts, since it
 * can only refuse, and the European one is read for a request under the GDPR that carries no other
 * string.
 */
export function readGppInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  sidMask: number,
  vendorId: number,
  out: GppReading,
): void {
  out.clear();
  const headerEnd = sectionEnd(bytes, start, end);
  const count = readHeader(bytes, start, headerEnd);
  if (count < 0) {
    out.unreadable = 1;
    return;
  }
  // Bit 0: gpp_sid names something that nobody can read.
  let missing = sidMask & ~1;
  let at = headerEnd;
  for (let i = 0; i < count; i++) {
    if (at >= end) {
      out.unreadable = 1;
      return;
    }
    const sectionStart = at + 1;
    at = sectionEnd(bytes, sectionStart, end);
    const section = sectionIds[i]!;
    if (section > sidMax) {
      // None of these is known, and without gpp_sid it may apply.
      if (sidMask === 0) out.unreadable = 1;
      continue;
    }
    if (sidMask !== 0 && ((sidMask >>> section) & 1) === 0) continue;
    missing &= ~(1 << section);
    readSection(bytes, sectionStart, at, section, sidMask, vendorId, out);
  }
  if (missing !== 0 || at < end) out.unreadable = 1;
}

function readSection(
  bytes: Uint8Array,
  start: number,
  end: number,
  section: number,
  sidMask: number,
  vendorId: number,
  out: GppReading,
): void {
  if (section === GppSection.TCF_EU) {
    out.tcfPresent = 1;
    // Broken is told by `tcf.valid`, and only a request under the GDPR minds.
    if (!readTcfInto(bytes, start, end, vendorId, out.tcf) && sidMask !== 0) out.unreadable = 1;
  } else if (section === GppSection.TCF_CANADA) {
    if (sidMask === 0) return;
    out.canadaPresent = 1;
    if (!readCanadaInto(bytes, start, end, vendorId, out.canada)) out.unreadable = 1;
  } else if (section === GppSection.US_PRIVACY) {
    if (!readUsPrivacy(bytes, start, end, out.us)) out.unreadable = 1;
  } else if (isUsSection(section)) {
    if (!readUsSection(bytes, start, end, section, out.us)) out.unreadable = 1;
  } else {
    // A section that this program does not know yet applies: nobody can say what was refused.
    out.unreadable = 1;
  }
}

function sectionEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== tilde) at++;
  return at;
}

/**
 * type 6 (3) | version 6 (1) | number of items 12 | each: isGroup 1, offset Fibonacci, length
 * Fibonacci of a group. Fills `sectionIds` in the order of the sections and gives their number, -1
 * when it is no header.
 */
function readHeader(bytes: Uint8Array, start: number, end: number): number {
  reader.open(bytes, start, end);
  if (reader.read(6) !== 3 || reader.read(6) !== 1) return -1;
  const itemCount = reader.read(12);
  let count = 0;
  let last = 0;
  for (let i = 0; i < itemCount && reader.ok; i++) {
    const isGroup = reader.read(1);
    const first = last + reader.fibonacci();
    last = isGroup === 1 ? first + reader.fibonacci() : first;
    if (count + last - first >= sectionsMax) return -1;
    for (let id = first; id <= last; id++) sectionIds[count++] = id;
  }
  return reader.ok ? count : -1;
}
