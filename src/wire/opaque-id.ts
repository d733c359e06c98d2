/**
 * Campaign and creative ids as the outside sees them (bid.cid, bid.crid): eight hex digits of a
 * reversible mix of the u32 id, so that neither order nor count of our ids shows, and equal numbers
 * of two kinds look unrelated. No secret: a name, not a protection.
 */
export const OpaqueKind = { CAMPAIGN: 0x9e3779b9, CREATIVE: 0x7f4a7c15 } as const;
export type OpaqueKind = (typeof OpaqueKind)[keyof typeof OpaqueKind];
export const opaqueChars = 8;

/** A bijection of u32: xor-shifts and odd multipliers lose nothing. */
function mixed(kind: OpaqueKind, id: number): number {
  let h = Math.imul(id ^ kind, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export function opaqueIdInto(kind: OpaqueKind, id: number, out: Uint8Array, at: number): number {
  const value = mixed(kind, id);
  for (let i = 0; i < opaqueChars; i++) {
    const digit = (value >>> (28 - 4 * i)) & 15;
    out[at + i] = digit < 10 ? 48 + digit : 87 + digit;
  }
  return at + opaqueChars;
}

/** The same as text, for templates, the desk and reports. */
export const opaqueIdOf = (kind: OpaqueKind, id: number): string =>
  mixed(kind, id).toString(16).padStart(opaqueChars, "0");
