import { createHash } from "node:crypto";

/**
 * Marked texts and their search. A mark is planted in a request; if it leaves through a sink (an
 * answer, a log line, a metric, the journal, ...) as it is, encoded, hashed, reversed or in pieces
 * of 8 bytes, the search finds it.
 */
export type Mark = { readonly field: string; readonly text: string };
export type Sink = { readonly name: string; readonly bytes: Uint8Array };
export type Leak = {
  readonly sink: string;
  readonly field: string;
  readonly form: string;
  readonly at: number;
};

export type Form = { readonly name: string; readonly bytes: Uint8Array };

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const reversed = (text: string): string => [...text].reverse().join("");
const escaped = (text: string, pattern: (code: number) => string): string =>
  [...bytesOf(text)].map(pattern).join("");
const hexByte = (code: number): string => code.toString(16).padStart(2, "0");

/**
 * Base64 at each of the three places that a text can have in a longer one; edges that it shares are
 * cut.
 */
function base64Forms(text: string, encoding: "base64" | "base64url"): Form[] {
  return [0, 1, 2].map((shift) => {
    const digits = Buffer.concat([Buffer.alloc(shift), bytesOf(text)]).toString(encoding);
    const whole = digits.replace(/=+$/, "").slice(shift === 0 ? 0 : shift + 1, -1);
    return { name: `${encoding} at ${shift}`, bytes: bytesOf(whole) };
  });
}

function hashForms(text: string, of: string): Form[] {
  return ["md5", "sha1", "sha256"].flatMap((name) => {
    const digest = createHash(name).update(text).digest();
    const hex = digest.toString("hex");
    return [
      { name: `${name} of ${of}, bytes`, bytes: digest },
      { name: `${name} of ${of}, hex`, bytes: bytesOf(hex) },
      { name: `${name} of ${of}, HEX`, bytes: bytesOf(hex.toUpperCase()) },
      { name: `${name} of ${of}, base64`, bytes: bytesOf(digest.toString("base64")) },
      { name: `${name} of ${of}, base64url`, bytes: bytesOf(digest.toString("base64url")) },
    ];
  });
}

/** Every form in which a mark is looked for. */
export function formsOf(text: string): Form[] {
  const hex = Buffer.from(text).toString("hex");
  const bare = text.replaceAll("-", "");
  const forms: Form[] = [
    { name: "as it is", bytes: bytesOf(text) },
    { name: "upper case", bytes: bytesOf(text.toUpperCase()) },
    { name: "lower case", bytes: bytesOf(text.toLowerCase()) },
    { name: "reversed", bytes: bytesOf(reversed(text)) },
    { name: "hex", bytes: bytesOf(hex) },
    { name: "hex, reversed", bytes: bytesOf(reversed(hex)) },
    { name: "reversed in base64", bytes: bytesOf(Buffer.from(reversed(text)).toString("base64")) },
    { name: "HEX", bytes: bytesOf(hex.toUpperCase()) },
    { name: "percent-encoded", bytes: bytesOf(escaped(text, (code) => `%${hexByte(code)}`)) },
    {
      name: "PERCENT-encoded",
      bytes: bytesOf(escaped(text, (code) => `%${hexByte(code).toUpperCase()}`)),
    },
    { name: "JSON escapes", bytes: bytesOf(escaped(text, (code) => `\\u00${hexByte(code)}`)) },
    ...base64Forms(text, "base64"),
    ...base64Forms(text, "base64url"),
    ...hashForms(text, "it"),
    ...hashForms(text.toLowerCase(), "lower case"),
    ...hashForms(text.toUpperCase(), "upper case"),
  ];
  if (bare !== text) {
    forms.push({ name: "without hyphens", bytes: bytesOf(bare.toLowerCase()) });
    forms.push(...hashForms(bare.toLowerCase(), "it without hyphens"));
    forms.push({ name: "without hyphens, reversed", bytes: bytesOf(reversed(bare.toLowerCase())) });
    if (/^[0-9a-f]{32}$/i.test(bare)) {
      const packed = Buffer.from(bare, "hex");
      forms.push({ name: "16 bytes", bytes: packed });
      forms.push({ name: "16 bytes, reversed", bytes: Buffer.from(packed).reverse() });
      forms.push({ name: "16 bytes in base64", bytes: bytesOf(packed.toString("base64")) });
    }
  }
  return forms;
}

const windowBytes = 8;
/**
 * Eight hexadecimal digits are only 32 bits, which a random token has by chance once in some
 * hundred thousand answers: of such forms twelve digits in a row are a leak (8 bytes are sixteen).
 */
const hexRunMin = 5;
/** Windows of fewer different bytes stand in innocent text too ("AAAAAAAA", "%41%41%4"). */
const distinctMin = 5;

