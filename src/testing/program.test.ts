import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { getPriority } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CanarySearch } from "./canary.js";
import { echoed, markedPerson, markedRequest } from "./canary-requests.js";
import { Program, testSecret } from "./program.js";
import { post } from "./raw-http.js";
import { steadyLoad } from "./steady-load.js";

const request = JSON.stringify({
  id: "hello",
  imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.5 }],
  site: { domain: "news.example" },
  device: { geo: { country: "USA" } },
});
type Bid = { readonly price: number; readonly burl: string; readonly adm: string };
const bidsOf = async (answer: Response): Promise<readonly Bid[]> => {
  const { seatbid } = (await answer.json()) as { seatbid: { bid: Bid[] }[] };
  return seatbid.flatMap(({ bid }) => bid);
};
const here = (program: Program, url: string): string =>
  url.replace("https://bid.test.example", `http://127.0.0.1:${program.bidPort}`);
const generation = async (program: Program): Promise<number> =>
  ((await (await program.admin("/readyz")).json()) as { generation: number }).generation;

/** What runtime/process gives main and V8's threads; how many V8 starts with (--v8-pool-size). */
const niceOf = { main: 19, v8: 10 };
const v8Threads = 4;
type Thread = { readonly nice: number; readonly startedAt: number };
/** Threads of a process in the order in which they were started: main, V8's, then the others. */
function threadsOf(pid: number): Thread[] {
  const folder = `/proc/${pid}/task`;
  const ids = readdirSync(folder).map(Number);
  const threads = ids
    .sort((a, b) => a - b)
    .map((id): Thread => {
      const stat = readFileSync(`${folder}/${id}/stat`, "latin1");
      // Behind the name, which may hold blanks: the third field is the first, nice the nineteenth.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return { nice: Number(fields[16]), startedAt: Number(fields[19]) };
    });
  return threads.sort((a, b) => a.startedAt - b.startedAt);
}

const program = new Program();
const person = markedPerson(3, Date.now());
let written = "";
/** Of a bid before the restart. */
let clickBefore = "";

beforeAll(() => program.start());
afterAll(() => program.remove());

test("an exchange with its credential gets a bid, one without is refused", async () => {
  const answer = await program.bid(request);
  expect(answer.status).toBe(200);
  expect((await bidsOf(answer)).length).toBeGreaterThan(0);
  expect((await program.bid(request, "wrong")).status).toBe(401);
  expect((await fetch(`http://127.0.0.1:${program.bidPort}/healthz`)).status).toBe(200);
  expect((await program.admin("/healthz")).status).toBe(200);
});

// Tests run at 9 (config/tools/vitest.config.ts); whoever is as nice gives none of it back.
test.skipIf(process.platform !== "linux" || getPriority() >= niceOf.v8)(
  "main and V8's threads wait for those that bid and bill",
  () => {
    const all = threadsOf(program.serverPid).map(({ nice }) => nice);
    const ofV8 = Array.from({ length: v8Threads }, () => niceOf.v8);
    expect(all.slice(0, 1 + v8Threads)).toEqual([niceOf.main, ...ofV8]);
    // Money and the edge worker, and what each of them has started.
    const first = all.filter((nice) => nice === getPriority());
    expect(first.length).toBeGreaterThanOrEqual(2);
    expect(new Set(all)).toEqual(new Set([niceOf.main, niceOf.v8, getPriority()]));
  },
);

test("a price edit is in the next World, a broken file changes nothing and is reported", async () => {
  const before = await generation(program);
  program.edit("campaigns/contextual.yaml", (text) => text.replace(/cpm: [\d.]+/g, "cpm: 2.75"));
  await program.until("reloaded", async () => (await generation(program)) > before);
  const [bid] = await bidsOf(await program.bid(request));
  const good = await generation(program);
  program.edit("campaigns/contextual.yaml", (text) => `${text}\n  broken: [`);
  await program.until("reported", async () => {
    const status = (await (await program.admin("/api/v1/status")).json()) as {
      config: { live: boolean };
    };
    return !status.config.live;
  });
  expect(await generation(program)).toBe(good);
  expect((await bidsOf(await program.bid(request)))[0]?.price).toBe(bid?.price);
  program.edit("campaigns/contextual.yaml", (text) => text.replace("\n  broken: [", ""));
  await program.until("mended", async () => (await generation(program)) > good);
});

