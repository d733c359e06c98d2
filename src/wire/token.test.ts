import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import type { CurrencyCode, Micros, UnixSec } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { slotNone, TokenFields, tokenBytes, tokenChars } from "./token-format.js";
import { tokenKeyFrom } from "./token-key.js";
import { TokenReader } from "./token-reader.js";
import { tokenBytesFromText } from "./token-text.js";
import { TokenWriter } from "./token-writer.js";

const secretOf = (byte: number) => new Uint8Array(32).fill(byte);
const key1 = tokenKeyFrom({ keyId: 1, secret: secretOf(7) });
const key2 = tokenKeyFrom({ keyId: 2, secret: secretOf(8) });
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

type Values = Omit<TokenFields, "nonce" | "keyId">;
const random = fc.record({
  exchange: fc.nat(0xffff),
  lineItem: fc.nat(0xffff_ffff),
  creative: fc.nat(0xffff_ffff),
  cell: fc.nat(0xffff_ffff),
  priceMicros: fc.maxSafeNat().map((n) => n % 2 ** 48),
  reservedMicros: fc.maxSafeNat().map((n) => n % 2 ** 48),
  currency: fc.constantFrom("USD", "AAA", "ZZZ", "CNY", "").map(packAlpha3),
  flags: fc.nat(255),
  timeSec: fc.nat(0xffff_ffff - 0xffff),
  life: fc.nat(0xffff),
  slot: fc.nat(slotNone),
  slotUse: fc.nat(0xffff),
});

function fieldsOf(values: Partial<Values>): TokenFields {
  const usual = { timeSec: 1_800_000_000, expirySec: 1_800_000_300, priceMicros: 2_500_000 };
  return Object.assign(new TokenFields(), usual, values);
}

function written(writer: TokenWriter, fields: TokenFields): string {
  const out = new Uint8Array(tokenChars + 4);
  writer.writeInto(fields, out, 2);
  expect([out[0], out[1], out[90], out[91]]).toEqual([0, 0, 0, 0]);
  return Buffer.from(out.subarray(2, 2 + tokenChars)).toString("latin1");
}

const valuesOf = ({ nonce: _, keyId: __, ...values }: TokenFields) => values;

describe("a token", () => {
  test("gives back what it was made from, under either readable key", () => {
    const writers = [new TokenWriter(key1, 3, 9), new TokenWriter(key2, 3, 9)];
    const reader = new TokenReader([key1, key2]);
    fc.assert(
      fc.property(random, fc.nat(1), ({ life, ...values }, which) => {
        const fields = fieldsOf({
          ...values,
          priceMicros: values.priceMicros as Micros,
          reservedMicros: values.reservedMicros as Micros,
          currency: values.currency as CurrencyCode,
          timeSec: values.timeSec as UnixSec,
          expirySec: (values.timeSec + life) as UnixSec,
        });
        const text = written(writers[which] as TokenWriter, fields);
        expect(text).toMatch(/^[A-Za-z0-9_-]{88}$/);
        const read = new TokenFields();
        expect(reader.read(text, read)).toBe(true);
        expect(valuesOf(read)).toEqual(valuesOf(fields));
        expect(read.keyId).toBe(which + 1);
        expect([...read.nonce.subarray(0, 4)]).toEqual([3, 0, 0, 9]);
      }),
      { numRuns: 5000 },
    );
  });

  test("is AES-128-CTR whose counter starts with the nonce, by the platform's own mode", () => {
    const writer = new TokenWriter(key1, 1, 1);
    const fields = fieldsOf({ lineItem: 0x01020304, exchange: 5, slotUse: 0x0607 });
    const encryptKey = new Uint8Array(
      hkdfSync("sha256", secretOf(7), "crowdbid token v1", "encrypt 1", 16),
    );
    for (let i = 0; i < 1030; i++) {
      const bytes = Buffer.from(written(writer, fields), "base64url");
      const counter = Buffer.concat([bytes.subarray(1, 10), Buffer.alloc(7)]);
      const clear = createDecipheriv("aes-128-ctr", encryptKey, counter).update(
        bytes.subarray(10, 50),
      );
      expect([...clear.subarray(0, 6)]).toEqual([0, 5, 1, 2, 3, 4]);
      expect([...clear.subarray(38)]).toEqual([6, 7]);
    }
  });

  test("never repeats a nonce in a boot, across refills of the keystream", () => {
    const seen = new Set<string>();
    const reader = new TokenReader([key1]);
    const read = new TokenFields();
    for (const [worker, boot] of [
      [0, 1],
      [1, 1],
      [0, 2],
      [1, 0x010001],
    ] as const) {
      const writer = new TokenWriter(key1, worker, boot);
      for (let i = 0; i < 5000; i++) {
        expect(reader.read(written(writer, fieldsOf({})), read)).toBe(true);
        seen.add(Buffer.from(read.nonce).toString("hex"));
      }
    }
    expect(seen.size).toBe(20_000);
  });

  test("hides equal payloads: two tokens of one bid share no run of bytes but the nonce's", () => {
    const writer = new TokenWriter(key1, 1, 1);
    const [a, b] = [0, 1].map(() => Buffer.from(written(writer, fieldsOf({})), "base64url"));
    const same = [...(a as Buffer)].filter((byte, at) => at >= 10 && byte === b?.[at]).length;
    expect(same).toBeLessThan(6);
  });
});

