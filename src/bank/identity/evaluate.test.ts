import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Namespace } from "../../base/identifier.js";
import { SeededRandom } from "../../base/random.js";
import { type BatchRow, openTestBank, writeBatches } from "../../testing/bank-batches.js";
import { sqlText } from "../duck.js";
import { evaluatePeople } from "./evaluate.js";
import { resolvePeople } from "./people.js";

const { ACCOUNT, BUYER_UID, EMAIL_SHA256, IDFA } = Namespace;
const root = mkdtempSync(join(tmpdir(), "crowdbid-evaluate-"));
const bank = await openTestBank(root);
afterAll(() => {
  bank.duck.close();
  rmSync(root, { recursive: true });
});

const truthFile = join(root, "truth.parquet");
async function writeTable(file: string, columns: string, rows: readonly string[]): Promise<void> {
  await bank.duck.run(`
    COPY (SELECT * FROM (VALUES ${rows.join(", ")}) t(${columns})) TO ${sqlText(file)}
      (FORMAT parquet)`);
}
const writeTruth = (rows: readonly (readonly [key: bigint | number, person: number])[]) =>
  writeTable(
    truthFile,
    "key, person",
    rows.map(([key, person]) => `(${key}::UBIGINT, ${person}::UINTEGER)`),
  );

test("pairs are counted by cell: right ones, wrong ones, those not found", async () => {
  const folder = join(root, "found");
  mkdirSync(folder);
  // Found: {1 2 3} {4 5} {6}; true: {1 2} {3 4 5 6}. 7 and 8 are known to one side, 9 is shared.
  const found = [
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [6, 3],
    [7, 1],
    [9, 1],
  ];
  await writeTable(
    join(folder, "identifiers.parquet"),
    "key, ordinal",
    found.map(([key, ordinal]) => `(${key}::UBIGINT, ${ordinal}::UINTEGER)`),
  );
  await writeTruth([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 2],
    [6, 2],
    [8, 1],
    [9, 1],
    [9, 2],
  ]);
  expect(await evaluatePeople(bank.duck, folder, truthFile)).toEqual({
    ...{ identifiers: 6, shared: 1, truePairs: 7, foundPairs: 4, rightPairs: 2 },
    ...{ precision: 0.5, recall: 2 / 7 },
  });
});

/**
 * Households of one to three: a person has an account, mostly an e-mail, one or two devices and a
 * cookie. One household in five shares a tablet, one in ten an e-mail, one device in fifty had
 * another owner before; devices of a household are seen together, and so are some of neighbours.
 */
function town(households: number, random: SeededRandom) {
  const rows: BatchRow[] = [];
  const truth: [bigint, number][] = [];
  let keys = 0n;
  let people = 0;
  const owned = (person: number, namespace: number): readonly [bigint, number] => {
    keys += 1n;
    truth.push([keys, person]);
    return [keys, namespace];
  };
  type Key = readonly [bigint, number];
  const link = (one: Key, other: Key, mm = 3): void => {
    const [seconds, links] = [1 + random.below(1e6), [[one[0], other[0], mm] as const]];
    rows.push({ seconds, keys: [one, other], links });
  };
  let last: Key | null = null;
  for (let h = 0; h < households; h++) {
    const accounts: Key[] = [];
    const devices: Key[] = [];
    for (let p = 1 + random.below(3); p > 0; p--) {
      const person = ++people;
      const account = owned(person, ACCOUNT);
      accounts.push(account);
      if (random.below(10) < 8) link(account, owned(person, EMAIL_SHA256));
      for (let d = 1 + random.below(2); d > 0; d--) {
        const device = owned(person, IDFA);
        if (random.below(10) < 9) link(account, device);
        const cookie = owned(person, BUYER_UID);
        link(device, cookie, random.below(10) < 8 ? 3 : 2);
        devices.push(device);
        if (last !== null && random.below(50) === 0) link(last, device);
      }
      last = account;
    }
    const first = people - accounts.length + 1;
    if (random.below(5) === 0) {
      const tablet = owned(first, IDFA);
      for (const account of accounts) link(account, tablet);
    }
    if (random.below(10) === 0) {
      const mail = owned(first, EMAIL_SHA256);
      for (const account of accounts) link(account, mail);
    }
    for (const device of devices.slice(1)) link(devices[0]!, device, 5);
  }
  return { rows, truth };
}

test("a town with shared and sold devices and shared e-mails is told apart", async () => {
  const { rows, truth } = town(1500, new SeededRandom(7));
  await writeTruth(truth);
  await writeBatches(bank, [{ touchpoint: "commerce", rows }]);
  const found = await resolvePeople(bank, 1);
  const folder = bank.folders.peopleOf(1);
  const score = await evaluatePeople(bank.duck, folder, truthFile);
  expect(score.identifiers).toBe(found.identifiers);
  expect(found.refused.accounts_per_device).toBeGreaterThan(100);
  expect(found.refused.accounts_per_email).toBeGreaterThan(50);
  expect(found.proposals).toBeGreaterThan(500);
  expect(score.precision).toBeGreaterThanOrEqual(0.99);
  expect(score.recall).toBeGreaterThan(0.7);
});
