import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { Bidder } from "../src/runtime/bidder.js";
import { startInProcess } from "../src/testing/in-process.js";
import { allocatedBy } from "./allocation.js";
import { commands } from "./commands.js";
import { Hdr } from "./hdr.js";
import { putJsonAtTheBorder } from "./json-border-thread.js";
import { bandOf } from "./noise-band.js";
import { LoadWindow, OpenLoop } from "./open-loop.js";
import { figuresOf } from "./saturation.js";
import { benchReading, bookOf } from "./scenarios/books.js";
import { sizes } from "./scenarios/measure.js";
import { chosen } from "./scenarios/registry.js";
import { requestsOf } from "./scenarios/workloads.js";
import { type SweepPoint, sweepPicture } from "./sweep-picture.js";

test("durations keep their value to a hundredth, from nanoseconds to a minute", () => {
  for (const us of [0.05, 0.9, 17.3, 999, 12_345, 3_000_000, 59_000_000]) {
    const hdr = new Hdr();
    hdr.note(us);
    hdr.note(us * 4);
    expect(hdr.quantileUs(0.5) / us).toBeGreaterThanOrEqual(0.99);
    expect(hdr.quantileUs(0.5) / us).toBeLessThan(1.03);
  }
});

test("quantiles and the text of percentiles tell how many are below what", () => {
  const hdr = new Hdr();
  for (let us = 1; us <= 10_000; us++) hdr.note(us);
  const { p50Us, p99Us, p9999Us } = hdr.quantiles();
  expect(p50Us / 5000).toBeCloseTo(1, 1);
  expect(p99Us / 9900).toBeCloseTo(1, 1);
  expect(p9999Us).toBeGreaterThan(9990);
  const lines = hdr.hgrm().split("\n");
  expect(lines[0]).toMatch(/^\s+Value\s+Percentile TotalCount 1\/\(1-Percentile\)$/);
  const half =
    lines
      .find((line) => line.includes(" 0.500000000000 "))
      ?.trim()
      .split(/\s+/) ?? [];
  expect(Number(half[0]) / 5000).toBeCloseTo(1, 1);
  expect(half.slice(2)).toEqual(["5000", "2.00"]);
  expect(hdr.hgrm()).toContain("Total count = 10000]");
});

test("a pause of the server counts for every request that was due in it", async () => {
  let seen = 0;
  const server = createServer((request, response) => {
    request.resume();
    if (++seen === 50) {
      const untilMs = performance.now() + 150;
      while (performance.now() < untilMs);
    }
    response.writeHead(204).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const requests = [{ body: Buffer.from("{}"), gzip: false }];
  // The one process stands still as a whole: what was due meanwhile was sent late, and counts.
  const load = new OpenLoop({ port, requests, rate: 500, connections: 4 });
  // As many as come in 0.3 s, however long a busy machine takes.
  while (load.window.sinceDue.total < 150) await delay(20);
  const { sinceDue, sinceSent, errors } = load.window.figures();
  load.window = new LoadWindow();
  await load.end();
  server.close();
  expect(errors).toBe(0);
  expect(sinceDue.p90Us).toBeGreaterThan(20_000);
  expect(sinceSent.p90Us).toBeLessThan(sinceDue.p90Us);
});

test("a band holds no difference for noise round one, and tells a difference beyond it", () => {
  const noise = bandOf([0.97, 1.04, 0.99, 1.02, 1.01, 0.98]);
  expect(noise.low).toBeLessThan(1);
  expect(noise.high).toBeGreaterThan(1);
  expect(bandOf([0.9, 0.91, 0.89, 0.92, 0.9]).high).toBeLessThan(1);
  expect(bandOf([0.5, 0.5])).toMatchObject({ low: 0, high: Number.POSITIVE_INFINITY });
});

test("what wrk prints is read, other answers than 2xx are refused", () => {
  const text = "  80000 requests in 2.00s\nRequests/sec:  40012.34\n";
  expect(figuresOf(text, 0.5, 0.99)).toMatchObject({ perSec: 40_012.34, generatorBound: true });
  expect(figuresOf(text, 0.99, 0.99).generatorBound).toBe(false);
  expect(() => figuresOf(`${text}  Non-2xx or 3xx responses: 3`, 1, 1)).toThrow("3 other answers");
});

test("the picture of a sweep is a picture in both colour schemes", () => {
  const figures = new LoadWindow();
  for (let us = 100; us < 1000; us++) figures.note(200, us, us);
  const points: SweepPoint[] = ["ours", "echo"].flatMap((server) =>
    [0.1, 0.5].map((share) => ({
      ...{ server, share, rate: 10_000 * share, ...figures.figures() },
    })),
  );
  const picture = sweepPicture(points, "full-bid");
  expect(XMLValidator.validate(picture)).toBe(true);
  expect(picture).toContain("prefers-color-scheme: dark");
  expect(picture).not.toContain("NaN");
});

test("the heap that a bid takes is some bytes, and none of it stays", async () => {
  const [scenario] = chosen(["full-bid"]);
  const size = { bodies: 64, batches: 12, smaller: sizes.tiny.smaller, keeps: false };
  const { bytes, retainedBytes } = await allocatedBy(scenario!, size);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(20_000);
  expect(Math.abs(retainedBytes)).toBeLessThan(2000);
});

test("the server with JSON at its border decides the same and prints the same bid", async () => {
  const book = bookOf("synthetic", 60);
  const start = () =>
    startInProcess({
      ...{ configFolder: "config/demo", now: Date.now(), seed: 1 },
      reading: (read) => benchReading(read, book),
    });
  const bodies = requestsOf("bid", 150, 2000, Date.now()).map(({ body }) => body);
  const ours = await start();
  const asked = bodies.map((body) => told(ours.ask("openrtb26", body)));
  const { bid } = Bidder.prototype;
  try {
    putJsonAtTheBorder();
    const theirs = await start();
    expect(bodies.map((body) => told(theirs.ask("openrtb26", body)))).toEqual(asked);
  } finally {
    Bidder.prototype.bid = bid;
  }
  expect(asked.filter(({ status }) => status === 200).length).toBeGreaterThan(75);
});

/** An answer without what a token or its end makes different. */
function told({ status, body }: { readonly status: number; readonly body: Uint8Array }) {
  const text = Buffer.from(body)
    .toString()
    .replaceAll(/[\w-]{88}/g, "token");
  const answer = (status === 200 ? JSON.parse(text) : {}) as {
    bidid?: string;
    seatbid?: { bid: { id: string }[] }[];
  };
  answer.bidid = "";
  for (const { bid } of answer.seatbid ?? []) for (const one of bid) one.id = "";
  return { status, answer };
}

test("no command has the name of a flag that sizes the scenarios", () => {
  for (const flag of ["list", "only", "quick", "tiny"]) expect(commands).not.toHaveProperty(flag);
});
