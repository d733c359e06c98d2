import { renameSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identifierKeyOf, kindNumbers } from "../identifier-functions.js";
import { ingest } from "./ingest.js";
import {
  caseConfig,
  caseKeys,
  caseNowSec,
  commerce,
  type IngestCase,
  ingestCase,
} from "./ingest-case.js";

let one: IngestCase;
beforeEach(async () => {
  one = await ingestCase();
});
afterEach(() => one.close());

const header =
  "event_id,time,market,behaviour,category,brand,source,amount,area,account,ifa,ifa_kind,cookie,exchange,email";
type Fields = Partial<Record<string, string>>;
const good: Fields = {
  ...{ event_id: "e1", time: "2026-11-25T10:00:00Z", market: "US", behaviour: "view" },
  account: "A1",
};
const line = (fields: Fields): string =>
  header
    .split(",")
    .map((name) => ({ ...good, ...fields })[name] ?? "")
    .join(",");
const csv = (...rows: Fields[]): string => `${[header, ...rows.map(line)].join("\n")}\n`;
const ifa = "0a949e8a-9624-4b45-8bd5-4e6294c4dbf4";
const keyOf = (kind: keyof typeof kindNumbers, value: string, scope = 0): string =>
  String(identifierKeyOf(kindNumbers[kind], scope, value, caseKeys.identifier));

test("each broken rule sends its row to quarantine with line, reason and column", async () => {
  const rules: [Fields, string, string | undefined][] = [
    [{ event_id: "" }, "missing_event_id", "event_id"],
    [{ time: "" }, "unreadable_time", "time"],
    [{ time: "yesterday" }, "unreadable_time", "time"],
    [{ time: "2026-13-40" }, "unreadable_time", "time"],
    [{ time: "infinity" }, "unreadable_time", "time"],
    [{ time: "2026-11-27T12:00:01Z" }, "time_in_future", "time"],
    [{ time: "1999-12-31T23:59:59Z" }, "time_before_2000", "time"],
    [{ market: "" }, "unknown_market", "market"],
    [{ market: "FR" }, "unknown_market", "market"],
    [{ market: "us" }, "unknown_market", "market"],
    [{ behaviour: "steal" }, "unknown_behaviour", "behaviour"],
    [{ market: "CN", category: "sports" }, "unknown_category", "category"],
    [{ area: "US-ZZ" }, "unknown_area", "area"],
    [{ amount: "12 dollars" }, "unreadable_amount", "amount"],
    [{ amount: "nan" }, "unreadable_amount", "amount"],
    [{ amount: "99999999999999999999" }, "unreadable_amount", "amount"],
    [{ amount: "-0.01" }, "amount_out_of_range", "amount"],
    [{ amount: "9007199254.740993" }, "amount_out_of_range", "amount"],
    [{ brand: "b".repeat(257) }, "word_too_long", "brand"],
    [{ account: "" }, "no_identifier", undefined],
    [{ account: "", cookie: "c1" }, "no_identifier", undefined],
    [{ cookie: "c1", exchange: "nobody" }, "unknown_scope", "exchange"],
    [{ ifa, ifa_kind: "serial" }, "unknown_kind", "ifa_kind"],
    [
      { account: "", ifa: "00000000-0000-0000-0000-000000000000", ifa_kind: "idfa" },
      "no_identifier",
      undefined,
    ],
    [{ account: "", email: "test@example.com" }, "no_identifier", undefined],
  ];
  const rows = rules.map(([fields], i) => ({ event_id: `e${i}`, ...fields }));
  one.put("commerce/a.csv", csv(...rows, { event_id: "good" }));
  const result = await ingest(one.bank, one.source);
  const want = rules.map(([, reason, column], i) =>
    column === undefined ? { line: i + 2, reason } : { line: i + 2, reason, column },
  );
  expect(one.quarantine("commerce")).toEqual(want);
  expect(result.touchpoints).toMatchObject([{ rows: rules.length + 1, accepted: 1 }]);
});

