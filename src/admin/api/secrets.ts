import { createHash, timingSafeEqual } from "node:crypto";

/** Secrets of the desk: made here, shown once, kept by the store as digests alone. */

export type RandomBytes = (count: number) => Uint8Array;

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Digests have one length: neither a secret's length nor its text shows in the time. */
export const sameDigest = (a: string, b: string): boolean =>
  timingSafeEqual(Buffer.from(a, "hex"), Buffer.from(b, "hex"));

/** 256 bits, 43 characters. */
export const newSecret = (random: RandomBytes): string =>
  Buffer.from(random(32)).toString("base64url");

/** Without characters that are read as another: 32 of them, 5 bits each. */
const alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

export const newCode = (random: RandomBytes, length: number): string =>
  Array.from(random(length), (byte) => alphabet[byte & 31]).join("");

/** As people type it: blanks, hyphens and small letters are forgiven. */
export const plainCode = (typed: string): string => typed.replaceAll(/[\s-]/g, "").toUpperCase();

const tokenForm = /^cb_([a-z0-9]{8})_([A-Za-z0-9_-]{43})$/;

export function newToken(random: RandomBytes): { readonly id: string; readonly token: string } {
  const id = newCode(random, 8).toLowerCase();
  return { id, token: `cb_${id}_${newSecret(random)}` };
}

export const isToken = (text: string): boolean => tokenForm.test(text);
