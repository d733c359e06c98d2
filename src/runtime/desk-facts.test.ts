import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CanarySearch } from "../testing/canary.js";
import { markedPerson, markedRequest } from "../testing/canary-requests.js";
import { type AllDeskFacts, deskFacts } from "./desk-facts.js";
import { Ending } from "./ending.js";
import { createLog } from "./log.js";
import { readConfig } from "./read-config.js";
import { type Server, startServer } from "./server.js";

const folder = mkdtempSync(join(tmpdir(), "crowdbid-desk-"));
const log = createLog({ part: "test", level: "error" });
const ending = new Ending({ log, exit: () => undefined, kill: () => undefined });
const person = markedPerson(1, Date.now());
let server: Server;
let desk: AllDeskFacts;

beforeAll(async () => {
  mkdirSync(join(folder, "bank"));
  const configFolder = "config/demo";
  const settings = {
    ...{ mode: "demo" as const, bidPort: 0, adminPort: 0, host: "127.0.0.1", workers: 1 },
    ...{ adminHost: "127.0.0.1", trustedProxies: [] },
    ...{
      dataFolder: folder,
      configFolder,
      edge: "uws" as const,
      publicUrl: "",
      traffic: false,
      warmUpMs: 0,
    },
  };
  server = await startServer({
    ...{ settings, log, ending, readConfig: () => readConfig(configFolder) },
    demoProgress: () => undefined,
  });
  desk = deskFacts({ server, log, book: null, stops: null });
});
afterAll(async () => {
  desk.stop();
  await ending.begin(0, "the test is over");
  rmSync(folder, { recursive: true, force: true });
});

type Maybe<T> = T | undefined | false | null;

async function until<T>(what: string, look: () => Maybe<T> | Promise<Maybe<T>>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no ${what} within 10 s`);
}

const post = (name: string, body: Uint8Array | string): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.workers.port}/bid/${name}`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: body as string,
  });

type Answer = { seatbid: { bid: { burl: string; price: number }[] }[] };

test("a bill is in its line item's numbers within two seconds, equal to the report", async () => {
  const [exchange] = desk.facts.exchanges();
  for (const { body } of exchange!.samples) {
    const response = await fetch(exchange!.endpoint, {
      ...{ method: "POST", headers: { "content-type": "application/json" }, body },
    });
    const { seatbid } = (await response.json()) as Answer;
    const { burl, price } = seatbid[0]!.bid[0]!;
    await fetch(burl.replaceAll(/\$\{[A-Z_:0-9]*PRICE[A-Z_:0-9]*\}/g, String(price / 2)));
  }
  const won = await until("three bills", async () => {
    const spent = [...(await desk.facts.lineItems()).values()].filter(
      (one) => one.impressionsToday > 0,
    );
    return spent.reduce((sum, one) => sum + one.impressionsToday, 0) === 3 && spent;
  });
  const ask = { agency: "", by: ["line-item"], from: "", to: "", timeZone: "", only: {} };
  const report = await desk.facts.report(ask);
  const column = (name: string): number => report.columns.indexOf(name);
  const rows = new Map(
    report.rows.map((row) => [Number(row[column("line_item_id")]), row] as const),
  );
  for (const { id, spendToday, spendTotal, impressionsTotal, ecpm, state } of won) {
    expect(state).toBe("live");
    expect(spendToday).toBe(spendTotal);
    const row = rows.get(id)!;
    expect([spendTotal, String(impressionsTotal), ecpm]).toEqual([
      ...[row[column("media")], row[column("billed")], row[column("ecpm")]],
    ]);
  }
  const points = desk.facts.series({});
  expect(points.reduce((sum, { wins }) => sum + wins, 0)).toBe(3);
  expect(desk.facts.series({ lineItem: -1 }).every(({ wins }) => wins === 0)).toBe(true);
  const [now] = desk.facts.exchanges();
  expect([now?.requests, now?.wins]).toEqual([3, 3]);
  expect(now?.bids).toBeGreaterThanOrEqual(3);
});

