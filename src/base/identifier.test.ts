import { describe, expect, it } from "vitest";
import { Hash64, sipKeyFrom } from "./hash.js";
import { identifierHashOf, isZeroIfa, Namespace } from "./identifier.js";
import { sipHash24Into } from "./siphash.js";

const key = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i * 7));
const uuid = "5a4ca1af-5694-4b34-9871-3dbf544ea839";
const hashOf = (namespace: Namespace, value: string, scope = 0): string => {
  const hash = identifierHashOf(namespace, value, scope, key);
  return hash === null ? "none" : `${hash.hi}:${hash.lo}`;
};

describe("an identifier's hash", () => {
  it("is SipHash-2-4 of the namespace, the scope and the normalised value", () => {
    const digits = Buffer.from(uuid.replaceAll("-", ""), "hex");
    const direct = new Hash64();
    const message = Uint8Array.from([Namespace.IDFA + 0x80, 0, 0, 0, 0, ...digits]);
    sipHash24Into(key, message, 0, message.length, direct);
    expect(identifierHashOf(Namespace.IDFA, uuid, 0, key)).toEqual(direct);
    const plain = Uint8Array.from([Namespace.OAID, 0, 0, 0, 0, ...Buffer.from("a_1-".repeat(5))]);
    sipHash24Into(key, plain, 0, plain.length, direct);
    expect(identifierHashOf(Namespace.OAID, "A_1-".repeat(5), 0, key)).toEqual(direct);
    const cookie = Uint8Array.from([Namespace.BUYER_UID, 0x44, 0x33, 0x22, 0x91, 65, 98]);
    sipHash24Into(key, cookie, 0, cookie.length, direct);
    expect(identifierHashOf(Namespace.BUYER_UID, "Ab", 0x9122_3344, key)).toEqual(direct);
  });

  it("is the same for a device's identifier in capitals or without hyphens", () => {
    const one = hashOf(Namespace.IDFA, uuid);
    expect(hashOf(Namespace.IDFA, uuid.toUpperCase())).toBe(one);
    expect(hashOf(Namespace.IDFA, uuid.replaceAll("-", ""))).toBe(one);
  });

  it("differs by namespace, by scope and, for cookies and eids, by case", () => {
    const hashes = [
      hashOf(Namespace.IDFA, uuid),
      hashOf(Namespace.AAID, uuid),
      hashOf(Namespace.BUYER_UID, uuid, 1),
      hashOf(Namespace.BUYER_UID, uuid, 2),
      hashOf(Namespace.BUYER_UID, uuid.toUpperCase(), 1),
      hashOf(Namespace.EID, uuid, 1),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it.each([
    "",
    "ifa",
    "whatever",
    "1235461904",
    "00000000-0000-0000-0000-000000000000",
    "0".repeat(32),
    "a".repeat(65),
    "5a4ca1af 5694 4b34 9871 3dbf544ea839",
    "{5a4ca1af-5694-4b34-9871-3dbf544ea839}",
    "5a4ca1af-5694-4b34-9871-3dbf544ea83é",
  ])("does not exist for the device identifier '%s'", (value) => {
    expect(hashOf(Namespace.AAID, value)).toBe("none");
  });

  it.each(["", "0", "0000-0000", "a b", "a\n", "x".repeat(257)])(
    "does not exist for the cookie '%s'",
    (value) => {
      expect(hashOf(Namespace.BUYER_UID, value, 1)).toBe("none");
    },
  );

  it("tells 16 packed bytes from 16 characters that look alike", () => {
    const text = "abcdefghijklmnop";
    const digits = Buffer.from(text).toString("hex");
    expect(hashOf(Namespace.AAID, digits)).not.toBe(hashOf(Namespace.AAID, text));
    const other = `${digits.slice(0, 31)}1`;
    expect(hashOf(Namespace.AAID, other)).not.toBe(hashOf(Namespace.AAID, digits));
  });

  it("exists for identifiers of 16 to 64 letters and digits that are no UUID", () => {
    for (const value of [
      "a1".repeat(8),
      "F".repeat(64),
      "AA000DFE74168477C70D291f574D344790E0BB11",
    ]) {
      expect(hashOf(Namespace.OAID, value)).not.toBe("none");
    }
  });
});

describe("an ifa of zeros", () => {
  it("is zeros and hyphens only, and at least one zero", () => {
    const isZero = (text: string): boolean => {
      const bytes = new TextEncoder().encode(`00${text}11`);
      return isZeroIfa(bytes, 2, bytes.length - 2);
    };
    expect(isZero("00000000-0000-0000-0000-000000000000")).toBe(true);
    expect(isZero("0000")).toBe(true);
    expect(isZero("")).toBe(false);
    expect(isZero("---")).toBe(false);
    expect(isZero("0000-0001")).toBe(false);
  });
});