test("the edges of the rules are inside", async () => {
  one.put(
    "commerce/a.csv",
    csv(
      { event_id: "1", time: "2026-11-27T12:00:00Z" },
      { event_id: "2", market: "CN", category: "tea", area: "CN-31", amount: "9007199254.740992" },
      { event_id: "3", amount: "0" },
      { event_id: "4", amount: "0.0000005", category: "anything", brand: "b".repeat(256) },
      { event_id: "5", time: "2026-11-25 10:00:00" },
      { event_id: "6", time: "2026-11-25T15:30:00+05:30" },
    ),
  );
  expect((await ingest(one.bank, one.source)).touchpoints).toMatchObject([{ accepted: 6 }]);
  const rows = await one.rows("commerce", "events");
  expect(rows.map((row) => row["amount"])).toEqual([
    ...[null, "9007199254740992", "0", "1", null, null],
  ]);
  const utc = Date.UTC(2026, 10, 25, 10) / 1000;
  expect(rows.map((row) => row["seconds"]).slice(4)).toEqual([utc, utc]);
  expect(rows[1]).toMatchObject({ market: "CN", category: "tea", area: "CN-31", brand: null });
});

test("who is the first usable identifier, and every usable one is counted", async () => {
  one.put(
    "commerce/a.csv",
    csv(
      { event_id: "1", ifa, ifa_kind: "idfa", email: "Ann.B@gmail.com" },
      { event_id: "2", account: "", ifa: ifa.toUpperCase(), ifa_kind: "idfa", time: "2026-11-20" },
      { event_id: "3", account: "", ifa, ifa_kind: "", cookie: "c1", exchange: "openrtb26" },
      { event_id: "4", account: "", email: "annb@gmail.com" },
    ),
  );
  await ingest(one.bank, one.source);
  const who = (await one.rows("commerce", "events")).map((row) => row["who"]);
  const [account, idfa] = [keyOf("account", "A1"), keyOf("idfa", ifa)];
  const [cookie, email] = [keyOf("buyerUid", "c1", 1), keyOf("email", "annb@gmail.com")];
  expect(who).toEqual([account, idfa, cookie, email]);
  const at = Date.UTC(2026, 10, 25, 10) / 1000;
  const early = Date.UTC(2026, 10, 20) / 1000;
  const byKey = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    String(a["key"]) < String(b["key"]) ? -1 : 1;
  expect((await one.rows("commerce", "identifiers")).sort(byKey)).toEqual(
    [
      { key: account, namespace: 32, first: at, last: at, events: 1 },
      { key: idfa, namespace: 1, first: early, last: at, events: 2 },
      { key: cookie, namespace: 16, first: at, last: at, events: 1 },
      { key: email, namespace: 33, first: at, last: at, events: 2 },
    ].sort(byKey),
  );
});

test("a link makes one edge for each pair, smaller key first", async () => {
  const other = ifa.replace("0a", "0b");
  one.put(
    "commerce/a.csv",
    csv(
      { event_id: "1", ifa, ifa_kind: "idfa" },
      { event_id: "2", ifa, ifa_kind: "idfa", time: "2026-11-20" },
      { event_id: "3", ifa: other, ifa_kind: "aaid" },
      { event_id: "4", account: "", ifa, ifa_kind: "idfa" },
      { event_id: "5", email: "annb@gmail.com" },
    ),
  );
  await ingest(one.bank, one.source);
  const [account, idfa] = [keyOf("account", "A1"), keyOf("idfa", ifa)].map(BigInt);
  const edges = await one.rows("commerce", "edges");
  expect(edges).toHaveLength(2);
  const [a, b] = account! < idfa! ? [account, idfa] : [idfa, account];
  expect(edges).toContainEqual({
    ...{ a: String(a), b: String(b), mm: 3, first: Date.UTC(2026, 10, 20) / 1000 },
    ...{ last: Date.UTC(2026, 10, 25, 10) / 1000, events: 2 },
  });
});

