import { mix32 } from "../../base/hash.js";

/**
 * Everything about person n follows from (seed, n) through mix32: the draws here, which JavaScript
 * and SQL make alike. People are 1..count.
 */
export const saltOf = {
  identifier: 0x1000,
  leaning: 0x2000,
  segment: 0x3000,
  brand: 0x4000,
  area: 0x5000,
  fact: 0x6000,
  /** Of rows, by recipe (world-sql.ts). */
  row: 0x8000,
} as const;

const personSalt = 0x0dd5eed;
const householdSalt = 0x0403e41;
const kioskSalt = 0x0c105c;
const accountSalt = 0x0acc07;

export const personKeyOf = (seed: number, n: number): number => mix32(mix32(seed, personSalt), n);
export const householdKeyOf = (seed: number, household: number): number =>
  mix32(mix32(seed, householdSalt), household);

/** Odd, so that n x it modulo 2^32 meets no number twice: accounts are unique. */
const accountStride = 2_654_435_761;
const accountMask = (seed: number): number => mix32(seed, accountSalt);

/** "a" and 8 hexadecimal digits. */
export const accountOf = (seed: number, n: number): string =>
  `a${hex8((Math.imul(n, accountStride) ^ accountMask(seed)) >>> 0)}`;

/** A browser's cookie at an exchange: 17 characters. */
export const cookieOf = (key: number): string =>
  `c${hex8(mix32(key, saltOf.identifier + 0x40))}${hex8(mix32(key, saltOf.identifier + 0x41))}`;

/** Before its SHA-256; nobody's. */
export const emailOf = (seed: number, n: number): string => `p${n}.s${seed}@mail.example`;
/** In E.164, of the number range that is kept free for fiction in no country: 12 digits. */
export const phoneOf = (n: number): string => `+99${String(n).padStart(10, "0")}`;

const hex8 = (word: number): string => word.toString(16).padStart(8, "0");

/** A version 4 UUID as four words, its first digits first. `which`: 0 phone, 1 TV, 2 tablet. */
export function uuidWordsInto(key: number, which: number, out: Uint32Array): void {
  const first = saltOf.identifier + 1 + which * 4;
  out[0] = mix32(key, first);
  out[1] = (mix32(key, first + 1) & 0xffff0fff) | 0x4000;
  out[2] = (mix32(key, first + 2) & 0x3fffffff) | 0x80000000;
  out[3] = mix32(key, first + 3);
}

const words = new Uint32Array(4);

/** The same as text, in lower case. */
export function uuidOf(key: number, which: number): string {
  uuidWordsInto(key, which, words);
  const digits = Array.from(words, hex8).join("");
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => digits.slice(cuts[i], end))
    .join("-");
}

/** True for a share (0..1) of all keys. */
export const chance = (key: number, salt: number, share: number): boolean =>
  mix32(key, salt) < share * 2 ** 32;

/** The draws as DuckDB macros; u32 arithmetic in UBIGINT, which no product of two leaves. */
export const sqlDraws = (seed: number): string => `
  CREATE OR REPLACE MACRO imul(a, b) AS (a * b) & 4294967295::UBIGINT;
  CREATE OR REPLACE MACRO mixed(h) AS xor(h, h >> 16);
  CREATE OR REPLACE MACRO mixed15(h) AS xor(h, h >> 15);
  CREATE OR REPLACE MACRO mix(a, b) AS mixed(imul(mixed15(imul(mixed(
    xor(imul(xor(a::UBIGINT, 2654435769::UBIGINT), 2246822507::UBIGINT), b::UBIGINT)),
    2146121005::UBIGINT)), 2221713035::UBIGINT));
  CREATE OR REPLACE MACRO hex8(word) AS format('{:08x}', word);
  CREATE OR REPLACE MACRO person_key(n) AS mix(${mix32(seed, personSalt)}, n);
  CREATE OR REPLACE MACRO household_key(h) AS mix(${mix32(seed, householdSalt)}, h);
  CREATE OR REPLACE MACRO kiosk_key(k) AS mix(${mix32(seed, kioskSalt)}, k);
  CREATE OR REPLACE MACRO account_of(n) AS
    'a' || hex8(xor(imul(n::UBIGINT, ${accountStride}::UBIGINT), ${accountMask(seed)}::UBIGINT));
  CREATE OR REPLACE MACRO cookie_of(key) AS
    'c' || hex8(mix(key, ${saltOf.identifier + 0x40})) ||
    hex8(mix(key, ${saltOf.identifier + 0x41}));
  CREATE OR REPLACE MACRO email_sha256_of(n) AS sha256('p' || n || '.s${seed}@mail.example');
  CREATE OR REPLACE MACRO office_sha256_of(o) AS
    sha256('info@office' || o || '.s${seed}.example');
  CREATE OR REPLACE MACRO phone_sha256_of(n) AS sha256('+99' || lpad(n::VARCHAR, 10, '0'))`;