test("a bill is durable before it is answered, a click leads to the landing page", async () => {
  const [bid] = await bidsOf(await program.bid(request));
  const burl = here(program, bid?.burl ?? "").replace(/\$\{AUCTION_PRICE\}/, "0.9");
  for (let time = 0; time < 2; time++) expect((await fetch(burl)).status).toBe(204);
  const click = burl.replace("/bill?", "/click?");
  clickBefore = click;
  const answer = await fetch(click, { redirect: "manual" });
  expect(answer.status).toBe(302);
  expect(answer.headers.get("location")).toMatch(/^https:\/\//);
  expect((await fetch(burl.replace(/t=./, "t=_"))).status).toBe(204);
  const metrics = await (await program.admin("/metrics")).text();
  expect(metrics).toContain('crowdbid_notices_total{kind="bill",result="forged"} 1');
});

test("Worlds swapped under load lose no request", async () => {
  const load = steadyLoad(program.bidPort, 16, authorised(request));
  const first = await generation(program);
  for (let swap = 1; swap <= 10; swap++) {
    const price = (2 + swap / 100).toFixed(2);
    const before = await generation(program);
    program.edit("campaigns/contextual.yaml", (text) =>
      text.replace(/cpm: [\d.]+/g, `cpm: ${price}`),
    );
    await program.until("swapped", async () => (await generation(program)) > before);
  }
  expect(await generation(program)).toBeGreaterThanOrEqual(first + 10);
  const { answered } = load.record;
  expect(answered).toBeGreaterThan(1000);
  expect(load.record.lost).toBe(0);
});

test("marked identities are asked about and explained", async () => {
  for (let kind = 0; kind < 60; kind++) await program.bid(markedRequest(person, kind));
  for (let kind = 0; kind < 5; kind++) {
    const text = new TextDecoder("utf-8").decode(markedRequest(person, kind));
    const answer = await program.admin("/api/v1/explain", { request: text });
    written += await answer.text();
  }
  written += await (await program.admin("/metrics")).text();
  written += await (await program.admin("/api/v1/status")).text();
});

test("marked identities are forgotten, by a wish that its answers do not repeat", async () => {
  const wish = {
    identifiers: [
      { kind: "idfa", value: person.of("device.ifa") },
      { kind: "account", value: person.of("user.id") },
      { kind: "buyerUid", scope: 1, value: person.of("user.buyeruid") },
    ],
  };
  expect((await program.admin("/api/v1/forget", wish)).status).toBe(404);
  mkdirSync(join(program.dataFolder, "bank"));
  const answer = await program.admin("/api/v1/forget", wish);
  expect(answer.status).toBe(202);
  const told = await answer.text();
  const { id } = JSON.parse(told) as { id: string };
  await program.until("forgotten", async () => {
    const state = await (await program.admin(`/api/v1/forget/${id}`)).text();
    written += told + state;
    return (JSON.parse(state) as { state: string }).state === "done";
  });
  const broken = { identifiers: [{ kind: person.of("device.model"), value: "x" }] };
  written += await (await program.admin("/api/v1/forget", broken)).text();
  expect(existsSync(join(program.dataFolder, "bank", "suppressed.parquet"))).toBe(true);
});

test("SIGTERM under load with idle connections open exits 0 and loses no request", async () => {
  const idle = Array.from({ length: 10 }, () => connect(program.bidPort, "127.0.0.1"));
  for (const socket of idle) socket.on("error", () => undefined);
  const load = steadyLoad(program.bidPort, 16, authorised(request));
  await program.until("under load", () => Promise.resolve(load.record.answered > 500));
  const [code] = await Promise.all([program.stop(), load.over]);
  expect(code).toBe(0);
  expect(load.record.lost).toBe(0);
  for (const socket of idle) socket.destroy();
});

test("nothing that it has written, kept or told holds an identity", () => {
  const search = new CanarySearch(person.marks.filter(({ field }) => !echoed(field)));
  const sinks = [
    { name: "standard output and error", bytes: Buffer.from(program.written) },
    { name: "admin answers", bytes: Buffer.from(written) },
    ...filesBelow(program.dataFolder)
      .filter((path) => !path.includes("/keys/"))
      .map((path) => ({ name: path, bytes: readFileSync(path) })),
  ];
  expect(sinks.length).toBeGreaterThan(4);
  expect(sinks.flatMap((sink) => search.leaksIn(sink))).toEqual([]);
});

test("after a restart a click still leads on", async () => {
  await program.start();
  const again = clickBefore.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${program.bidPort}`);
  expect((await fetch(again, { redirect: "manual" })).status).toBe(302);
});

const authorised = (body: string): Buffer =>
  post("/bid/openrtb26", body, `x-crowdbid-secret: ${testSecret}`);

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}