test("a funnel fills from requests, and without people audiences wait", async () => {
  const [sample] = desk.facts.exchanges()[0]!.samples;
  const lineItem = [...(await desk.facts.lineItems()).values()].find(
    ({ state }) => state === "live",
  )!;
  const bars = await until("a sample", () => {
    void post("openrtb26", sample!.body);
    const found = desk.facts.funnel(lineItem.id, 1);
    return (found[0]?.count ?? 0) > 0 && found;
  });
  expect(bars[0]?.step).toBe("requests");
  const waiting = [...(await desk.facts.lineItems()).values()].filter(
    ({ field }) => field === "audience",
  );
  expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(["checking"]));
  expect(desk.audiences.segments("1")).toEqual([]);
  const check = await desk.audiences.check("1", "interest.running");
  expect(check.verdict).toBe("unknown segment");
});

test("a list comes in, and marked identities in lists and requests are in no answer", async () => {
  const ids = Array.from({ length: 30 }, (_, i) => markedPerson(100 + i, Date.now()));
  const names = ids.map(({ of }) => of("user.email").toLowerCase());
  const emails = names.map((name) => `${name}@news.example`);
  const file = join(folder, "upload.csv");
  writeFileSync(file, `email,note\n${emails.map((email) => `${email},x`).join("\n")}\nnobody,y\n`);
  const ask = { agency: "1", name: "visitors", kind: "email", file, by: "Ada" };
  expect(await desk.lists.upload({ ...ask, kind: "person" })).toMatchObject({ ok: false });
  writeFileSync(file, `email,note\n${emails.map((email) => `${email},x`).join("\n")}\nnobody,y\n`);
  expect((await desk.lists.upload(ask)).ok).toBe(true);
  for (let kind = 0; kind < 30; kind++) await post("openrtb26", markedRequest(person, kind));
  const list = await until("the list", () =>
    desk.lists.lists("1").find(({ state }) => state !== "taken in"),
  );
  expect(list).toMatchObject({ state: "in the bank", rows: 31, unusable: 1, segment: "" });
  expect(() => readFileSync(file)).toThrow();
  expect(desk.lists.lists("2")).toEqual([]);
  const lineItems = [...(await desk.facts.lineItems()).keys()];
  await until("samples", () => desk.facts.funnel(lineItems[0]!, 14).length > 0);
  const report = await desk.facts.report({
    ...{ agency: "", by: ["property", "line-item"], from: "", to: "", timeZone: "", only: {} },
  });
  const answers = {
    lineItems: [...(await desk.facts.lineItems()).values()],
    funnels: lineItems.map((id) => desk.facts.funnel(id, 14)),
    series: desk.facts.series({}),
    latency: desk.facts.latency(),
    exchanges: desk.facts.exchanges(),
    segments: desk.audiences.segments(""),
    lists: desk.lists.lists(""),
    kept: readFileSync(join(folder, "list-uploads.json"), "utf8"),
  };
  const marks = [
    ...person.marks.filter(({ field }) => !field.startsWith("echoed ")),
    ...names.map((text) => ({ field: "email", text })),
  ];
  const search = new CanarySearch(marks);
  for (const [name, answer] of Object.entries(answers)) {
    const bytes = new TextEncoder().encode(JSON.stringify(answer));
    expect(bytes.length, name).toBeGreaterThan(1);
    expect(search.leaksIn({ name, bytes })).toEqual([]);
  }
  // Where something was shown is context, and in a report; nothing else of a request is.
  const bytes = new TextEncoder().encode(report.csv);
  const leaks = search.leaksIn({ name: "report", bytes });
  expect(leaks.filter(({ field }) => !/domain|bundle/.test(field))).toEqual([]);
  expect(await desk.lists.remove("1", "visitors")).toBe(true);
  expect(await desk.lists.remove("1", "visitors")).toBe(false);
});
