import { createHash } from "node:crypto";
import {
  type DuckDBDataChunk,
  type DuckDBType,
  UBIGINT,
  UINTEGER,
  UTINYINT,
  UUID,
  VARCHAR,
} from "@duckdb/node-api";
import { Hash64, type SipKey } from "../base/hash.js";
import { identifierHashInto, Namespace, packedIdentifierHashInto } from "../base/identifier.js";
import { sipHash24Into } from "../base/siphash.js";
import type { IdentifierKind } from "./config/model.js";
import { type Duck, numbersOf, wordsOf } from "./duck.js";

/**
 * Identifiers are hashed at the door: no file of the bank holds one. The hash is the bidder's own
 * (base/identifier.ts), so what the bank stores is what a snapshot holds and a request asks for.
 *
 *   identifier_key(kind UTINYINT, scope UINTEGER, value VARCHAR) -> UBIGINT    0 = NULL or unusable
 *   identifier_key_uuid(kind UTINYINT, value UUID) -> UBIGINT                  the same
 *   suppression_hash(key UBIGINT) -> UBIGINT               under a key that never changes
 *
 * A call runs on the JavaScript thread, one chunk of 2,048 rows at a time: 0.07 us a row of
 * numbers beside the hash itself, about 1 us a row of texts (2 cores, Node 20.20.2, DuckDB 1.5.6).
 */
export const kindNumbers: Readonly<Record<IdentifierKind, number>> = {
  ...{ idfa: Namespace.IDFA, aaid: Namespace.AAID, oaid: Namespace.OAID, tifa: Namespace.TIFA },
  ...{ idfaSha1: Namespace.IDFA_SHA1, idfaMd5: Namespace.IDFA_MD5 },
  ...{ aaidSha1: Namespace.AAID_SHA1, aaidMd5: Namespace.AAID_MD5 },
  ...{ oaidSha1: Namespace.OAID_SHA1, oaidMd5: Namespace.OAID_MD5 },
  ...{ buyerUid: Namespace.BUYER_UID, eid: Namespace.EID, account: Namespace.ACCOUNT },
  ...{ emailSha256: Namespace.EMAIL_SHA256, phoneSha256: Namespace.PHONE_SHA256 },
  // Outside of every namespace: raw ones, which become hashed kinds, and ordinals, looked up.
  ...{ email: 128, phone: 129, person: 130 },
};

