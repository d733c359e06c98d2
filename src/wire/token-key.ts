import type { Cipher } from "node:crypto";
import { createCipheriv, hkdfSync } from "node:crypto";
import { assert } from "../base/assert.js";
import type { SipKey } from "../base/hash.js";
import { sipKeyFrom } from "../base/hash.js";

/** The secret of a key file with its number: the number is the first byte of every token. */
export type TokenSecret = {
  /** 0 to 255; a new secret takes a number that no unexpired token carries. */
  readonly keyId: number;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
};

/** The two keys of one secret. They are never equal and never used for each other's purpose. */
export type TokenKey = {
  readonly keyId: number;
  /** AES-128 on single blocks: the engine of counter mode, never shown a block of plain text. */
  readonly blocks: Cipher;
  readonly mac: SipKey;
};

const secretBytes = 32;
const salt = "crowdbid token v1";

/** HKDF-SHA256 (RFC 5869); the info text binds each key to its purpose and its number. */
export function tokenKeyFrom({ keyId, secret }: TokenSecret): TokenKey {
  assert(Number.isInteger(keyId) && keyId >= 0 && keyId <= 255, "a token key id is one byte");
  assert(secret.length === secretBytes, "a token secret is 32 bytes");
  const derived = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", secret, salt, `${purpose} ${keyId}`, 16));
  const blocks = createCipheriv("aes-128-ecb", derived("encrypt"), null);
  blocks.setAutoPadding(false);
  return { keyId, blocks, mac: sipKeyFrom(derived("authenticate")) };
}
