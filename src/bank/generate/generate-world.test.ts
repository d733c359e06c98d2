import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UnixMs } from "../../base/units.js";
import { type NaiveRow, naiveRules, naiveSegments } from "../../testing/naive-bank.js";
import { dayStartSec } from "../bank.js";
import { Duck, sqlText } from "../duck.js";
import { demoPerson } from "./demo-person.js";
import { type Generated, generateWorld, type WorldFormat } from "./generate-world.js";
import { touchpointColumns, touchpointKinds } from "./world-sql.js";

const root = mkdtempSync(join(tmpdir(), "crowdbid-generate-"));
const nowMs = Date.parse("2026-11-26T15:30:00Z") as UnixMs;
const todaySec = dayStartSec(nowMs);
const people = 3000;
const seed = 7;
const limits = { memoryMb: 400, threads: 2 };

let duck: Duck;
let generated: Generated;
beforeAll(async () => {
  duck = await Duck.open(limits, join(root, "spill"));
  generated = await generate("parquet", "parquet");
});
afterAll(() => {
  duck.close();
  rmSync(root, { recursive: true });
});

function generate(folder: string, format: WorldFormat): Promise<Generated> {
  const report = (): void => undefined;
  return generateWorld({
    folder: join(root, folder),
    ...{ people, seed, nowMs, format, limits, report, truth: true },
  });
}

const filesOf = (folder: string, kind: string): string =>
  sqlText(join(root, folder, "touchpoints", kind, "*"));
const truth = (name: string): string => sqlText(join(root, "parquet", "truth", `${name}.parquet`));

/** All rows of a folder's touch-point as texts, one a row, the same for every format. */
const asTexts = (folder: string, kind: keyof typeof touchpointColumns, read: string): string => {
  const columns = ["event_id", '"time"', "market", "behaviour", ...touchpointColumns[kind]];
  // A reader of texts takes 12.50 for a DOUBLE, 12.5.
  const plain = (name: string): string => (name === "amount" ? "amount::DECIMAL(18, 2)" : name);
  const texts = columns.map((name) => `coalesce(nullif(${plain(name)}::VARCHAR, ''), '-')`);
  return `SELECT concat_ws('|', ${texts.join(", ")}) AS row FROM ${read}(${filesOf(folder, kind)})`;
};

/** Rows with the person whose they are by the truth: what a perfect super ID would find. */
function personRows(kind: keyof typeof touchpointColumns): string {
  const names = new Set<string>(touchpointColumns[kind]);
  const optional = (name: string, type: string): string =>
    names.has(name) ? `r.${name}` : `NULL::${type}`;
  const who = [
    ["account", "'account'", "account"],
    ["email_sha256", "'emailSha256'", "email_sha256"],
    ["ifa", "ifa_kind", "ifa::VARCHAR"],
    ["cookie", "'buyerUid'", "cookie"],
  ].filter(([column]) => names.has(column ?? ""));
  const keys = who.map(([, type, value]) => `CASE WHEN r.${value} IS NOT NULL THEN ${type} END`);
  const values = who.map(([, , value]) => `r.${value}`);
  const seconds = kind === "ad" ? 'r."time"' : 'epoch(r."time")';
  return `SELECT i.person, '${kind}' AS touchpoint, (${todaySec} - ${seconds}) / 86400 AS age,
      r.market, r.behaviour, ${optional("category", "VARCHAR")} AS category,
      ${optional("brand", "VARCHAR")} AS brand, ${optional("source", "VARCHAR")} AS source,
      ${optional("amount", "DOUBLE")}::DOUBLE AS amount, ${optional("area", "VARCHAR")} AS area
    FROM read_parquet(${filesOf("parquet", kind)}) r
    JOIN read_parquet(${truth("identifiers")}) i
      ON i.kind = coalesce(${keys.join(", ")}) AND i.value = coalesce(${values.join(", ")})`;
}