/** A 64-bit keyed hash of a mark, as bytes in both orders and as text. */
export function keyedForms(lo: number, hi: number): Form[] {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(lo >>> 0, 0);
  bytes.writeUInt32LE(hi >>> 0, 4);
  const number = bytes.readBigUInt64LE();
  return [
    { name: "keyed hash", bytes },
    { name: "keyed hash, reversed", bytes: Buffer.from(bytes).reverse() },
    {
      name: "keyed hash, halves swapped",
      bytes: Buffer.concat([bytes.subarray(4), bytes.subarray(0, 4)]),
    },
    { name: "keyed hash in hex", bytes: bytesOf(number.toString(16).padStart(16, "0")) },
    { name: "keyed hash in digits", bytes: bytesOf(number.toString()) },
    { name: "keyed hash in base64", bytes: bytesOf(bytes.toString("base64")) },
  ];
}

/** In the window that ends before `end`. */
function differentBytes(bytes: Uint8Array, end: number): number {
  let count = 0;
  for (let i = end - windowBytes; i < end; i++) {
    let at = end - windowBytes;
    while (bytes[at] !== bytes[i]) at++;
    if (at === i) count++;
  }
  return count;
}

/** Murmur3's last steps over both halves of a window. */
function mixed(lo: number, hi: number): number {
  let h = Math.imul(lo, 0x9e3779b1) ^ Math.imul(hi ^ (hi >>> 15), 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * All 8-byte windows of all forms of all marks in one open-addressed table. A bit a window in front
 * of it (4 bits for each place) sends most of innocent text away before it touches the table.
 */
export class CanarySearch {
  private readonly mask: number;
  private readonly seen: Uint32Array;
  private readonly lo: Uint32Array;
  private readonly hi: Uint32Array;
  /** Place in `names` plus 1; 0 = free. */
  private readonly name: Uint32Array;
  private readonly names: { field: string; form: string }[] = [];

  /** `more`: forms that only who holds a key can make. */
  constructor(marks: readonly Mark[], more: (mark: Mark) => readonly Form[] = () => []) {
    const forms = marks.flatMap((mark) =>
      [...formsOf(mark.text), ...more(mark)].map((form) => ({ field: mark.field, ...form })),
    );
    const windows = forms.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const size = 2 ** Math.ceil(Math.log2(2 * windows + 32));
    this.mask = size - 1;
    this.lo = new Uint32Array(size);
    this.hi = new Uint32Array(size);
    this.name = new Uint32Array(size);
    this.seen = new Uint32Array(size / 8);
    for (const { field, name, bytes } of forms) {
      this.names.push({ field, form: name });
      let lo = 0;
      let hi = 0;
      for (let i = 0; i < bytes.length; i++) {
        hi = ((hi << 8) | (lo >>> 24)) >>> 0;
        lo = ((lo << 8) | (bytes[i] ?? 0)) >>> 0;
        if (i >= windowBytes - 1 && differentBytes(bytes, i + 1) >= distinctMin) {
          this.add(lo, hi, this.names.length);
        }
      }
    }
  }

  private add(lo: number, hi: number, name: number): void {
    const hash = mixed(lo, hi);
    const at = this.placeOf(lo, hi, hash);
    if (this.name[at] !== 0) return;
    const bit = hash & (this.seen.length * 32 - 1);
    this.seen[bit >>> 5] = (this.seen[bit >>> 5] ?? 0) | (1 << (bit & 31));
    this.lo[at] = lo;
    this.hi[at] = hi;
    this.name[at] = name;
  }

  /** The window's place, or the free one where it would stand. */
  private placeOf(lo: number, hi: number, hash: number): number {
    let at = hash & this.mask;
    for (; this.name[at] !== 0; at = (at + 1) & this.mask) {
      if (this.lo[at] === lo && this.hi[at] === hi) break;
    }
    return at;
  }

  /** The first leak of each (field, form) in a sink. */
  leaksIn(sink: Sink): Leak[] {
    const { bytes } = sink;
    const { seen } = this;
    const bits = seen.length * 32 - 1;
    const found = new Map<number, Leak>();
    let run = 0;
    let hitAt = -1;
    let lo = 0;
    let hi = 0;
    for (let i = 0; i < bytes.length; i++) {
      hi = ((hi << 8) | (lo >>> 24)) >>> 0;
      lo = ((lo << 8) | (bytes[i] ?? 0)) >>> 0;
      if (i < windowBytes - 1) continue;
      const hash = mixed(lo, hi);
      const bit = hash & bits;
      if (((seen[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) continue;
      const name = this.name[this.placeOf(lo, hi, hash)] ?? 0;
      const what = this.names[name - 1];
      if (name === 0 || what === undefined) continue;
      run = hitAt === i - 1 ? run + 1 : 1;
      hitAt = i;
      if (found.has(name) || (run < hexRunMin && /hex/i.test(what.form))) continue;
      found.set(name, { sink: sink.name, ...what, at: i + 1 - windowBytes });
    }
    return [...found.values()];
  }
}