test("of rows with one event id the first stays, in a file and over files", async () => {
  one.put(
    "commerce/a.csv",
    csv({ event_id: "1", brand: "first" }, { event_id: "1", brand: "second" }, { event_id: "2" }),
  );
  one.put(
    "commerce/b.csv",
    csv({ event_id: "2" }, { event_id: "3" }, { event_id: "", brand: "x" }),
  );
  const result = await ingest(one.bank, one.source);
  expect(result.touchpoints).toMatchObject([
    { files: 2, rows: 6, accepted: 3, duplicates: 2, quarantined: { missing_event_id: 1 } },
  ]);
  one.put("commerce/c.csv", csv({ event_id: "3" }, { event_id: "1" }, { event_id: "4" }));
  const next = await ingest(one.bank, one.source);
  expect(next.touchpoints).toMatchObject([{ files: 1, rows: 3, accepted: 1, duplicates: 2 }]);
  const rows = await one.rows("commerce", "events");
  expect(rows.map((row) => row["brand"]).filter(Boolean)).toEqual(["first"]);
  expect(rows).toHaveLength(4);
});

test("a row that only repeats a quarantined one is the first", async () => {
  one.put("commerce/a.csv", csv({ market: "FR" }, {}, {}));
  const { touchpoints } = await ingest(one.bank, one.source);
  expect(touchpoints).toMatchObject([{ accepted: 1, duplicates: 1 }]);
});

test("rows past their retention are dropped and counted; late ones are taken", async () => {
  const old = caseNowSec - 400 * 86_400;
  const iso = (sec: number): string => new Date(sec * 1000).toISOString();
  one.put(
    "commerce/a.csv",
    csv({ event_id: "1", time: iso(old - 1) }, { event_id: "2", time: iso(old) }),
  );
  const { touchpoints } = await ingest(one.bank, one.source);
  expect(touchpoints).toMatchObject([{ accepted: 1, pastRetention: 1, quarantined: {} }]);
});

test("rows of forgotten people are dropped, whichever identifier is theirs", async () => {
  const { folders, duck } = one.bank;
  await duck.run(`COPY (SELECT suppression_hash(k::UBIGINT) AS hash, 1::UINTEGER AS seconds
    FROM (VALUES (${keyOf("idfa", ifa)})) t(k)) TO '${folders.root}/s.parquet' (FORMAT parquet);`);
  renameSync(`${folders.root}/s.parquet`, folders.suppressed);
  one.put(
    "commerce/a.csv",
    csv(
      { event_id: "1", ifa, ifa_kind: "idfa" },
      { event_id: "2" },
      { event_id: "3", market: "FR" },
    ),
  );
  const { touchpoints } = await ingest(one.bank, one.source);
  expect(touchpoints).toMatchObject([
    { rows: 3, accepted: 1, suppressed: 1, quarantined: { unknown_market: 1 } },
  ]);
  expect((await one.rows("commerce", "identifiers")).map((row) => row["key"])).toEqual([
    keyOf("account", "A1"),
  ]);
  expect(await one.rows("commerce", "edges")).toEqual([]);
});

test("a market's own words hold for its rows alone, and a touch-point need not have all columns", async () => {
  const columns = { ...commerce.columns, market: { always: "CN" }, brand: "", amount: "" };
  const touchpoint = { ...commerce, columns };
  one.close();
  one = await ingestCase({ touchpoints: new Map([["commerce", touchpoint]]), areas: [] });
  one.put(
    "commerce/a.csv",
    "event_id,time,behaviour,category,account\n1,2026-11-25,view,tea,A\n2,2026-11-25,view,golf,A\n",
  );
  const { touchpoints } = await ingest(one.bank, one.source);
  expect(touchpoints).toMatchObject([{ accepted: 1, quarantined: { unknown_category: 1 } }]);
  expect(caseConfig.areas).toHaveLength(2);
});
