import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sqlText } from "../duck.js";
import { identifierKeyOf, kindNumbers } from "../identifier-functions.js";
import { ingest } from "./ingest.js";
import { ad, caseKeys, commerce, type IngestCase, ingestCase } from "./ingest-case.js";

let one: IngestCase;
beforeEach(async () => {
  one = await ingestCase();
});
afterEach(() => one.close());

const ifa = "0a949e8a-9624-4b45-8bd5-4e6294c4dbf4";
const header = "event_id,time,market,behaviour,brand,account\n";
const accountKey = (value: string): string =>
  String(identifierKeyOf(kindNumbers.account, 0, value, caseKeys.identifier));
const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1);
const brands = async (): Promise<unknown[]> =>
  (await one.rows("commerce", "events")).map((row) => row["brand"]).sort(byText);
const run = () => ingest(one.bank, one.source);

/** Writes Parquet of a query below the source folder. */
async function parquet(name: string, sql: string): Promise<string> {
  const path = one.put(name, "");
  await one.bank.duck.run(`COPY (${sql}) TO ${sqlText(path)} (FORMAT parquet)`);
  return path;
}

test("Parquet columns of every usual type say the same as texts", async () => {
  const types: [string, string, string, string][] = [
    ["1::BIGINT", "TIMESTAMP '2026-11-25 10:00:00'", `'${ifa}'::UUID`, "12.5::DECIMAL(10, 2)"],
    ["2::UTINYINT", "TIMESTAMPTZ '2026-11-25 15:30:00+05:30'", `'${ifa}'`, "12.5::DOUBLE"],
    ["'3'", "TIMESTAMP_MS '2026-11-25 10:00:00'", `upper('${ifa}')`, "'12.50'"],
    [`'${ifa}'::UUID`, "TIMESTAMP_NS '2026-11-25 10:00:00'", `'${ifa}'::UUID`, "12.5::FLOAT"],
    ["'5'::BLOB", "'2026-11-25T10:00:00Z'", `'${ifa}'::BLOB`, "12.5::DECIMAL(38, 9)"],
  ];
  for (const [i, [id, time, value, amount]] of types.entries()) {
    await parquet(
      `commerce/${i}.parquet`,
      `SELECT ${id} AS event_id, ${time} AS time, 'US' AS market, 'view' AS behaviour,
        ${value} AS ifa, 'idfa' AS ifa_kind, ${amount} AS amount, [1] AS not_ours`,
    );
  }
  expect((await run()).refused).toEqual([]);
  const rows = await one.rows("commerce", "events");
  expect(rows).toHaveLength(types.length);
  const seconds = Date.UTC(2026, 10, 25, 10) / 1000;
  const who = String(identifierKeyOf(kindNumbers.idfa, 0, ifa, caseKeys.identifier));
  for (const row of rows) expect(row).toMatchObject({ seconds, who, amount: "12500000" });
  const ids = new Set(rows.map((row) => row["event"]));
  const sql = `SELECT hash('1') AS a, hash('2') AS b, hash('3') AS c, hash('${ifa}') AS d,
    hash('5') AS e`;
  expect(ids).toEqual(new Set(Object.values((await one.bank.duck.rows<object>(sql))[0]!)));
});

test("a row of Parquet is named by its number", async () => {
  await parquet(
    "commerce/a.parquet",
    `SELECT i::VARCHAR AS event_id, DATE '2026-11-25' AS time, 'US' AS market, account,
      CASE WHEN i = 2999 THEN 'steal' ELSE 'view' END AS behaviour
      FROM (SELECT i, 'A' || i AS account FROM range(5000) t(i))`,
  );
  expect((await run()).touchpoints).toMatchObject([{ accepted: 4999 }]);
  expect(one.quarantine("commerce")).toEqual([
    { line: 3000, reason: "unknown_behaviour", column: "behaviour" },
  ]);
});

