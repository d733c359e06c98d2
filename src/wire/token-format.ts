import { assert } from "../base/assert.js";
import type { CurrencyCode, Micros, UnixSec } from "../base/units.js";

/**
 * The bytes of a token (README.md holds the composition and its argument). Big-endian.
 *
 *     0      1            10                       50        66
 *     | key  | nonce 9    | payload 40, encrypted  | tag 16  |   = 88 base64url characters
 *     | id 1 | w 1 boot 3 |
 *     |      | counter 5  |
 *
 * 66 is a multiple of 3: every character carries six bits, so a token has exactly one spelling.
 */
export const keyIdAt = 0;
export const nonceAt = 1;
export const nonceBytes = 9;
export const payloadAt = 10;
const payloadBytes = 40;
export const tagAt = 50;
export const tagBytes = 16;
export const tokenBytes = 66;
export const tokenChars = 88;
/** AES blocks of keystream a token; the last 8 bytes of the third are not used. */
export const keystreamBytes = 48;

/** `slot` of a token whose reservation is only the line item's sum by expiry second. */
export const slotNone = 0xff_ffff;

assert(payloadAt + payloadBytes === tagAt && tagAt + tagBytes === tokenBytes);
assert(tokenBytes % 3 === 0 && (tokenBytes / 3) * 4 === tokenChars);
assert(payloadBytes <= keystreamBytes && keystreamBytes % 16 === 0);

/** What a token says of the bid that it was made for: ids, money, time. No person. */
export class TokenFields {
  /** u16 */
  exchange = 0;
  lineItem = 0;
  creative = 0;
  /** Context cell (bid/context). */
  cell = 0;
  /** CPM in `currency`. */
  priceMicros = 0 as Micros;
  /** The same price in the advertiser's currency. */
  reservedMicros = 0 as Micros;
  currency = 0 as CurrencyCode;
  /** TokenFlag bits (journal/record). */
  flags = 0;
  timeSec = 0 as UnixSec;
  /** At most 65,535 s after `timeSec`. */
  expirySec = 0 as UnixSec;
  /** u24, `slotNone` = none */
  slot = slotNone;
  /** u16, counts up and wraps */
  slotUse = 0;
  /** Set by reading only. */
  keyId = 0;
  readonly nonce = new Uint8Array(nonceBytes);
}

/** Writes the 40 payload bytes in clear. Asserts that each value fits its field. */
export function payloadInto(fields: TokenFields, out: Uint8Array, at: number): void {
  const life = fields.expirySec - fields.timeSec;
  assert(fields.exchange <= 0xffff && fields.slot <= slotNone && fields.slotUse <= 0xffff);
  assert(life >= 0 && life <= 0xffff, "a bid expires within 65,535 s");
  u16Into(fields.exchange, out, at);
  u32Into(fields.lineItem, out, at + 2);
  u32Into(fields.creative, out, at + 6);
  u32Into(fields.cell, out, at + 10);
  u48Into(fields.priceMicros, out, at + 14);
  u48Into(fields.reservedMicros, out, at + 20);
  u16Into(currencyBits(fields.currency), out, at + 26);
  out[at + 28] = fields.flags;
  u32Into(fields.timeSec, out, at + 29);
  u16Into(life, out, at + 33);
  out[at + 35] = fields.slot >>> 16;
  u16Into(fields.slot & 0xffff, out, at + 36);
  u16Into(fields.slotUse, out, at + 38);
}

/** Reads the 40 payload bytes in clear. */
export function readPayload(bytes: Uint8Array, at: number, out: TokenFields): void {
  out.exchange = u16At(bytes, at);
  out.lineItem = u32At(bytes, at + 2);
  out.creative = u32At(bytes, at + 6);
  out.cell = u32At(bytes, at + 10);
  out.priceMicros = u48At(bytes, at + 14) as Micros;
  out.reservedMicros = u48At(bytes, at + 20) as Micros;
  out.currency = currencyFromBits(u16At(bytes, at + 26));
  out.flags = bytes[at + 28]!;
  out.timeSec = u32At(bytes, at + 29) as UnixSec;
  out.expirySec = (out.timeSec + u16At(bytes, at + 33)) as UnixSec;
  out.slot = (bytes[at + 35]! << 16) | u16At(bytes, at + 36);
  out.slotUse = u16At(bytes, at + 38);
}

/** Three letters as 5 bits each, A = 1; 0 = none. */
const currencyBits = (code: CurrencyCode): number =>
  code === 0
    ? 0
    : ((((code >> 16) & 255) - 64) << 10) | ((((code >> 8) & 255) - 64) << 5) | ((code & 255) - 64);

const currencyFromBits = (bits: number): CurrencyCode =>
  (bits === 0
    ? 0
    : (((bits >> 10) + 64) << 16) |
      ((((bits >> 5) & 31) + 64) << 8) |
      ((bits & 31) + 64)) as CurrencyCode;

function u16Into(value: number, out: Uint8Array, at: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}

function u32Into(value: number, out: Uint8Array, at: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}

function u48Into(value: number, out: Uint8Array, at: number): void {
  assert(value >= 0 && value < 2 ** 48, "a price fits 48 bits");
  u16Into(Math.floor(value / 2 ** 32), out, at);
  u32Into(value % 2 ** 32, out, at + 2);
}

const u16At = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

const u32At = (bytes: Uint8Array, at: number): number =>
  u16At(bytes, at) * 65_536 + u16At(bytes, at + 2);

const u48At = (bytes: Uint8Array, at: number): number =>
  u16At(bytes, at) * 2 ** 32 + u32At(bytes, at + 2);