describe("a generated world", () => {
  type PersonRow = NaiveRow & { readonly person: number; readonly area: string | null };
  const byPerson = new Map<number, PersonRow[]>();
  beforeAll(async () => {
    const sql = touchpointKinds.map(personRows).join(" UNION ALL ");
    for (const row of await duck.rows<PersonRow>(sql)) {
      byPerson.set(row.person, [...(byPerson.get(row.person) ?? []), row]);
    }
  });

  test("has the rows from which the demo's rules find what demoPerson says, and no more", () => {
    const rules = naiveRules("config/demo");
    let used = 0;
    for (let n = 1; n <= people; n++) {
      const person = demoPerson(n, seed);
      if (!person.consent) continue;
      used += 1;
      expect(naiveSegments(rules, byPerson.get(n) ?? []), `person ${n}`).toEqual(
        [...person.segments].sort(),
      );
    }
    expect(used).toBeGreaterThan(people * 0.95);
  });

  test("says of everybody where they live and whether their rows may be used", () => {
    for (let n = 1; n <= people; n++) {
      const rows = byPerson.get(n) ?? [];
      const person = demoPerson(n, seed);
      const areas = rows.flatMap(({ area }) => (area === null ? [] : [area]));
      expect(new Set(areas)).toEqual(new Set([person.homeArea]));
      const said = rows
        .filter(
          ({ touchpoint, category }) => touchpoint === "consent" && category === "advertising",
        )
        .sort((a, b) => a.age - b.age);
      // An account's word stands above a later one of a device.
      const last = said.find(({ source }) => source === "account") ?? said[0];
      const granted = last === undefined ? person.market === "US" : last.behaviour === "granted";
      expect(granted, `person ${n}`).toBe(person.consent);
    }
  });

  test("lies before today, in a touch-point's columns, with event ids told apart", async () => {
    for (const kind of touchpointKinds) {
      const files = `read_parquet(${filesOf("parquet", kind)})`;
      const seconds = kind === "ad" ? '"time"' : 'epoch("time")';
      const [row] = await duck.rows<{ rows: string; ids: string; last: number; first: number }>(
        `SELECT count(*) AS rows, count(DISTINCT event_id) AS ids, max(${seconds})::DOUBLE AS last,
          min(${seconds})::DOUBLE AS first FROM ${files}`,
      );
      expect(Number(row?.rows)).toBe(generated.rows[kind]);
      expect(Number(row?.ids)).toBe(generated.rows[kind]);
      expect(row?.last).toBeLessThan(todaySec);
      expect(row?.first).toBeGreaterThan(todaySec - 366 * 86_400);
    }
  });

  test("holds about 16 rows a person, of every touch-point", () => {
    const rows = Object.values(generated.rows);
    expect(Math.min(...rows)).toBeGreaterThan(people / 4);
    const share = rows.reduce((sum, count) => sum + count, 0) / people;
    expect(share).toBeGreaterThan(14);
    expect(share).toBeLessThan(17);
  });

  test("has the same truth in its files as in demoPerson", async () => {
    const identifiers = await duck.rows<{ key: string; person: number }>(
      `SELECT kind || ' ' || scope || ' ' || value AS key, person FROM ${truth("identifiers")}`,
    );
    const owner = new Map(identifiers.map(({ key, person }) => [key, person]));
    expect(owner.size).toBe(identifiers.length);
    const told = Array.from({ length: people }, (_, i) => demoPerson(i + 1, seed));
    let own = 0;
    for (const { n, identifiers: list } of told) {
      for (const { kind, scope, value } of list) {
        expect(owner.get(`${kind} ${scope} ${value.toLowerCase()}`), `${kind} of ${n}`).toBe(n);
      }
      own += list.length;
    }
    expect(identifiers.filter(({ person }) => person !== 0).length).toBe(own);
    const rows = await duck.rows<Record<string, unknown>>(
      `SELECT * FROM ${truth("people")} ORDER BY person`,
    );
    const facts = told.map((one) => ({
      ...{ person: one.n, household: one.household, area: one.homeArea },
      ...{ market: one.market, consent: one.consent },
    }));
    expect(rows).toEqual(facts);
  });

  test("tells every stage of people who may be used as demoPerson does", async () => {
    const words = ["awareness", "interest", "purchase", "loyalty"];
    const rows = await duck.rows<{ person: number; advertiser: string; stage: number }>(
      `SELECT * FROM ${truth("stages")}`,
    );
    const names = new Map<number, string[]>();
    for (const { person, advertiser, stage } of rows) {
      const name = `aipl.${advertiser}.${words[stage - 1]}`;
      names.set(person, [...(names.get(person) ?? []), name]);
    }
    for (let n = 1; n <= people; n++) {
      const { segments, consent } = demoPerson(n, seed);
      if (!consent) continue;
      const staged = segments.filter((name) => name.startsWith("aipl."));
      expect((names.get(n) ?? []).sort()).toEqual([...staged].sort());
    }
  });
});