describe("a reader refuses", () => {
  const reader = new TokenReader([key1]);
  const read = new TokenFields();

  test("every flipped bit of 400 tokens, 211,200 forgeries", () => {
    const writer = new TokenWriter(key1, 2, 2);
    const seeded = new SeededRandom(20);
    let forged = 0;
    let accepted = 0;
    for (let n = 0; n < 400; n++) {
      const fields = fieldsOf({ lineItem: seeded.nextU32(), slot: seeded.below(slotNone) });
      const bytes = Buffer.from(written(writer, fields), "base64url");
      expect(reader.read(bytes.toString("base64url"), read)).toBe(true);
      for (let bit = 0; bit < tokenBytes * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        if (reader.read(bytes.toString("base64url"), read)) accepted++;
        forged++;
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
    expect(forged).toBe(211_200);
    expect(accepted).toBe(0);
  });

  test("every other spelling of each character, the last one too", () => {
    const text = written(new TokenWriter(key1, 2, 3), fieldsOf({}));
    let accepted = 0;
    for (let at = 0; at < tokenChars; at++) {
      for (const char of `${alphabet}+/= \n\u00e9\u{1d7d8}`) {
        if (char === text[at]) continue;
        if (reader.read(text.slice(0, at) + char + text.slice(at + 1), read)) accepted++;
      }
    }
    expect(accepted).toBe(0);
  });

  test("texts of another length, padding, the standard alphabet and no text", () => {
    const text = written(new TokenWriter(key1, 2, 4), fieldsOf({}));
    const bad = [
      "",
      text.slice(1),
      text.slice(0, -1),
      `${text}A`,
      `${text}=`,
      `${text}==`,
      ` ${text}`,
    ];
    for (const variant of bad) expect(reader.read(variant, read)).toBe(false);
    const out = new Uint8Array(tokenBytes);
    expect(tokenBytesFromText("+".repeat(88), out)).toBe(false);
    expect(tokenBytesFromText("\u0141".repeat(88), out)).toBe(false);
    expect(tokenBytesFromText("-_".repeat(44), out)).toBe(true);
  });

  test("parts of two genuine tokens put together", () => {
    const writer = new TokenWriter(key1, 2, 5);
    const a = Buffer.from(written(writer, fieldsOf({ priceMicros: 1 as Micros })), "base64url");
    const b = Buffer.from(written(writer, fieldsOf({ priceMicros: 9 as Micros })), "base64url");
    for (let cut = 1; cut < tokenBytes; cut++) {
      const mixed = Buffer.concat([a.subarray(0, cut), b.subarray(cut)]);
      if (mixed.equals(a) || mixed.equals(b)) continue;
      expect(reader.read(mixed.toString("base64url"), read)).toBe(false);
    }
  });

  test("a key that it does not hold, its number with another secret, its own keys swapped", () => {
    const other = tokenKeyFrom({ keyId: 1, secret: secretOf(9) });
    expect(reader.read(written(new TokenWriter(key2, 1, 1), fieldsOf({})), read)).toBe(false);
    expect(reader.read(written(new TokenWriter(other, 1, 1), fieldsOf({})), read)).toBe(false);
    const bytes = Buffer.from(written(new TokenWriter(key2, 1, 1), fieldsOf({})), "base64url");
    bytes[0] = 1;
    const both = new TokenReader([key1, key2]);
    expect(both.read(bytes.toString("base64url"), read)).toBe(false);
  });

  test("and leaves the fields as they were", () => {
    const kept = fieldsOf({ lineItem: 77 });
    expect(reader.read("A".repeat(88), kept)).toBe(false);
    expect(kept.lineItem).toBe(77);
  });
});

describe("a writer's limits", () => {
  test("values that do not fit are a broken invariant, not another value", () => {
    const writer = new TokenWriter(key1, 1, 1);
    const out = new Uint8Array(tokenChars);
    const wrong: Partial<Values>[] = [
      { exchange: 0x1_0000 },
      { slot: 0x100_0000 },
      { slotUse: 0x1_0000 },
      { priceMicros: (2 ** 48) as Micros },
      { priceMicros: -1 as Micros },
      { expirySec: 1_800_065_536 as UnixSec },
      { expirySec: 1_799_999_999 as UnixSec },
    ];
    for (const values of wrong) {
      expect(() => writer.writeInto(fieldsOf(values), out, 0)).toThrow(/assert/);
    }
    expect(() => new TokenWriter(key1, 1, 2 ** 24)).toThrow(/boot/);
    expect(() => new TokenWriter(key1, 256, 1)).toThrow(/worker/);
    expect(() => tokenKeyFrom({ keyId: 256, secret: secretOf(1) })).toThrow(/key id/);
    expect(() => tokenKeyFrom({ keyId: 1, secret: new Uint8Array(16) })).toThrow(/32 bytes/);
  });

  test("the block cipher is AES-128: the example of FIPS 197, appendix C.1", () => {
    const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    const block = Buffer.from("00112233445566778899aabbccddeeff", "hex");
    expect(cipher.update(block).toString("hex")).toBe("69c4e0d86a7b0430d8cdb78070b4c55a");
  });
});
