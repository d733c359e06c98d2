import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgencyId } from "../base/ids.js";
import type { UnixMs } from "../base/units.js";
import { testBank } from "../testing/bare-bank.js";
import { type Bank, BankError } from "./bank.js";
import { sqlParquet } from "./duck.js";
import { suppressKeys } from "./forget-rows.js";
import { identifierKeyOf, kindNumbers } from "./identifier-functions.js";
import { addList, expireLists, type ListUpload, listLists, removeList } from "./lists.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-lists-"));
let bank: Bank;
beforeAll(async () => {
  bank = await testBank(root);
});
afterAll(() => {
  bank.duck.close();
  rmSync(root, { recursive: true });
});

const agency = 1 as AgencyId;
const keyOf = (email: string): string =>
  String(identifierKeyOf(kindNumbers.email, 0, email, bank.keys.identifier));
const upload = (text: string | Uint8Array, changes: Partial<ListUpload> = {}): ListUpload => {
  const file = join(root, "upload.txt");
  writeFileSync(file, text);
  return { agency, name: "vip", kind: "email", file, ...changes };
};
const stored = async (name = "vip", of = agency): Promise<string[]> => {
  const path = join(bank.folders.listOf(of, name), "keys.parquet");
  const rows = await bank.duck.rows<{ key: string }>(`SELECT key FROM ${sqlParquet([path])}`);
  return rows.map(({ key }) => key);
};

test("lines are hashed, deduplicated and sorted; the answer counts the agency's own rows", async () => {
  const lines = 'ann@example.com\r\nBob@Example.com\nno address\n\n bob@example.com \n"q,x";\'\n';
  expect(await addList(bank, upload(lines))).toEqual({ rows: 5, unusable: 2 });
  const want = ["ann@example.com", "bob@example.com"].map(keyOf);
  expect(await stored()).toEqual(want.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
  const folder = bank.folders.listOf(agency, "vip");
  expect(readdirSync(folder).sort()).toEqual(["keys.parquet", "list.json"]);
  const now = Math.floor(bank.nowMs / 1000);
  expect(JSON.parse(readFileSync(join(folder, "list.json"), "utf8"))).toEqual({
    ...{ agency: 1, name: "vip", uploadedSec: now, expiresSec: now + 90 * 86_400 },
  });
  expect(readFileSync(join(folder, "keys.parquet")).includes("example")).toBe(false);
});

test("a column of a CSV file is taken, whatever stands in the others", async () => {
  const csv = 'name,"e mail",x\n"Roe, Jane",jane@example.com,1\n"a ""b""",,2\n';
  const changes = { name: "crm", column: "e mail", expiresDays: 1 };
  expect(await addList(bank, upload(csv, changes))).toEqual({ rows: 2, unusable: 1 });
  expect(await stored("crm")).toEqual([keyOf("jane@example.com")]);
});

test("a list of the same name is replaced, and another agency's is another list", async () => {
  await addList(bank, upload("zoe@example.com\n"));
  await addList(bank, upload("kim@example.com\n", { agency: 2 as AgencyId }));
  expect(await stored()).toEqual([keyOf("zoe@example.com")]);
  expect(await stored("vip", 2 as AgencyId)).toEqual([keyOf("kim@example.com")]);
  expect(listLists(bank.folders, 2 as AgencyId).map(({ name }) => name)).toEqual(["vip"]);
  expect(listLists(bank.folders).map((list) => [list.agency, list.name])).toEqual([
    ...[[1, "crm"] as const, [1, "vip"] as const, [2, "vip"] as const],
  ]);
  expect(Object.keys(listLists(bank.folders)[0]!)).toEqual(["agency", "name", "expiresSec"]);
});

test("who was forgotten is left out, and the answer does not tell", async () => {
  await suppressKeys(bank, [BigInt(keyOf("gone@example.com"))]);
  const text = "gone@example.com\nhere@example.com\n";
  const known = await addList(bank, upload(text, { name: "s" }));
  expect(known).toEqual({ rows: 2, unusable: 0 });
  expect(await stored("s")).toEqual([keyOf("here@example.com")]);
});

test.each([
  [{ name: "Has Space" }, /1 to 40 characters/],
  [{ name: "../up" }, /1 to 40 characters/],
  [{ expiresDays: 401 }, /1 to 400/],
  [{ expiresDays: 0.5 }, /1 to 400/],
  [{ kind: "person" as const }, /`person` is none/],
  [{ agency: 0 as AgencyId }, /give its number/],
  [{ file: "/nowhere/list" }, /there is no such file/],
  [{ column: "missing" }, /cannot be read as a CSV file with that column/],
])("what is no list is refused, and nothing is taken (%#)", async (changes, words) => {
  const bad = upload("secret@example.com\n", { name: "bad", ...changes });
  await expect(addList(bank, bad)).rejects.toThrow(BankError);
  await expect(addList(bank, bad)).rejects.toThrow(words);
  await expect(addList(bank, bad)).rejects.not.toThrow(/secret/);
  expect(existsSync(bank.folders.listOf(agency, "bad"))).toBe(false);
});

test("a file that is no UTF-8 is refused without quoting it", async () => {
  const bad = upload(Uint8Array.of(0x61, 0xff, 0xfe, 0x0a), { name: "latin" });
  const taken = addList(bank, bad);
  await expect(taken).rejects.toThrow(/in UTF-8: nothing was taken/);
});

test("lists expire at the first build after their time, and a removed one is gone", async () => {
  const later = (bank.nowMs + 86_400_000) as UnixMs;
  expect(expireLists({ folders: bank.folders, nowMs: (later - 1) as UnixMs })).toEqual([]);
  const over = expireLists({ folders: bank.folders, nowMs: later });
  expect(over.map(({ name }) => name)).toEqual(["crm"]);
  expect(existsSync(bank.folders.listOf(agency, "crm"))).toBe(false);
  expect(removeList(bank.folders, agency, "vip")).toBe(true);
  expect(removeList(bank.folders, agency, "vip")).toBe(false);
  expect(removeList(bank.folders, agency, "..")).toBe(false);
});
