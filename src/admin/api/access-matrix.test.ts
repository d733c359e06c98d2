import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sampledElsewhere, samples, targets } from "../../testing/desk-samples.js";
import {
  adminToken,
  type DeskWorld,
  deskStartMs,
  deskWorld,
  signedIn,
} from "../../testing/desk-world.js";
import type { AdminFacts } from "../admin-facts.js";
import type { Caller } from "./access.js";
import { addRoutes } from "./add-routes.js";
import { closedFirstRun } from "./first-run.js";
import { operator } from "./gate.js";
import { addressOf, type Route } from "./route.js";
import { deskRoutes } from "./routes.js";
import { operatorRoutes } from "./routes-operator.js";
import { digestOf, newToken } from "./secrets.js";
import { SignedIn } from "./signed-in.js";

type Who = { readonly caller: Caller | null; readonly headers: Record<string, string> };

let world: DeskWorld;
let routes: readonly Route[];
const callers = new Map<string, Who>();
const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-matrix-"));

beforeAll(async () => {
  world = await deskWorld({ dataFolder });
  const { desk } = world;
  const facts = { forget: {} } as AdminFacts;
  const entered = new SignedIn(desk.store, desk.clock.nowMs);
  routes = [...operatorRoutes(facts, desk), ...deskRoutes(desk, entered, closedFirstRun)];
  callers.set("anonymous", { caller: null, headers: {} });
  for (const { user } of world.accounts.kept.values()) {
    const { id, name, login, agency, role } = user;
    if (agency === "2") continue;
    const caller: Caller = { user: id, name, login, agency, role, by: "session" };
    callers.set(login, { caller, headers: await signedIn(world, login) });
  }
  callers.set("operator", {
    caller: operator,
    headers: { authorization: `Bearer ${adminToken}` },
  });
  const trader = callers.get("trader-1")?.caller;
  const { id, token } = newToken(desk.randomBytes);
  await desk.store.makeToken(
    {
      ...{ id, user: trader?.user ?? 0, name: "", role: "viewer", digest: digestOf(token) },
      ...{ createdMs: 0, expiresMs: deskStartMs + 1e9 },
    },
    { user: 0, name: "", from: "" },
  );
  const viewer = { ...trader!, role: "viewer", by: "token" } as const;
  callers.set("token of trader-1 as viewer", {
    ...{ caller: viewer, headers: { authorization: `Bearer ${token}` } },
  });
});
afterAll(async () => {
  await world.server.close();
  rmSync(dataFolder, { recursive: true });
});

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

it("every route has a sample, and the server has no other route below /api", async () => {
  const known = routes.map(nameOf);
  expect(known.filter((one) => !samples.has(one)).sort()).toEqual([...sampledElsewhere].sort());
  expect([...samples.keys()].filter((one) => !known.includes(one))).toEqual([]);
  const described = await world.server.inject("/api/v1/openapi.json");
  const { paths } = described.json<{ paths: Record<string, object> }>();
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const wanted = routes.map(
    (one) => `${one.method} ${addressOf(one).replaceAll(/:(\w+)/g, "{$1}")}`,
  );
  expect(served.sort()).toEqual(wanted.sort());
});

it("every caller gets what the table says at each route, and nothing else", async () => {
  const surprises: string[] = [];
  let asked = 0;
  for (const route of routes) {
    const sampler = samples.get(nameOf(route));
    if (sampler === undefined) continue;
    for (const [who, { caller, headers }] of callers) {
      // A route that is about nothing of anybody's is asked once.
      for (const target of sampler.length === 0 ? targets.slice(0, 1) : targets) {
        const sample = await sampler({ target, world, user: caller?.user ?? 0 });
        const isHouse = caller?.agency === "";
        const wanted = statusOf(
          route,
          caller,
          sample[isHouse ? "house" : "wanted"] ?? sample.wanted,
        );
        const { payload } = sample;
        const url = addressOf({ path: sample.path ?? route.path, bare: route.bare ?? false });
        // Neither the time nor the address is what limits it.
        world.clock.now += 1000;
        const remoteAddress = `10.0.${asked >> 8}.${asked & 255}`;
        const got = await world.server.inject({
          remoteAddress,
          ...{ method: route.method, url, headers: { ...headers, ...sample.headers } },
          ...(payload === undefined ? {} : { payload: payload as object }),
        });
        asked++;
        if (got.statusCode !== wanted) {
          surprises.push(
            `${nameOf(route)} by ${who} at ${target}: ${got.statusCode}, not ${wanted}`,
          );
        } else if (got.statusCode < 300 && typeof route.reply === "object") {
          const read = route.reply.safeParse(got.json());
          if (!read.success) surprises.push(`${nameOf(route)}: ${read.error.message}`);
        }
      }
    }
  }
  expect(surprises).toEqual([]);
  expect(asked).toBeGreaterThan(1500);
}, 60_000);

