import type { Micros } from "../base/units.js";

/** What a price or a code is when the caller did not put one in. */
export const UNKNOWN_MICROS = -1;
export const NO_LOSS_CODE = 0xffff;

/**
 * A price as exchanges put it for ${AUCTION_PRICE}: up to 6 digits, up to 9 decimals. Exact to a
 * micro; a rest below one micro counts as one, so that spend is never understated. Everything else
 * (empty, AUDIT, the macro itself, signs, exponents, commas, other digits) is unknown.
 */
export function microsFromNotice(text: string): Micros {
  const match = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return UNKNOWN_MICROS as Micros;
  const decimals = (match[2] ?? "").padEnd(9, "0");
  const rest = Number(decimals.slice(6)) > 0 ? 1 : 0;
  return (Number(match[1]) * 1e6 + Number(decimals.slice(0, 6)) + rest) as Micros;
}

/** ${AUCTION_PRICE:B64}: the same text in base64 or base64url (RFC 4648), padded or not. */
export function microsFromBase64(text: string): Micros {
  if (text.length > 24 || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return UNKNOWN_MICROS as Micros;
  let decoded = "";
  let bits = 0;
  let held = 0;
  for (const char of text.replace(/=+$/, "")) {
    held = ((held << 6) | sextet(char)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    decoded += String.fromCharCode((held >>> bits) & 255);
  }
  return microsFromNotice(decoded);
}

function sextet(char: string): number {
  const code = char.charCodeAt(0);
  if (code >= 97) return code - 71;
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 48 && code <= 57) return code + 4;
  return char === "+" || char === "-" ? 62 : 63;
}

/** ${AUCTION_LOSS}: an OpenRTB loss reason, exchange-specific ones included. */
export function lossCodeFrom(text: string): number {
  const code = /^\d{1,4}$/.test(text) ? Number(text) : NO_LOSS_CODE;
  return code;
}