test("repeated ids are told apart where Parquet keeps them in a dictionary", async () => {
  await parquet(
    "commerce/a.parquet",
    `SELECT 'order-' || (i % 50) AS event_id, 'A1' AS account, DATE '2026-11-25' AS time,
      'US' AS market, 'view' AS behaviour FROM range(200000) t(i)`,
  );
  expect((await run()).touchpoints).toMatchObject([{ accepted: 50, duplicates: 199_950 }]);
});

test("very many duplicates are told apart among all rows", async () => {
  const rows = (
    from: number,
  ) => `SELECT (i % 150000)::VARCHAR AS event_id, DATE '2026-11-25' AS time,
    'US' AS market, 'view' AS behaviour, i + 1 AS account, ${from} AS brand FROM range(150001) t(i)`;
  await parquet("commerce/a.parquet", rows(1));
  await parquet("commerce/b.parquet", rows(2));
  expect((await run()).touchpoints).toMatchObject([{ accepted: 150_000, duplicates: 150_002 }]);
});

test("seconds and milliseconds since 1970 are times, of numbers and texts", async () => {
  const at = Date.UTC(2026, 10, 25, 10);
  for (const [as, factor] of [
    ["unixSec", 1000],
    ["unixMs", 1],
  ] as const) {
    const columns = { ...commerce.columns, time: { column: "time", as } };
    one.close();
    one = await ingestCase({ touchpoints: new Map([["commerce", { ...commerce, columns }]]) });
    const time = at / factor;
    one.put(
      "commerce/a.csv",
      `${header}1,${time},US,view,,A\n2,${time}.9,US,view,,A\n3,x,US,view,,A\n`,
    );
    const row = "'US' AS market, 'view' AS behaviour, 'A' AS account";
    await parquet("commerce/b.parquet", `SELECT 4 AS event_id, ${time}::BIGINT AS time, ${row}`);
    await parquet("commerce/c.parquet", `SELECT 5 AS event_id, ${time}::DOUBLE AS time, ${row}`);
    await run();
    const rows = await one.rows("commerce", "events");
    expect(rows.map((event) => event["seconds"])).toEqual(Array(4).fill(at / 1000));
    expect(one.quarantine("commerce")).toMatchObject([{ line: 4, reason: "unreadable_time" }]);
  }
});

test("a CSV may use other delimiters, quotes, CR LF, a byte order mark and lines inside of values", async () => {
  const row = (id: string, brand: string, d: string): string =>
    [id, "2026-11-25", "US", "view", brand, "A"].join(d);
  const head = header.trim();
  one.put("commerce/a.csv", `\uFEFF${head}\r\n${row("1", '"x, ""y"""', ",")}\r\n\r\n`);
  one.put("commerce/b.csv", `${head.replaceAll(",", ";")}\n${row("2", "b", ";")}`);
  one.put(
    "commerce/c.csv",
    `${head.replaceAll(",", "\t")}\n"3"\t${row("", '"c\n\nd"', "\t").slice(1)}\n`,
  );
  one.put("commerce/d.csv.gz", gzipSync(`${head.replaceAll(",", "|")}\n${row("4", "e", "|")}\n`));
  const result = await run();
  expect(result.refused).toEqual([]);
  expect(await brands()).toEqual(['x, "y"', "b", "c\n\nd", "e"].sort());
});

test("broken lines of a CSV cost themselves alone, and lines keep their numbers", async () => {
  const good = (id: number, brand: string): string => `${id},2026-11-25,US,view,${brand},A`;
  const lines = [
    ...[good(1, "a"), '2,2026-11-25,US,view,"open,A', good(3, '"b"'), "4,2026-11-25,US"],
    ...[`${good(5, "c")},more`, "", good(6, 'd"e'), good(7, '"f\ng"'), good(8, "h\u0000")],
    ...[good(9, '"i"j'), "10,2026-11-25,FR,view,k,A", `${good(11, "l")}\rx`, good(12, '"m')],
  ];
  one.put("commerce/a.csv", header + lines.join("\n"));
  await run();
  expect(await brands()).toEqual(["a", "b", "f\ng"].sort());
  expect(one.quarantine("commerce")).toEqual([
    ...[3, 5, 6, 8, 11, 12].map((line) => ({ line, reason: "malformed" })),
    { line: 13, reason: "unknown_market", column: "market" },
    ...[14, 15].map((line) => ({ line, reason: "malformed" })),
  ]);
});

