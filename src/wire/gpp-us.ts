import { BitReader } from "./consent-bits.js";

/** What the US signals of one request say, the strictest of those that apply. */
export class UsReading {
  /** 1 = a right to opt out is answered either way; "not applicable" says nothing of a person. */
  present = 0;
  /**
   * Sale, sharing or targeted advertising refused, or the seller only passes on as a service
   * provider.
   */
  optOut = 0;
  knownChild = 0;
  /** The seller says that people were not told of their right to opt out. */
  noticeMissing = 0;
  /** Global privacy control. */
  gpc = 0;

  clear(): void {
    this.present = this.optOut = this.knownChild = this.noticeMissing = this.gpc = 0;
  }
}

/**
 * The core segment of each section: 6 bits of version, then fields of two bits, one letter each:
 *   n  notice of an opt-out right (2 = not given)    o  opt-out (1 = out)
 *   c  known child consent (not 0 = a known child)   s  service provider mode (1 = on)
 *   m  mode (2 = service provider)                  .  not read
 * Source: the section pages of IAB Tech Lab's Global Privacy Platform repository.
 */
const layouts: Readonly<Record<number, readonly string[]>> = {
  // California alone has no targeted advertising field; national and California know "sharing".
  7: [".nnn..ooo............cc...s", ".nnn..ooo................ccc...s"],
  8: ["nn.oo.........cc...s"],
  9: [".nnoo........c..s"],
  10: [".nnoo.......c..s"],
  11: [".nn.oo........c..s"],
  12: [".nnoo........ccc..s"],
  13: [".nnoo........ccc...s"],
  14: [".nnoo........ccc...s"],
  15: [".nnoo...........ccc...s"],
  16: [".nnoo........c...s"],
  17: [".nnoo.........ccccc...s"],
  18: [".nn.oo........c..s"],
  19: [".nnoo........c...s"],
  20: [".nnoo........ccc...s"],
  21: [".nnoo..........ccccc...s"],
  22: [".nnoo........c...s"],
  23: [".nnoo........c...s"],
  // From here the version is that of the agreement, and the mode (2 = service provider) stands in
  // front.
  24: [".m.nnoo."],
  25: [".m.nnooc."],
  26: [".m.nnooc."],
  27: [".m.nnooc."],
};

const encoder = new TextEncoder();
/** By section, then by edition: the letters as bytes. Index 0 is unused. */
const compiled: readonly (readonly Uint8Array[])[] = Array.from({ length: 28 }, (_, section) =>
  (layouts[section] ?? []).map((letters) => encoder.encode(letters)),
);

/** Writers pad to six bits, or to eight and then to six: at most one character more. */
const extraCharactersMax = 1;
/**
 * From Maryland on, the specification puts a section header in front; published encoders leave it
 * out.
 */
const firstSectionWithHeader = 24;
const marylandSection = 24;

const reader = new BitReader();

export const isUsSection = (section: number): boolean => section >= 7 && section <= 27;

/**
 * Adds a section of `bytes[start, end)` to `out`. False when it is not readable: then it is not to
 * be relied on.
 */
export function readUsSection(
  bytes: Uint8Array,
  start: number,
  end: number,
  section: number,
  out: UsReading,
): boolean {
  const coreEnd = segmentEnd(bytes, start, end);
  reader.open(bytes, start, coreEnd);
  if (section >= firstSectionWithHeader && reader.read(6) === section) {
    return readHeaded(bytes, start, coreEnd, end, section, out);
  }
  return (
    readCore(bytes, start, coreEnd, section, out) &&
    readGpcSegment(bytes, coreEnd, end, section, out)
  );
}

/**
 * us_privacy and section 6, "1YNN": version, notice, opt-out of sale, agreement. Malformed counts
 * as opted out.
 */
export function readUsPrivacy(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: UsReading,
): boolean {
  const notice = answer(bytes[start + 1]!);
  const optOut = answer(bytes[start + 2]!);
  const readable =
    end - start === 4 &&
    bytes[start] === 49 &&
    notice !== 0 &&
    optOut !== 0 &&
    answer(bytes[start + 3]!) !== 0;
  if (!readable || optOut !== 45) out.present = 1;
  if (!readable || optOut === 89) out.optOut = 1;
  if (readable && notice === 78) out.noticeMissing = 1;
  return readable;
}

/** "Y" or "N" in upper case, "-", or 0 for anything else. */
function answer(byte: number): number {
  if (byte === 45) return byte;
  const upper = byte & ~32;
  return upper === 89 || upper === 78 ? upper : 0;
}

function segmentEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 46) at++;
  return at;
}

const charactersOf = (letters: Uint8Array): number => Math.ceil((6 + 2 * letters.length) / 6);

/**
 * The national section grew without a new version at first, so its edition is told by its length.
 */
function editionOf(section: number, characters: number): Uint8Array | null {
  for (const letters of compiled[section] ?? []) {
    const extra = characters - charactersOf(letters);
    if (extra >= 0 && extra <= extraCharactersMax) return letters;
  }
  return null;
}

function readCore(
  bytes: Uint8Array,
  start: number,
  end: number,
  section: number,
  out: UsReading,
): boolean {
  const letters = editionOf(section, end - start);
  if (letters === null) return false;
  reader.open(bytes, start, end);
  const version = reader.read(6);
  const versionMax = letters === compiled[7]?.[1] ? 2 : 1;
  if (section < firstSectionWithHeader && (version < 1 || version > versionMax)) return false;
  for (const letter of letters) {
    const value = reader.read(2);
    if (letter !== 46 && value === 3) return false;
    if (letter === 111) {
      out.present |= value === 0 ? 0 : 1;
      out.optOut |= value === 1 ? 1 : 0;
    } else if (letter === 110) out.noticeMissing |= value === 2 ? 1 : 0;
    else if (letter === 99) out.knownChild |= value === 0 ? 0 : 1;
    else if (letter === 115) out.optOut |= value === 1 ? 1 : 0;
    else if (letter === 109) out.optOut |= value === 2 ? 1 : 0;
  }
  return reader.ok;
}

/** The optional segments behind the core: type 2 bits (1 = global privacy control), value 1 bit. */
function readGpcSegment(
  bytes: Uint8Array,
  coreEnd: number,
  end: number,
  section: number,
  out: UsReading,
): boolean {
  if (coreEnd === end) return true;
  const segmentTo = segmentEnd(bytes, coreEnd + 1, end);
  reader.open(bytes, coreEnd + 1, segmentTo);
  if (section <= marylandSection) {
    if (reader.read(2) !== 1) return false;
    out.gpc |= reader.read(1);
  } else {
    // Indiana, Kentucky and Rhode Island have eight kinds of sensitive data there, which are not
    // used.
    reader.skip(16);
  }
  return reader.ok && segmentTo === end;
}

/** Section header: id 6 | version 6 | sub-sections as a Fibonacci range; core (0) first, then 1. */
function readHeaded(
  bytes: Uint8Array,
  start: number,
  headerEnd: number,
  end: number,
  section: number,
  out: UsReading,
): boolean {
  reader.open(bytes, start, headerEnd);
  reader.skip(6);
  if (reader.read(6) !== 1 || !reader.ok || headerEnd === end) return false;
  const coreStart = headerEnd + 1;
  const coreEnd = segmentEnd(bytes, coreStart, end);
  return (
    readCore(bytes, coreStart, coreEnd, section, out) &&
    readGpcSegment(bytes, coreEnd, end, section, out)
  );
}
