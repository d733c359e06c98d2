import { createHmac, timingSafeEqual } from "node:crypto";
import type { TokenFields } from "./token-format.js";

/**
 * Clearing prices that an exchange encrypts (the scheme of Google Authorized Buyers, "Decrypt Price
 * Confirmations", which others use too):
 *
 *     0      16          24          28
 *     | IV   | price xor | signature |   = 38 base64url characters
 *     | 16   | pad 8     | 4         |
 *
 *     pad       = first 8 bytes of HMAC-SHA1(encryption key, IV)
 *     signature = first 4 bytes of HMAC-SHA1(integrity key, price | IV)
 *
 * The price is micros CPM, big-endian; the IV begins with the second (u32) at which it was made. 4
 * bytes of signature stop accidents rather than attackers, so what comes out is still clamped to
 * the signed bid (bid/settle chargeOf). The last character carries bits that mean nothing: never
 * compare such texts. Each call takes 5 us: notices only.
 */
export type PriceKey = {
  /** 32 bytes each, as the exchange hands them out. */
  readonly encryption: Uint8Array;
  readonly integrity: Uint8Array;
};

const ivBytes = 16;
const priceBytes = 8;
const messageBytes = 28;
const signatureAt = ivBytes + priceBytes;
/** Clocks of the exchange and ours may differ by this much. */
const skewSec = 300;

/**
 * Micros CPM; -1 = unknown: not of this form, of none of the keys, or made outside the life of the
 * bid (a price of another auction). Several keys: the exchange is about to change them, or just
 * has.
 */
export function readEncryptedPrice(
  text: string,
  keys: readonly PriceKey[],
  bid: Pick<TokenFields, "timeSec" | "expirySec">,
): number {
  if (!/^[A-Za-z0-9_+/-]{38}(?:==|\.\.)?$/.test(text)) return -1;
  const message = Buffer.from(text.slice(0, 38), "base64");
  if (message.length !== messageBytes) return -1;
  const madeSec = message.readUInt32BE(0);
  if (madeSec < bid.timeSec - skewSec || madeSec > bid.expirySec) return -1;
  for (const key of keys) {
    const micros = openPrice(message, key);
    if (micros >= 0) return micros;
  }
  return -1;
}

function openPrice(message: Buffer, { encryption, integrity }: PriceKey): number {
  const iv = message.subarray(0, ivBytes);
  const price = createHmac("sha1", encryption).update(iv).digest().subarray(0, priceBytes);
  for (let i = 0; i < priceBytes; i++) price[i]! ^= message[ivBytes + i]!;
  const signature = createHmac("sha1", integrity).update(price).update(iv).digest();
  if (!timingSafeEqual(signature.subarray(0, 4), message.subarray(signatureAt))) return -1;
  const micros = price.readUInt32BE(0) * 2 ** 32 + price.readUInt32BE(4);
  return Number.isSafeInteger(micros) ? micros : -1;
}