test("records that lie across reads are whole, and an endless line is one broken row", async () => {
  const pad = "p".repeat(100);
  const rows = Array.from(
    { length: 25_000 },
    (_, i) => `${i},2026-11-25,US,view,"${pad}${i % 7 === 0 ? "\n" : ""}",A${i}`,
  );
  const endless = `x${"y".repeat(3_000_000)}`;
  one.put("commerce/a.csv", `${header}${endless}\n${rows.join("\n")}\n${endless}`);
  const { touchpoints } = await run();
  expect(touchpoints).toMatchObject([{ accepted: 25_000, quarantined: { malformed: 2 } }]);
  const last = 2 + 25_000 + Math.ceil(25_000 / 7) + 1;
  expect(one.quarantine("commerce")).toEqual([
    { line: 2, reason: "malformed" },
    { line: last, reason: "malformed" },
  ]);
});

test("rows in another encoding are named, a file in another encoding is refused", async () => {
  const latin = (text: string): Buffer => Buffer.from(text, "latin1");
  const row = (id: number, brand: string): string => `${id},2026-11-25,US,view,${brand},A\n`;
  one.put(
    "commerce/a.csv",
    Buffer.concat([
      ...[
        Buffer.from(header + row(1, "café")),
        latin(row(2, "caf\u00e9")),
        Buffer.from(row(3, "ok")),
      ],
    ]),
  );
  one.put("commerce/b.csv", latin(`${header}${row(4, "caf\u00e9")}`));
  one.put("commerce/c.csv", Buffer.from(`\uFEFF${header}${row(5, "x")}`, "utf16le"));
  const { refused } = await run();
  expect(await brands()).toEqual(["café", "ok"]);
  expect(one.quarantine("commerce")).toEqual([{ line: 3, reason: "not_utf8" }]);
  expect(refused).toEqual([
    { file: "commerce/b.csv", reason: expect.stringContaining("not UTF-8") as string },
    { file: "commerce/c.csv", reason: expect.stringContaining("UTF-16") as string },
  ]);
});

test("NDJSON keeps the digits of large numbers, and broken lines cost themselves alone", async () => {
  const rest = '"time":"2026-11-25","market":"US","behaviour":"view"';
  const lines = [
    `{"event_id":9007199254740993,${rest},"account":12345678901234567,"brand":"b\\u00e9"}`,
    `{"event_id":9007199254740992,${rest},"account":12345678901234567}`,
    ...["{broken", "[1]", "17", `{"event_id":"3",${rest},"account":"x\\ud800"}`, "", "null"],
    `{"event_id":"4",${rest},"account":"A","amount":1.10,"extra":{"deep":[1]}}\r`,
    `{"event_id":"5",${rest},"account":null}`,
  ];
  one.put("commerce/a.ndjson", `${lines.join("\n")}\n`);
  one.put("commerce/b.ndjson.gz", gzipSync(`{"event_id":"6",${rest},"account":"A"}`));
  expect((await run()).refused).toEqual([]);
  const rows = await one.rows("commerce", "events");
  const digits = accountKey("12345678901234567");
  expect(rows.map((row) => row["who"])).toEqual([digits, digits, accountKey("A"), accountKey("A")]);
  expect(rows.map((row) => row["amount"])).toContain("1100000");
  expect(await brands()).toContain("bé");
  expect(one.quarantine("commerce")).toEqual([
    ...[3, 4, 5, 6, 8].map((line) => ({ line, reason: "malformed" })),
    { line: 10, reason: "no_identifier" },
  ]);
});