describe("whatever must merge nobody is there", () => {
  const count = (sql: string): Promise<number> => duck.number(sql);
  const accountsBy = (kind: string, thing: string): string =>
    `SELECT ${thing} AS thing, count(DISTINCT account) AS accounts
     FROM read_parquet(${filesOf("parquet", kind)}) WHERE account IS NOT NULL GROUP BY ALL`;

  test("devices, televisions and browsers with several accounts, an office's address", async () => {
    const most = (kind: string, thing: string): Promise<number> =>
      count(`SELECT max(accounts) FROM (${accountsBy(kind, thing)}) WHERE thing IS NOT NULL`);
    expect(await most("social", "ifa")).toBeGreaterThan(50);
    expect(await most("video", "ifa")).toBeGreaterThan(1);
    expect(await most("cookie", "cookie")).toBe(2);
    expect(await most("commerce", "email_sha256")).toBeGreaterThan(30);
  });

  test("tablets and cookies that were never logged in, and guesses that are wrong", async () => {
    const never = `SELECT 1 FROM read_parquet(${filesOf("parquet", "social")})
      WHERE ifa_kind = 'oaid' GROUP BY ifa HAVING count(account) = 0`;
    expect(await count(`SELECT count(*) FROM (${never})`)).toBeGreaterThan(people / 100);
    const guesses = `SELECT count(*) FROM read_parquet(${filesOf("parquet", "cookie")}) r
      JOIN read_parquet(${truth("identifiers")}) c ON c.value = r.cookie
      JOIN read_parquet(${truth("identifiers")}) d ON d.value = r.ifa::VARCHAR
      WHERE r.account IS NULL AND c.person <> d.person`;
    expect(await count(guesses)).toBeGreaterThan(5);
  });
});

describe("worlds of one order", () => {
  test("are the same rows, as Parquet, as CSV and as NDJSON", async () => {
    await generate("again", "parquet");
    const csv = await generate("csv", "csv");
    const ndjson = await generate("ndjson", "ndjson");
    expect(csv.rows).toEqual(generated.rows);
    expect(ndjson.rows).toEqual(generated.rows);
    const read = { again: "read_parquet", csv: "read_csv_auto", ndjson: "read_json_auto" };
    for (const kind of touchpointKinds) {
      const wanted = asTexts("parquet", kind, "read_parquet");
      for (const [folder, reader] of Object.entries(read)) {
        const found = asTexts(folder, kind, reader);
        const differing = await duck.number(
          `SELECT count(*) FROM ((${wanted}) EXCEPT ALL (${found}))`,
        );
        expect(differing, `${folder} ${kind}`).toBe(0);
      }
    }
  });

  test("leave no half-written folder, and are not written over one another", async () => {
    expect(readdirSync(join(root, "parquet")).sort()).toEqual(["touchpoints", "truth"]);
    await expect(generate("parquet", "csv")).rejects.toThrow(/exists: remove it or give another/);
    expect(existsSync(join(root, "parquet", "touchpoints", "ad", "part-0.parquet"))).toBe(true);
  });

  test("need people", async () => {
    const order = { folder: join(root, "none"), people: 0, seed, nowMs, limits };
    await expect(
      generateWorld({ ...order, format: "parquet", truth: false, report: () => undefined }),
    ).rejects.toThrow("people: give a whole number");
  });
});