const ranks = ["viewer", "trader", "approver", "admin"];

function statusOf({ access }: Route, caller: Caller | null, wanted: number): number {
  if (access.kind === "open") return wanted;
  if (caller === null) return 401;
  if (access.kind === "house" && caller.agency !== "") return 403;
  return ranks.indexOf(caller.role) >= ranks.indexOf(access.role) ? wanted : 403;
}

it("what may be called by whom is what was decided, route by route", () => {
  const called = (kind: string, role = "") =>
    routes
      .filter(({ access }) => access.kind === kind && (kind === "open" || roleOf(access) === role))
      .filter(({ method }) => kind !== "agency" || role !== "viewer" || method !== "GET")
      .map(nameOf)
      .sort();
  const roleOf = (access: Route["access"]) => (access.kind === "open" ? "" : access.role);
  const changes = (path: string) => [`DELETE ${path}/:key`, `POST ${path}`, `PUT ${path}/:key`];
  expect(called("open")).toEqual([
    ...["DELETE /session", "GET /session", "POST /join", "POST /session"],
  ]);
  const kinds = ["agencies", "advertisers", "audiences", "campaigns", "creatives", "deals"];
  expect(called("agency", "viewer")).toEqual(
    [
      ...[...kinds, "line-items"].map((kind) => `POST /${kind}/validate`),
      ...["DELETE /tokens/:id", "POST /audiences/estimate", "POST /explain", "POST /password"],
      ...["POST /reports", "POST /tokens"],
    ].sort(),
  );
  expect(called("agency", "trader")).toEqual(
    [
      ...["/audiences", "/campaigns", "/creatives", "/line-items"].flatMap(changes),
      ...["POST /line-items.csv", "POST /line-items/:key/duplicate", "POST /line-items/bulk"],
      ...["POST /stops", "DELETE /stops/:kind/:key", "POST /lists", "DELETE /lists/:name"],
      ...["POST /audiences/check", "POST /changes/:change/undo", "POST /revisions/:seq/restore"],
    ].sort(),
  );
  expect(called("agency", "approver")).toEqual(["POST /creatives/:key/approvals"]);
  expect(called("agency", "admin")).toEqual(
    [
      ...[
        ...changes("/advertisers"),
        "GET /users",
        "POST /users",
        "PATCH /users/:id",
        "GET /invitations",
        "DELETE /invitations/:id",
        "GET /audit",
      ],
    ].sort(),
  );
  expect(called("house", "viewer")).toEqual([
    ...["GET /exchanges/:name", "GET /latency", "GET /spend", "GET /status"],
    "POST /exchanges/:name/check-answer",
  ]);
  expect(called("house", "trader")).toEqual([...changes("/deals"), "POST /holds/release"].sort());
  expect(called("house", "approver")).toEqual([]);
  expect(called("house", "admin")).toEqual(
    [...[...changes("/agencies"), "GET /audit/verify", "GET /forget/:id", "POST /forget"]].sort(),
  );
});

it("a route that does not say who may call it stops the start", () => {
  const { access: _, ...bare } = routes[0]!;
  const add = () =>
    addRoutes(
      world.server,
      [bare as Route],
      async () => ({}) as never,
      () => 0,
    );
  expect(add).toThrow(/does not say who may call it/);
});