test("a file that cannot be read as a whole is refused with the reason, the others go on", async () => {
  const row = "1,2026-11-25,US,view,b,A\n";
  one.put("commerce/empty.csv", "");
  one.put("commerce/headless.csv", row);
  one.put("commerce/no-time.csv", `${header.replace("time", "when")}${row}`);
  one.put("commerce/twice.csv", `${header.replace("brand", "account")}${row}`);
  one.put("commerce/torn.csv.gz", gzipSync(header + row.repeat(100)).subarray(0, 60));
  one.put("commerce/other.ndjson", '{"id":1}\n{"id":2}\n');
  one.put("commerce/text.parquet", "not parquet");
  const words = "'1' AS event_id, 'US' AS market, 'view' AS behaviour, 'A' AS account";
  await parquet("commerce/number-time.parquet", `SELECT ${words}, 5::BIGINT AS time`);
  await parquet("commerce/list.parquet", `SELECT ${words}, '2026-11-25' AS time, [1] AS brand`);
  const torn = await parquet(
    "commerce/torn.parquet",
    `SELECT ${words}, '2026-11-25' AS time FROM range(9999)`,
  );
  truncateSync(torn, 300);
  one.put("commerce/z-good.csv", `${header}${row}`);
  const first = await run();
  expect(
    Object.fromEntries(first.refused.map(({ file, reason }) => [file.slice(9), reason])),
  ).toEqual({
    "empty.csv": expect.stringContaining("is empty"),
    "headless.csv": expect.stringContaining('no column "event_id"'),
    "no-time.csv": expect.stringContaining('no column "time"'),
    "twice.csv": expect.stringContaining('two columns "account"'),
    "torn.csv.gz": expect.stringContaining("gzip"),
    "other.ndjson": expect.stringContaining("no row with an event id"),
    "text.parquet": expect.stringContaining("half-written"),
    "number-time.parquet": expect.stringContaining('BIGINT in column "time"'),
    "list.parquet": expect.stringContaining('INTEGER[] in column "brand"'),
    "torn.parquet": expect.stringContaining("half-written"),
  });
  expect(first.touchpoints).toMatchObject([{ files: 1, accepted: 1 }]);
  writeFileSync(join(one.source, "commerce/empty.csv"), `${header}2,2026-11-25,US,view,b,A\n`);
  expect((await run()).touchpoints).toMatchObject([{ files: 1, accepted: 1 }]);
});

test("strange names in the source are warned of, or read as any other", async () => {
  one.put("shop/a.csv", header);
  one.put("readme.txt", "hello");
  one.put("commerce/a.xlsx", "hello");
  one.put("commerce/.hidden", "hello");
  one.put("commerce/a[1]*?.csv", `${header}1,2026-11-25,US,view,b,A\n`);
  await parquet(
    "commerce/it's [2].parquet",
    `SELECT 2 AS event_id, '2026-11-25' AS time, 'US' AS market, 'view' AS behaviour,
      'A' AS account`,
  );
  const { warnings, touchpoints } = await run();
  expect(warnings).toEqual([
    expect.stringMatching(/^commerce\/a\.xlsx: skipped; only files ending in/),
    expect.stringMatching(/^readme\.txt: skipped; files belong in a folder/),
    expect.stringMatching(/^shop\/: skipped; add touchpoints\/shop\.yaml/),
  ]);
  expect(touchpoints).toMatchObject([{ accepted: 2 }]);
  await expect(ingest(one.bank, join(one.root, "nowhere"))).rejects.toThrow("source folder");
});

