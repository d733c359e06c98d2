import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sipKeyFrom } from "../base/hash.js";
import { identifierHashOf, Namespace } from "../base/identifier.js";
import { Duck } from "./duck.js";
import {
  identifierKeyOf,
  kindNumbers,
  registerIdentifierFunctions,
  sha256OfEmail,
  sha256OfPhone,
} from "./identifier-functions.js";

const identifier = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => i));
const suppression = sipKeyFrom(Uint8Array.from({ length: 16 }, (_, i) => 99 - i));
const root = mkdtempSync(join(tmpdir(), "crowdbid-functions-"));
let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open({ memoryMb: 512, threads: 2 }, join(root, "spill"));
  await registerIdentifierFunctions(duck, { identifier, suppression });
});
afterAll(() => {
  duck.close();
  rmSync(root, { recursive: true });
});

const ifa = "0a949e8a-9624-4b45-8bd5-4e6294c4dbf4";
const bigOf = (value: string, namespace: Namespace, scope = 0): string => {
  const hash = identifierHashOf(namespace, value, scope, identifier)!;
  return String((BigInt(hash.hi) << 32n) | BigInt(hash.lo));
};
const scalar = async (sql: string): Promise<unknown> =>
  Object.values((await duck.rows<Record<string, unknown>>(`SELECT ${sql} AS x`))[0]!)[0];

test("a UUID hashes as the bidder hashes its text, in either case and column", async () => {
  const want = bigOf(ifa, Namespace.IDFA);
  expect(await scalar(`identifier_key(1, 0, '${ifa}')`)).toBe(want);
  expect(await scalar(`identifier_key(1, 0, '${ifa.toUpperCase()}')`)).toBe(want);
  expect(await scalar(`identifier_key_uuid(1, '${ifa}'::UUID)`)).toBe(want);
  const high = `f${ifa.slice(1)}`;
  expect(await scalar(`identifier_key_uuid(2, '${high}'::UUID)`)).toBe(bigOf(high, Namespace.AAID));
});

test("cookies keep their scope, and what is no identifier is 0", async () => {
  const cookie = bigOf("CaseMatters", Namespace.BUYER_UID, 3);
  expect(await scalar("identifier_key(16, 3, 'CaseMatters')")).toBe(cookie);
  expect(await scalar("identifier_key(16, 4, 'CaseMatters')")).not.toBe(cookie);
  expect(await scalar("identifier_key(1, 0, 'short')")).toBe("0");
  expect(await scalar("identifier_key_uuid(1, '00000000-0000-0000-0000-000000000000')")).toBe("0");
  expect(await scalar("identifier_key(1, 0, NULL)")).toBe("0");
  expect(await scalar("identifier_key_uuid(1, NULL)")).toBe("0");
});

test("NULLs among values leave their neighbours right", async () => {
  const rows = await duck.rows<{ n: number; k: string; u: string }>(`
    SELECT n::INTEGER AS n,
      identifier_key(32, 0, CASE WHEN n % 3 > 0 THEN 'account-' || n END) AS k,
      identifier_key_uuid(1, CASE WHEN n % 2 > 0 THEN '${ifa}'::UUID END) AS u
    FROM range(5000) t(n) ORDER BY n`);
  for (const { n, k, u } of rows) {
    expect(k).toBe(n % 3 > 0 ? bigOf(`account-${n}`, Namespace.ACCOUNT) : "0");
    expect(u).toBe(n % 2 > 0 ? bigOf(ifa, Namespace.IDFA) : "0");
  }
});

test("e-mails and phones meet in one key, raw, as hexadecimal and as base64", async () => {
  const base64 = "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=";
  expect(sha256OfEmail("  User@example.com ")).toBe(base64);
  expect(sha256OfEmail("Jane.Doe+shop@gmail.com")).toBe(sha256OfEmail("janedoe@gmail.com"));
  expect(sha256OfEmail("no address")).toBe("");
  expect(sha256OfPhone("+1 (234) 567-8901")).toBe(sha256OfPhone("+12345678901"));
  expect(sha256OfPhone("0123")).toBe("");
  const hex = Buffer.from(base64, "base64").toString("hex");
  const { email, emailSha256 } = kindNumbers;
  const keys = [
    identifierKeyOf(email, 0, "user@example.com", identifier),
    identifierKeyOf(emailSha256, 0, base64, identifier),
    identifierKeyOf(emailSha256, 0, hex.toUpperCase(), identifier),
  ];
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).not.toBeNull();
  expect(identifierKeyOf(emailSha256, 0, "not hashed", identifier)).toBeNull();
  expect(await scalar(`identifier_key(128, 0, 'user@example.com')`)).toBe(String(keys[0]));
});

test("a suppression hash depends on its own key alone", async () => {
  const one = await scalar("suppression_hash(12345::UBIGINT)");
  expect(one).toBe(await scalar("suppression_hash(12345::UBIGINT)"));
  expect(one).not.toBe(await scalar("suppression_hash(12346::UBIGINT)"));
  expect(one).not.toBe("12345");
});

test("what the event keys rest on: DuckDB's hash of a text, pinned with its version", async () => {
  // The keys of stored events: another value here means that old events would come in again.
  expect(await scalar("hash('order-1')")).toBe("14729406887147506305");
});

test("texts of every length hash alike, cut into pieces or not, whatever their letters", async () => {
  const texts = Array.from({ length: 62 }, (_, i) => "aB3-".repeat(16).slice(0, i + 1));
  texts.push(
    ...texts.map((text) => `${text.slice(0, -1)}é`),
    "漢字かな交じり文",
    "a@b.example",
    "+8613800138000",
  );
  const kinds = [kindNumbers.account, kindNumbers.idfa, kindNumbers.email, kindNumbers.phone];
  const quoted = texts.map((text) => `'${text}'`).join(", ");
  for (const kind of kinds) {
    const rows = await duck.rows<{ key: string }>(`SELECT identifier_key(${kind}::UTINYINT,
      0::UINTEGER, t) AS key FROM (SELECT unnest([${quoted}]) AS t)`);
    const want = texts.map((text) => String(identifierKeyOf(kind, 0, text, identifier) ?? 0n));
    expect(rows.map(({ key }) => key)).toEqual(want);
  }
});
