import { expect, test } from "vitest";
import { echoApp } from "../testing/echo-app.js";
import { get, post, talk, verdictOf } from "../testing/raw-http.js";
import type { HttpEdgeDriver } from "./http-edge.js";
import { nodeDriver } from "./node-driver.js";
import { uwsDriver } from "./uws-driver.js";

const host = "127.0.0.1";
/** Both drivers give a request 10 s and look once in a few seconds. */
const patienceMs = 16_000;

async function slowTalks(driver: HttpEdgeDriver): Promise<string[]> {
  const app = echoApp();
  const edge = await driver(app, { host, port: 0 });
  const { port } = edge;
  const started = performance.now();
  const halfBody = post("/bid/echo", "x".repeat(2000)).subarray(0, 1500);
  const drops = Array.from({ length: 60 }, (_, i) => (i === 0 ? halfBody : "x"));
  const conversations = await Promise.all([
    talk({ port, parts: ["POST /bid/echo HTT"], waitMs: patienceMs }),
    talk({ port, parts: [halfBody], waitMs: patienceMs }),
    talk({ port, parts: drops, gapMs: 1000, waitMs: 0 }),
  ]);
  expect(performance.now() - started).toBeLessThan(patienceMs);
  await expect.poll(() => edge.pending()).toBe(0);
  expect(app.record.bids).toBe(0);
  edge.close();
  return conversations.map(verdictOf);
}

/** One answer, a pause, a second request on the same connection. */
async function pausedTalk(driver: HttpEdgeDriver, gapMs: number): Promise<string> {
  const edge = await driver(echoApp(), { host, port: 0 });
  const parts = [get("/healthz"), get("/healthz")];
  const verdict = verdictOf(await talk({ port: edge.port, parts, gapMs, expected: 2 }));
  edge.close();
  return verdict;
}

test.concurrent("a head or body that stays away or drips ends after some 10 s in both drivers", async () => {
  const [uws, node] = await Promise.all([slowTalks(uwsDriver), slowTalks(nodeDriver)]);
  expect(uws).toEqual(["close", "close", "close"]);
  expect(node).toEqual(["408 close", "408 close", "408 close"]);
});

test.concurrent("an idle connection outlives a request's time in node:http alone", async () => {
  const pauses = [pausedTalk(nodeDriver, 13_000), pausedTalk(uwsDriver, 5000)];
  const [node, uws, uwsIdle] = await Promise.all([...pauses, pausedTalk(uwsDriver, 14_000)]);
  expect([node, uws]).toEqual(["200 200", "200 200"]);
  expect(uwsIdle).toBe("200 close");
});
