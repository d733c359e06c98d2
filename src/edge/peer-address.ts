/** An IPv4 address inside IPv6 (RFC 4291 2.5.5.2): ten zero bytes, then ff ff. */
function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/** Start and length of the first longest run of two or more zero groups; length 0 = none. */
function longestZeros(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length += 1;
    if (length > best.length && length > 1) best = { at, length };
  }
  return best;
}

/**
 * A peer's address as text from its 4 or 16 bytes: IPv4 dotted (also where it came through an IPv6
 * socket), IPv6 as RFC 5952 writes it. "" for any other length.
 */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) return "";
  if (isMapped(bytes)) return bytes.subarray(12).join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  const zeros = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length === 0) return hex.join(":");
  const head = hex.slice(0, zeros.at).join(":");
  return `${head}::${hex.slice(zeros.at + zeros.length).join(":")}`;
}

/** The same form from what node:net gives. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