test("an exposure's ordinal becomes its person's oldest identifier, through merges", async () => {
  const people = (epoch: number, name: string) =>
    join(one.bank.folders.peopleOf(epoch), `${name}.parquet`);
  for (const epoch of [9, 10]) mkdirSync(one.bank.folders.peopleOf(epoch), { recursive: true });
  const { duck } = one.bank;
  const columns = "t(key, namespace, ordinal, first)";
  const cast =
    "key::UBIGINT AS key, namespace::UTINYINT AS namespace, ordinal::UINTEGER AS ordinal, first::UINTEGER AS first";
  await duck.run(`COPY (SELECT ${cast} FROM (VALUES (1, 1, 7, 5)) ${columns})
    TO '${people(9, "identifiers")}' (FORMAT parquet)`);
  await duck.run(`COPY (SELECT ${cast} FROM (VALUES
    (30, 2, 7, 6), (20, 1, 7, 5), (10, 32, 7, 9), (40, 16, 8, 5), (21, 33, 8, 5)) ${columns})
    TO '${people(10, "identifiers")}' (FORMAT parquet)`);
  await duck.run(`COPY (SELECT o::UINTEGER AS ordinal, d AS day, i::UINTEGER AS "into"
    FROM (VALUES (3, '2026-11-01', 4), (4, '2026-11-02', 8), (5, '2026-11-02', 0),
      (6, '2026-10-02', 7), (6, '2026-11-02', 8), (7, '2026-01-01', 8), (11, '2026-01-01', 12),
      (12, '2026-01-01', 11)) t(o, d, i)) TO '${people(10, "retired")}' (FORMAT parquet)`);
  expect(ad.identifiers[0]?.column).toBe("person");
  const ordinals = [7, 8, 3, 5, 6, 9, 11, "x", ""];
  const rows = ordinals.map((ordinal, i) => `${i},${Date.UTC(2026, 10, 25)},${ordinal}\n`).join("");
  one.put("ad/a.csv", `event_id,time,person\n${rows}`);
  await parquet(
    "ad/b.parquet",
    `SELECT 100 AS event_id, ${Date.UTC(2026, 10, 25)} AS time, 8 AS person`,
  );
  await run();
  const events = await one.rows("ad", "events");
  expect(events.map((row) => row["who"]).sort(byText)).toEqual(["20", "21", "21", "21", "21"]);
  const identifiers = await one.rows("ad", "identifiers");
  expect(
    new Set(identifiers.map((row) => `${String(row["key"])} ${String(row["namespace"])}`)),
  ).toEqual(new Set(["20 1", "21 33"]));
  expect(one.quarantine("ad").map((row) => row["line"])).toEqual([5, 7, 8, 9, 10]);
});

const naughtyPath = new URL("../../../../shared/corpora/blns.json", import.meta.url).pathname;
test.skipIf(!existsSync(naughtyPath))(
  "naughty strings in every text column are taken or named, and break nothing (needs corpora/blns.json)",
  async () => {
    const naughty = JSON.parse(readFileSync(naughtyPath, "utf8")) as string[];
    const names = ["event_id", "time", "market", "behaviour", "category", "brand", "source"];
    names.push("amount", "area", "account", "ifa", "ifa_kind", "cookie", "exchange", "email");
    const good: Record<string, string> = {
      ...{ time: "2026-11-25", market: "US", behaviour: "view", account: "A" },
    };
    const rows = names.flatMap((column) =>
      naughty.map((text, i) => ({ ...good, event_id: `${column}${i}`, [column]: text })),
    );
    one.put("commerce/a.ndjson", rows.map((row) => JSON.stringify(row)).join("\n"));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const csv = rows.map((row: Record<string, string>) =>
      names.map((name) => quoted(row[name] ?? "")).join(","),
    );
    one.put("commerce/b.csv", `${names.join(",")}\n${csv.join("\n")}\n`);
    const { touchpoints, refused } = await run();
    expect(refused).toEqual([]);
    const [taken] = touchpoints;
    expect(taken).toMatchObject({ rows: 2 * rows.length });
    expect(taken!.accepted).toBeGreaterThan(naughty.length * 8);
    const words = naughty.filter((text) => text !== "" && Buffer.byteLength(text) <= 256);
    // DuckDB's reader of texts, not the file, drops a byte order mark.
    const read = new Set(words.map((text) => text.replace(/^\uFEFF/, "")));
    expect(new Set(await brands())).toEqual(new Set([null, ...read]));
  },
);
