import type { Micros } from "../base/units.js";

/**
 * Writers of small values into the answer. Each gives the place behind what it wrote. Nothing is
 * allocated; the caller has checked that there is room.
 */
const encoder = new TextEncoder();
/** A constant text as bytes, made once at load. */
export const constantBytes = (text: string): Uint8Array => encoder.encode(text);

/** Short constants and slices; long literals go by words (encode.ts). */
export function copyInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  for (let i = start; i < end; i++) out[at + i - start] = bytes[i]!;
  return at + end - start;
}

export function constantInto(bytes: Uint8Array, out: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  return at + bytes.length;
}

/** A whole number >= 0 below 2^31 in decimal. */
export function wholeInto(value: number, out: Uint8Array, at: number): number {
  let end = at + 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++;
  let rest = value;
  for (let place = end - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    out[place] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}

/** A JSON integer of any size that a double holds exactly, also below zero. */
export function integerInto(value: number, out: Uint8Array, at: number): number {
  if (value < 0) {
    out[at] = 45;
    return integerInto(-value, out, at + 1);
  }
  if (value < 0x8000_0000) return wholeInto(value, out, at);
  const high = Math.floor(value / 1e9);
  return digitsInto(value - high * 1e9, 9, out, integerInto(high, out, at));
}

/** Exactly `count` digits, zeros in front. */
function digitsInto(value: number, count: number, out: Uint8Array, at: number): number {
  let rest = value;
  for (let place = at + count - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0;
    out[place] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return at + count;
}

/**
 * A CPM price exactly, in its shortest decimal form: 1500000 micros are 1.5. No exponent, no float.
 */
export function priceInto(micros: Micros, out: Uint8Array, at: number): number {
  const whole = Math.floor(micros / 1e6);
  const end = wholeInto(whole, out, at);
  const rest = micros - whole * 1e6;
  if (rest === 0) return end;
  out[end] = 46;
  let last = digitsInto(rest, 6, out, end + 1);
  while (out[last - 1] === 48) last--;
  return last;
}

/** Three letters of a packed currency code. */
export function currencyInto(code: number, out: Uint8Array, at: number): number {
  out[at] = code >>> 16;
  out[at + 1] = code >>> 8;
  out[at + 2] = code;
  return at + 3;
}