/** The namespace that an identifier of a kind is stored under: raw e-mails become hashed ones. */
export function namespaceOfKind(kind: IdentifierKind): Namespace {
  if (kind === "email") return Namespace.EMAIL_SHA256;
  return kind === "phone" ? Namespace.PHONE_SHA256 : (kindNumbers[kind] as Namespace);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The stored key of one identifier; null when it is unusable. */
export function identifierKeyOf(
  kind: number,
  scope: number,
  value: string,
  key: SipKey,
): bigint | null {
  return keyInto(kind, scope, value, key, oneHash)
    ? (BigInt(oneHash.hi) << 32n) | BigInt(oneHash.lo)
    : null;
}

const oneHash = new Hash64();

function keyInto(kind: number, scope: number, value: string, key: SipKey, out: Hash64): boolean {
  const [namespace, text] = hashedForm(kind, value);
  if (text === "") return false;
  const bytes = encoder.encode(text);
  return identifierHashInto(namespace, scope, key, bytes, 0, bytes.length, out);
}

/** E-mails and phone numbers, raw or hashed, as the base64 of their SHA-256; others as they are. */
function hashedForm(kind: number, value: string): readonly [Namespace, string] {
  if (kind === kindNumbers.email) return [Namespace.EMAIL_SHA256, sha256OfEmail(value)];
  if (kind === kindNumbers.phone) return [Namespace.PHONE_SHA256, sha256OfPhone(value)];
  const hashed = kind === Namespace.EMAIL_SHA256 || kind === Namespace.PHONE_SHA256;
  return [kind as Namespace, hashed ? base64OfDigest(value) : value];
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64");

/** UID2's normal form: trimmed, lower case; of gmail.com no dots and nothing behind a plus. */
export function sha256OfEmail(value: string): string {
  const text = value.trim().toLowerCase();
  const at = text.lastIndexOf("@");
  if (at < 1 || at === text.length - 1 || /\s/.test(text)) return "";
  const domain = text.slice(at + 1);
  if (domain !== "gmail.com") return sha256(text);
  const local = text.slice(0, at).split("+")[0]!.replaceAll(".", "");
  return local === "" ? "" : sha256(`${local}@${domain}`);
}

/** E.164: a plus and 7 to 15 digits; spaces, dots, hyphens and brackets are dropped. */
export function sha256OfPhone(value: string): string {
  const text = value.replace(/[\s().-]/g, "");
  return /^\+[1-9]\d{6,14}$/.test(text) ? sha256(text) : "";
}

/** 64 hexadecimal digits or 44 base64 characters as base64; "" for what is no SHA-256. */
function base64OfDigest(value: string): string {
  const text = value.trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex").toString("base64");
  return /^[A-Za-z0-9+/]{43}=$/.test(text) ? text : "";
}

/** Registers the functions above on a connection. */
export async function registerIdentifierFunctions(
  duck: Duck,
  keys: { readonly identifier: SipKey; readonly suppression: SipKey },
): Promise<void> {
  const { identifier, suppression } = keys;
  const hash = new Hash64();
  define(duck, "text_key", [UTINYINT, UINTEGER, VARCHAR], (input, out, rows) => {
    const kinds = numbersOf(input.getColumnVector(0));
    const scopes = numbersOf(input.getColumnVector(1));
    const values = input.getColumnVector(2);
    for (let row = 0; row < rows; row++) {
      const value = values.getItem(row) as string | null;
      const usable = value !== null && keyInto(kinds[row]!, scopes[row]!, value, identifier, hash);
      out[2 * row] = usable ? hash.lo : 0;
      out[2 * row + 1] = usable ? hash.hi : 0;
    }
  });
  const ofPieces = (count: number) => (input: DuckDBDataChunk, out: Uint32Array, rows: number) => {
    const kinds = numbersOf(input.getColumnVector(0));
    const scopes = numbersOf(input.getColumnVector(1));
    const pieces = Array.from({ length: count }, (_, i) => textWords(input, 2 + i));
    for (let row = 0; row < rows; row++) {
      const length = joinPieces(pieces, row);
      const usable = bytesKeyInto(kinds[row]!, scopes[row]!, length, identifier, hash);
      out[2 * row] = usable ? hash.lo : 0;
      out[2 * row + 1] = usable ? hash.hi : 0;
    }
  };
  define(duck, "short_key", [UTINYINT, UINTEGER, VARCHAR], ofPieces(1));
  const four = [VARCHAR, VARCHAR, VARCHAR, VARCHAR];
  define(duck, "piece_key", [UTINYINT, UINTEGER, ...four], ofPieces(4));
  define(duck, "uuid_key", [UTINYINT, UUID], (input, out, rows) => {
    const kinds = numbersOf(input.getColumnVector(0));
    const { dataView } = input.getColumnVector(1) as unknown as { dataView: DataView };
    for (let row = 0; row < rows; row++) {
      uuidBytesInto(dataView, row * 16, digits);
      const namespace = kinds[row] as Namespace;
      const usable = packedIdentifierHashInto(namespace, identifier, digits, 0, hash);
      out[2 * row] = usable ? hash.lo : 0;
      out[2 * row + 1] = usable ? hash.hi : 0;
    }
  });
  define(duck, "suppression_hash", [UBIGINT], (input, out, rows) => {
    const stored = wordsOf(input.getColumnVector(0));
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    for (let row = 0; row < rows; row++) {
      sipHash24Into(suppression, bytes, row * 8, row * 8 + 8, hash);
      out[2 * row] = hash.lo;
      out[2 * row + 1] = hash.hi;
    }
  });
  // A function sees NULL as any value, and to read validity bits here costs a BigInt a row; CASE
  // hands it the other rows alone.
  await duck.run(`
    CREATE OR REPLACE MACRO identifier_key(kind, scope, value) AS
      CASE WHEN value IS NULL THEN 0::UBIGINT
        WHEN strlen(value) <= 12 THEN short_key(kind, scope, value)
        WHEN strlen(value) <= 48 AND strlen(value) = length(value) THEN piece_key(kind, scope,
          substring(value, 1, 12), substring(value, 13, 12),
          substring(value, 25, 12), substring(value, 37, 12))
        ELSE text_key(kind, scope, value) END;
    CREATE OR REPLACE MACRO identifier_key_uuid(kind, value) AS
      CASE WHEN value IS NULL THEN 0::UBIGINT ELSE uuid_key(kind, value) END`);
}

/** Texts of up to 12 bytes lie in the vector itself: u32 length, then the bytes. */
const textWords = (input: DuckDBDataChunk, column: number): DataView =>
  (input.getColumnVector(column) as unknown as { dataView: DataView }).dataView;

const pieceBytesMax = 12;
const joined = new Uint8Array(4 * pieceBytesMax);

/** Writes the pieces of a row to `joined`; their bytes in all. */
function joinPieces(pieces: readonly DataView[], row: number): number {
  let length = 0;
  for (const view of pieces) {
    // DuckDB may run a function over a whole dictionary, NULL's entry too, whose bytes are
    // anything: no row uses what comes of it, but its length must not lead out of the vector.
    const bytes = Math.min(view.getUint32(row * 16, true), pieceBytesMax);
    for (let i = 0; i < bytes; i++) joined[length + i] = view.getUint8(row * 16 + 4 + i);
    length += bytes;
    if (bytes < pieceBytesMax) break;
  }
  return length;
}

/** The key of the text in `joined[0, length)`. */
function bytesKeyInto(
  kind: number,
  scope: number,
  length: number,
  key: SipKey,
  out: Hash64,
): boolean {
  if (kind <= Namespace.ACCOUNT) {
    return identifierHashInto(kind as Namespace, scope, key, joined, 0, length, out);
  }
  return keyInto(kind, scope, decoder.decode(joined.subarray(0, length)), key, out);
}

const digits = new Uint8Array(16);

/** DuckDB holds a UUID as a 128-bit integer, least significant byte first, its top bit flipped. */
function uuidBytesInto(view: DataView, at: number, out: Uint8Array): void {
  for (let i = 0; i < 16; i++) out[i] = view.getUint8(at + 15 - i);
  out[0] = out[0]! ^ 0x80;
}

/** A function to UBIGINT; `body` writes row i's low half to out[2 i], its high half behind it. */
const define = (
  duck: Duck,
  name: string,
  parameterTypes: readonly DuckDBType[],
  body: (input: DuckDBDataChunk, out: Uint32Array, rows: number) => void,
): void =>
  duck.define(name, parameterTypes, UBIGINT, (input, rows, output) =>
    body(input, wordsOf(output), rows),
  );
