import { afterAll, beforeAll, expect, it } from "vitest";
import { samples } from "../../testing/desk-samples.js";
import { type DeskWorld, deskHost, deskWorld, signedIn } from "../../testing/desk-world.js";
import type { AdminFacts } from "../admin-facts.js";
import { closedFirstRun } from "./first-run.js";
import { addressOf, type Route } from "./route.js";
import { deskRoutes } from "./routes.js";
import { operatorRoutes } from "./routes-operator.js";
import { SignedIn } from "./signed-in.js";

let world: DeskWorld;
let cookie: string;
let mutating: readonly Route[];
beforeAll(async () => {
  world = await deskWorld();
  cookie = (await signedIn(world, "admin-house"))["cookie"] ?? "";
  const { desk } = world;
  const entered = new SignedIn(desk.store, desk.clock.nowMs);
  const all = [
    ...operatorRoutes({ forget: {} } as AdminFacts, desk),
    ...deskRoutes(desk, entered, closedFirstRun),
  ];
  mutating = all.filter(({ method }) => method !== "GET");
});
afterAll(() => world.server.close());

const ours = `http://${deskHost}`;
/** What a browser may be made to send with the cookie, without our page asking. */
const forged: readonly (readonly [string, Record<string, string>])[] = [
  ["nothing else", {}],
  ["our header alone", { "x-crowdbid": "1" }],
  ["our origin without our header", { origin: ours }],
  ["same-origin without our header", { "sec-fetch-site": "same-origin" }],
  ["another origin", { origin: "https://evil.example", "x-crowdbid": "1" }],
  ["the origin null", { origin: "null", "x-crowdbid": "1" }],
  ["our host by another scheme", { origin: `https://${deskHost}`, "x-crowdbid": "1" }],
  ["our name on another port", { origin: "http://desk.example:9102", "x-crowdbid": "1" }],
  ["a name that begins as ours", { origin: `${ours}.evil.example`, "x-crowdbid": "1" }],
  ["cross-site", { "sec-fetch-site": "cross-site", "x-crowdbid": "1" }],
  ["same-site", { "sec-fetch-site": "same-site", origin: ours, "x-crowdbid": "1" }],
  ["an address typed by hand", { "sec-fetch-site": "none", "x-crowdbid": "1" }],
  [
    "another origin as same-origin",
    {
      ...{ origin: "https://evil.example", "sec-fetch-site": "same-origin", "x-crowdbid": "1" },
    },
  ],
  ["another value of our header", { origin: ours, "x-crowdbid": "0" }],
];

it("no forged request changes anything, at any route", async () => {
  const passed: string[] = [];
  for (const route of mutating) {
    const sample = await samples.get(`${route.method} ${route.path}`)?.({
      ...{ target: "own", world, user: 0 },
    });
    const noted = world.book.change();
    for (const [what, headers] of forged) {
      const url = addressOf({ path: sample?.path ?? route.path });
      const payload = sample?.payload as object | undefined;
      const got = await world.server.inject({
        ...{ method: route.method, url },
        headers: { host: deskHost, cookie, ...sample?.headers, ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
      if (got.statusCode !== 403) passed.push(`${route.method} ${route.path}: ${what}`);
    }
    expect(world.book.change(), route.path).toBe(noted);
  }
  expect(passed).toEqual([]);
  expect(mutating.length).toBeGreaterThan(40);
  // Those that the samples put there are all that is there.
  expect([world.stops.length, world.uploads.length]).toEqual([1, 1]);
});

it("a form of another site is refused by its content type, cookie or not", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const got = await world.server.inject({
      ...{ method: "POST", url: "/api/v1/session", payload: '{"login":"a","password":"b"}' },
      headers: { host: deskHost, "content-type": type },
    });
    expect(got.statusCode, type).toBe(415);
  }
});
