/** Escapes inside JSON strings that the scan has found sound (RFC 8259 section 7). */

/** The byte that `\` + kind stands for; 0 = no such escape. */
function plainEscape(kind: number): number {
  switch (kind) {
    case 34: // "
    case 47: // /
    case 92: // backslash
      return kind;
    case 98: // b
      return 8;
    case 102: // f
      return 12;
    case 110: // n
      return 10;
    case 114: // r
      return 13;
    case 116: // t
      return 9;
    default:
      return 0;
  }
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function hexUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i++) unit = (unit << 4) | hexValue(bytes[i]!);
  return unit;
}

/**
 * Writes the characters of an already checked string [start, end) to `to` in the same array and
 * gives the end of what it wrote; -1 when the text holds a surrogate without its partner, which no
 * UTF-8 can say. Never writes more bytes than it reads.
 */
export function unescapeInto(bytes: Uint8Array, start: number, end: number, to: number): number {
  let out = to;
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte !== 92) {
      bytes[out++] = byte;
      at++;
    } else if (bytes[at + 1] !== 117) {
      bytes[out++] = plainEscape(bytes[at + 1]!);
      at += 2;
    } else {
      let point = hexUnit(bytes, at + 2);
      at += 6;
      if (point >= 0xd800 && point <= 0xdfff) {
        if (point > 0xdbff || at >= end || bytes[at] !== 92 || bytes[at + 1] !== 117) return -1;
        const low = hexUnit(bytes, at + 2);
        if (low < 0xdc00 || low > 0xdfff) return -1;
        at += 6;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      }
      out = putUtf8(bytes, out, point);
    }
  }
  return out;
}

function putUtf8(bytes: Uint8Array, at: number, point: number): number {
  if (point < 0x80) {
    bytes[at] = point;
    return at + 1;
  }
  if (point < 0x800) {
    bytes[at] = 0xc0 | (point >> 6);
    bytes[at + 1] = 0x80 | (point & 0x3f);
    return at + 2;
  }
  if (point < 0x10000) {
    bytes[at] = 0xe0 | (point >> 12);
    bytes[at + 1] = 0x80 | ((point >> 6) & 0x3f);
    bytes[at + 2] = 0x80 | (point & 0x3f);
    return at + 3;
  }
  bytes[at] = 0xf0 | (point >> 18);
  bytes[at + 1] = 0x80 | ((point >> 12) & 0x3f);
  bytes[at + 2] = 0x80 | ((point >> 6) & 0x3f);
  bytes[at + 3] = 0x80 | (point & 0x3f);
  return at + 4;
}
