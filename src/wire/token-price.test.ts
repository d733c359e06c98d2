import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PriceKey, readEncryptedPrice } from "./token-price.js";

/** "Decrypt Price Confirmations", the published keys and examples. */
const published: PriceKey = {
  encryption: Buffer.from("skU7Ax_NL5pPAFyKdkfZjZz2-VhIN8bjj1rVFOaJ_5o=", "base64"),
  integrity: Buffer.from("arO23ykdNqUQ5LEoQ0FVmPkBd7xB5CO89PDZlSjpFxo=", "base64"),
};
const examples = [
  ["YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCce_6msaw", 100],
  ["YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA", 1900],
  ["YWJjMTIzZGVmNDU2Z2hpN7fhCuPemC32prpWWw", 2700],
] as const;
/** The IV "abc1..." as a second. */
const madeSec = 0x61626331;
const bid = { timeSec: (madeSec - 1) as never, expirySec: (madeSec + 60) as never };
const other: PriceKey = { encryption: Buffer.alloc(32, 1), integrity: Buffer.alloc(32, 2) };

function encrypted(micros: bigint, key: PriceKey, sec: number, salt: Uint8Array): string {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(sec);
  iv.set(salt.subarray(0, 12), 4);
  const price = Buffer.alloc(8);
  price.writeBigUInt64BE(micros);
  const pad = createHmac("sha1", key.encryption).update(iv).digest();
  const signature = createHmac("sha1", key.integrity).update(price).update(iv).digest();
  const hidden = price.map((byte, i) => byte ^ pad[i]!);
  return Buffer.concat([iv, hidden, signature.subarray(0, 4)]).toString("base64url");
}

describe("an encrypted clearing price", () => {
  test.each(examples)("%s is %i micros, as published", (text, micros) => {
    expect(readEncryptedPrice(text, [published], bid)).toBe(micros);
    for (const tail of ["==", ".."]) {
      expect(readEncryptedPrice(text + tail, [published], bid)).toBe(micros);
    }
  });

  test("is read with the key before or after a rotation, with no other", () => {
    const [text, micros] = examples[1];
    expect(readEncryptedPrice(text, [other, published], bid)).toBe(micros);
    expect(readEncryptedPrice(text, [published, other], bid)).toBe(micros);
    expect(readEncryptedPrice(text, [other], bid)).toBe(-1);
    expect(readEncryptedPrice(text, [], bid)).toBe(-1);
    const mixed = { encryption: published.encryption, integrity: other.integrity };
    expect(readEncryptedPrice(text, [mixed], bid)).toBe(-1);
  });

  test("of another time than the bid's is refused", () => {
    const [text] = examples[0];
    const at = (timeSec: number, expirySec: number) =>
      readEncryptedPrice(text, [published], {
        timeSec: timeSec as never,
        expirySec: expirySec as never,
      });
    expect(at(madeSec - 10, madeSec)).toBe(100);
    expect(at(madeSec - 10, madeSec - 1)).toBe(-1);
    expect(at(madeSec + 300, madeSec + 900)).toBe(100);
    expect(at(madeSec + 301, madeSec + 900)).toBe(-1);
  });

  test("is exact for every price, and unknown once a bit of it is flipped", () => {
    const salts = fc.uint8Array({ minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), salts, (micros, salt) => {
        const text = encrypted(micros, other, madeSec, salt);
        expect(readEncryptedPrice(text, [published, other], bid)).toBe(Number(micros));
        const bytes = Buffer.from(text, "base64url");
        // The second of the IV alone may put it outside the bid's life: the rest is signed.
        const bit = 32 + ((salt[0]! * 256 + salt[1]!) % (bytes.length * 8 - 32));
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(readEncryptedPrice(bytes.toString("base64url"), [other], bid)).toBe(-1);
      }),
      { numRuns: 2000 },
    );
    const huge = encrypted(2n ** 63n, other, madeSec, new Uint8Array(12));
    expect(readEncryptedPrice(huge, [other], bid)).toBe(-1);
  });

  test.each(["", "1.50", "AUDIT", "$" + "{AUCTION_PRICE}", "%%WINNING_PRICE%%", "x".repeat(39)])(
    "that is %j is unknown",
    (text) => {
      expect(readEncryptedPrice(text, [published], bid)).toBe(-1);
    },
  );
});
