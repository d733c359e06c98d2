import { createHash, type KeyObject, sign, verify } from "node:crypto";
import type { Epoch } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { manifestVersion, manifestVersionMin } from "./format.js";
import type { FileEntry, Manifest, SegmentEntry } from "./manifest.js";

/**
 * The gate before a snapshot is trusted: seal, meaning, files. The shell reads
 * (runtime/snapshot-read.ts) and hands bytes and facts in; each step either admits or refuses with
 * a code for machines and words for the operator.
 *
 *   manifest file, bytes:
 *   magic 4 | schema u32 | signing key id 8 | Ed25519 signature 64 | body (msgpack, manifest.ts)
 *   The signature covers the first 16 bytes and the body, so no byte of the file is free.
 */
export const refusalCodes = [
  "truncated",
  "changed",
  "wrong_size",
  "not_a_file",
  "wrongly_signed",
  "unknown_key",
  "other_schema",
  "not_newer",
  "expired",
  "dictionary",
  "unreadable",
  "malformed",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export type Refusal = { readonly ok: false; readonly code: RefusalCode; readonly words: string };

export const refuse = (code: RefusalCode, words: string): Refusal => ({ ok: false, code, words });

const sealMagic = 0x4d444243; // "CBDM"
const keyIdAt = 8;
const signatureAt = 16;
const signatureBytes = 64;
const bodyAt = signatureAt + signatureBytes;
export const manifestBytesMax = 16 * 1024 * 1024;

/** 16 hexadecimal digits that name an Ed25519 public key. */
export function signingKeyIdOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(spki).digest("hex").slice(0, 16);
}

const signedBytes = (file: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(file.length - signatureBytes);
  bytes.set(file.subarray(0, signatureAt));
  bytes.set(file.subarray(bodyAt), signatureAt);
  return bytes;
};

/** The manifest file: header, signature, body. */
export function sealManifest(
  body: Uint8Array,
  privateKey: KeyObject,
  signingKeyId: string,
  schema = manifestVersion,
): Uint8Array {
  const file = new Uint8Array(bodyAt + body.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, sealMagic, true);
  view.setUint32(4, schema, true);
  file.set(Buffer.from(signingKeyId, "hex"), keyIdAt);
  file.set(body, bodyAt);
  file.set(sign(null, signedBytes(file), privateKey), signatureAt);
  return file;
}

/** Opens the seal: the body, once the signature of a known key holds. */
export function openSeal(
  file: Uint8Array,
  publicKeys: ReadonlyMap<string, KeyObject>,
): { readonly ok: true; readonly body: Uint8Array; readonly signingKeyId: string } | Refusal {
  if (file.length <= bodyAt) return refuse("truncated", `the manifest has ${file.length} bytes`);
  if (file.length > manifestBytesMax) return refuse("wrong_size", "the manifest is over 16 MiB");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== sealMagic) {
    return refuse("malformed", "the manifest does not begin as one; is this a snapshot folder?");
  }
  const schema = view.getUint32(4, true);
  if (schema !== manifestVersion && schema !== manifestVersionMin) {
    const words = `the snapshot has schema ${schema}, this program reads ${manifestVersion}`;
    return refuse("other_schema", `${words}: build a new one with this version`);
  }
  const signingKeyId = Buffer.from(file.subarray(keyIdAt, signatureAt)).toString("hex");
  const publicKey = publicKeys.get(signingKeyId);
  if (publicKey === undefined) {
    const known = [...publicKeys.keys()].join(", ") || "none";
    return refuse("unknown_key", `signed with key ${signingKeyId}; known keys: ${known}`);
  }
  if (!verify(null, signedBytes(file), publicKey, file.subarray(signatureAt, bodyAt))) {
    return refuse("wrongly_signed", "the signature does not fit the manifest: it was changed");
  }
  return { ok: true, body: file.subarray(bodyAt), signingKeyId };
}

/** What the running bidder demands of a manifest. */
export type Demands = {
  /** The number in the folder's name. */
  readonly folderEpoch: number;
  /** The epoch that is served now; 0 at start. */
  readonly servedEpoch: Epoch;
  /** The highest that was ever served, by an earlier start too; 0 = none. */
  readonly highestServed: Epoch;
  readonly nowMs: UnixMs;
  /** The id of our identifier key: with another one nobody would be found. */
  readonly identifierKeyId: string;
};

/** Whether a well-formed manifest may be served now. */
export function admitManifest(
  manifest: Manifest,
  demands: Demands,
): { readonly ok: true } | Refusal {
  const { epoch, notAfterMs, createdMs, identifierKeyId } = manifest;
  if (epoch !== demands.folderEpoch) {
    const words = `folder epoch-${demands.folderEpoch} holds the manifest of epoch ${epoch}`;
    return refuse("changed", `${words}: folders or files were exchanged`);
  }
  if (epoch < demands.highestServed) return refuseOlder(epoch, demands.highestServed);
  if (epoch <= demands.servedEpoch) {
    return refuse("not_newer", `epoch ${epoch}; epoch ${demands.servedEpoch} is served already`);
  }
  if (notAfterMs <= demands.nowMs || notAfterMs <= createdMs) {
    const until = new Date(notAfterMs).toISOString();
    return refuse("expired", `valid until ${until}: build a new snapshot (or correct the clock)`);
  }
  if (identifierKeyId !== demands.identifierKeyId) {
    const words = `identifiers were hashed with key ${identifierKeyId}, ours is`;
    return refuse("unknown_key", `${words} ${demands.identifierKeyId} (keys/identifier.key)`);
  }
  return { ok: true };
}

export const refuseOlder = (epoch: number, highestServed: number): Refusal =>
  refuse(
    "not_newer",
    `epoch ${epoch} is older than epoch ${highestServed}, which was served already`,
  );

/** What the shell finds of a file before it reads it (lstat, then fstat of the open one). */
export type FileFacts = {
  readonly exists: boolean;
  readonly regular: boolean;
  readonly bytes: number;
};

export function admitFile(entry: FileEntry, facts: FileFacts): { readonly ok: true } | Refusal {
  if (!facts.exists) return refuse("truncated", `${entry.name} is missing`);
  if (!facts.regular) {
    return refuse("not_a_file", `${entry.name} is no regular file (links are not followed)`);
  }
  if (facts.bytes !== entry.bytes) {
    const code = facts.bytes < entry.bytes ? "truncated" : "wrong_size";
    return refuse(code, `${entry.name} has ${facts.bytes} bytes instead of ${entry.bytes}`);
  }
  return { ok: true };
}

/** Compares the digest of the very bytes that will be served. */
export function admitDigest(entry: FileEntry, sha256: Uint8Array): { readonly ok: true } | Refusal {
  if (Buffer.compare(sha256, entry.sha256) === 0) return { ok: true };
  return refuse("changed", `${entry.name}: its bytes are not those that were signed`);
}

/**
 * 52 bits of the digest of the segment names in order: tells which index a campaign table was
 * compiled for.
 */
export function dictionaryKeyOf(segments: readonly Pick<SegmentEntry, "name">[]): number {
  const digest = createHash("sha256");
  for (const { name } of segments) digest.update(`${name}\n`);
  return Number.parseInt(digest.digest("hex").slice(0, 13), 16);
}
