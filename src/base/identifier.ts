import { Hash64 as Hash, type Hash64, type SipKey } from "./hash.js";
import { sipHash24Into } from "./siphash.js";

/**
 * Identifiers live in namespaces, so that equal texts of two kinds never meet. The numbers are
 * hashed into every identifier of a snapshot: never change or reuse one.
 */
export const Namespace = {
  IDFA: 1,
  AAID: 2,
  OAID: 3,
  /**
   * Connected TV: Roku, Samsung, LG, Vizio, Fire TV and others, told apart by their random values.
   */
  TIFA: 4,
  // Hashed forms: looked up only where the bank has indexed them.
  IDFA_SHA1: 5,
  IDFA_MD5: 6,
  AAID_SHA1: 7,
  AAID_MD5: 8,
  OAID_SHA1: 9,
  OAID_MD5: 10,
  /** Scope: the exchange's id. */
  BUYER_UID: 16,
  /** Scope: the source's number in the privacy settings. */
  EID: 17,
  // The bank's own: no request is looked up by them, no snapshot holds them.
  ACCOUNT: 32,
  /** Value: base64 of SHA-256 of the normalised address. */
  EMAIL_SHA256: 33,
  /** Value: base64 of SHA-256 of the number in E.164. */
  PHONE_SHA256: 34,
} as const;
export type Namespace = (typeof Namespace)[keyof typeof Namespace];

/**
 * Identifiers of advertising devices are 16 to 64 characters (UUID, 32 to 64 hexadecimal digits,
 * others).
 */
const ifaCharactersMin = 16;
const ifaCharactersMax = 64;
/** Longer cookies and eids are no keys but encrypted tokens, which change and match nothing. */
export const uidBytesMax = 256;

/**
 * Bytes that are hashed: namespace u8 | scope u32 little-endian | normalised value. Bit 7 of the
 * first byte tells 16 packed bytes from 16 characters.
 */
const prefixBytes = 5;
const packedBytes = 16;
const packedFlag = 0x80;
const message = new Uint8Array(prefixBytes + uidBytesMax);

const isUidNamespace = (namespace: Namespace): boolean => namespace >= Namespace.BUYER_UID;

/** Namespaces that a snapshot may hold and a request may be looked up by. */
export const isBidNamespace = (namespace: number): boolean => namespace < Namespace.ACCOUNT;

/**
 * The keyed hash of one identifier: SipHash-2-4 over (namespace, scope, normalised value). Both
 * sides use it: the bidder on a request's bytes, the bank and the generator through
 * `identifierHashOf`. False, with `out` untouched, when the value is no usable identifier.
 */
export function identifierHashInto(
  namespace: Namespace,
  scope: number,
  key: SipKey,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Hash64,
): boolean {
  message[0] = 0;
  const length = isUidNamespace(namespace)
    ? copyUid(bytes, start, end)
    : normaliseIfa(bytes, start, end);
  if (length === 0) return false;
  message[0] = message[0]! | namespace;
  message[1] = scope & 255;
  message[2] = (scope >>> 8) & 255;
  message[3] = (scope >>> 16) & 255;
  message[4] = scope >>> 24;
  sipHash24Into(key, message, 0, prefixBytes + length, out);
  return true;
}

/**
 * The same hash of an advertising identifier that is there as the 16 bytes of its digits,
 * `bytes[start, start + 16)`: what the bank reads out of a column of UUIDs without making texts.
 */
export function packedIdentifierHashInto(
  namespace: Namespace,
  key: SipKey,
  bytes: Uint8Array,
  start: number,
  out: Hash64,
): boolean {
  message[0] = packedFlag | namespace;
  message[1] = message[2] = message[3] = message[4] = 0;
  for (let i = 0; i < packedBytes; i++) message[prefixBytes + i] = bytes[start + i]!;
  if (isAllZero(prefixBytes, packedBytes)) return false;
  sipHash24Into(key, message, 0, prefixBytes + packedBytes, out);
  return true;
}

const encoder = new TextEncoder();

/** The same hash from a string, for the cold side; null when the value is no usable identifier. */
export function identifierHashOf(
  namespace: Namespace,
  value: string,
  scope: number,
  key: SipKey,
): Hash64 | null {
  const bytes = encoder.encode(value);
  const out = new Hash();
  return identifierHashInto(namespace, scope, key, bytes, 0, bytes.length, out) ? out : null;
}

/**
 * True for "0000...", the sign of a device whose owner switched tracking off. Hyphens do not count.
 */
export function isZeroIfa(bytes: Uint8Array, start: number, end: number): boolean {
  let zeros = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === 48) zeros++;
    else if (byte !== 45) return false;
  }
  return zeros > 0;
}

/**
 * Writes an advertising identifier behind the prefix and gives its length, 0 for what is none. 32
 * hexadecimal digits, with the hyphens of a UUID or without, in either case, become 16 bytes: half
 * the blocks to hash. Others are letters, digits, "-" and "_" in lower case.
 */
function normaliseIfa(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < ifaCharactersMin || length > ifaCharactersMax) return 0;
  if ((length === 36 || length === 32) && packDigits(bytes, start, length)) {
    message[0] = packedFlag;
    return isAllZero(prefixBytes, packedBytes) ? 0 : packedBytes;
  }
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    const letter = lower >= 97 && lower <= 122;
    if (!letter && !isDigit(lower) && lower !== 45 && lower !== 95) return 0;
    message[prefixBytes + i] = lower;
  }
  return isZeroIfa(bytes, start, end) ? 0 : length;
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/** 8-4-4-4-12 hexadecimal digits, or 32 without hyphens, as 16 bytes. False when it is neither. */
function packDigits(bytes: Uint8Array, start: number, length: number): boolean {
  let at = prefixBytes;
  let high = -1;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    if (length === 36 && (i === 8 || i === 13 || i === 18 || i === 23)) {
      if (byte !== 45) return false;
      continue;
    }
    const letter = byte | 32;
    if (!isDigit(byte) && !(letter >= 97 && letter <= 102)) return false;
    const digit = isDigit(byte) ? byte - 48 : letter - 87;
    if (high < 0) high = digit;
    else {
      message[at++] = high * 16 + digit;
      high = -1;
    }
  }
  return true;
}

function isAllZero(start: number, length: number): boolean {
  let bits = 0;
  for (let i = start; i < start + length; i++) bits |= message[i]!;
  return bits === 0;
}

/**
 * Cookies and eids are case-sensitive and kept as they are; only zeros, spaces and controls are
 * refused.
 */
function copyUid(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length > uidBytesMax) return 0;
  let significant = 0;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    if (byte <= 32 || byte === 127) return 0;
    if (byte !== 48 && byte !== 45) significant++;
    message[prefixBytes + i] = byte;
  }
  return significant === 0 ? 0 : length;
}
