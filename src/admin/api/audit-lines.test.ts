import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, type DeskWorld, deskWorld, pageHeaders, signedIn } from "../../testing/desk-world.js";

/** What is done beside the store has its line in the audit log all the same. */

let world: DeskWorld;
let house: Record<string, string>;
let trader: Record<string, string>;
beforeAll(async () => {
  const forget = {
    ...{ open: true, kinds: ["email"] as const, words: "", state: () => null },
    take: async () => ({ kind: "taken" as const, id: "w1" }),
  };
  const holds = { release: () => true };
  world = await deskWorld({
    stops: {
      list: () => [],
      add: () => Promise.reject(new Error("no World could be built")),
      remove: async () => true,
    },
    admin: { forget: forget as never, holds },
  });
  house = await signedIn(world, "admin-house");
  trader = await signedIn(world, "trader-1");
});
afterAll(() => world.server.close());

async function lines(): Promise<readonly string[]> {
  const found = await world.store.audit({ limit: 50 });
  if (!found.ok) throw new Error("no audit log");
  return found.value.map(({ action, actor, agency, what }) =>
    [action, actor.user === 0 ? "nobody" : "somebody", agency, what].join("|"),
  );
}
const email = "0b7c9a3e0b7c9a3e0b7c9a3e0b7c9a3e0b7c9a3e0b7c9a3e0b7c9a3e0b7c9a3e";

it("a hold that is released and a wish to be forgotten, without whom", async () => {
  const held = { campaign: 110, exchange: "openrtb26" };
  expect((await ask(world.server, house, "POST", "/holds/release", held)).statusCode).toBe(202);
  const wish = { identifiers: [{ kind: "email", value: email }] };
  expect((await ask(world.server, house, "POST", "/forget", wish)).statusCode).toBe(202);
  const all = await lines();
  expect(all).toContain("hold_released|somebody||campaign 110 at openrtb26");
  expect(all).toContain("forget|somebody||wish w1");
  expect(all.join()).not.toContain(email);
});

it("a list that is brought and taken back", async () => {
  const sent = await world.server.inject({
    ...{ method: "DELETE", url: "/api/v1/lists/none", headers: trader },
  });
  expect(sent.statusCode).toBe(404);
  world.uploads.push({ agency: "1", name: "old", file: "" });
  expect((await ask(world.server, trader, "DELETE", "/lists/old")).statusCode).toBe(204);
  const all = await lines();
  expect(all).toContain("list_dropped|somebody|1|list old");
  expect(all.join()).not.toContain("list none");
});

it("a stop that is kept and that no World could be built by", async () => {
  const stop = { kind: "lineItem", key: "1101" };
  expect((await ask(world.server, trader, "POST", "/stops", stop)).statusCode).toBe(500);
  expect(await lines()).toContain("stop|somebody|1|lineItem 1101");
});

it("a wrong code and a wrong password of who is signed in", async () => {
  const code = { code: "AAAA", login: "x", name: "X", password: "correct horse battery" };
  expect((await ask(world.server, pageHeaders, "POST", "/join", code)).statusCode).toBe(422);
  const wrong = { current: "not the password", next: "correct horse battery 2" };
  expect((await ask(world.server, trader, "POST", "/password", wrong)).statusCode).toBe(422);
  const all = await lines();
  expect(all).toContain("join_failed|nobody||a code that is none");
  expect(all.some((line) => /^login_failed\|somebody\|1\|user \d+: its password$/.test(line))).toBe(
    true,
  );
});

it("a report of a day that does not exist is refused by its field", async () => {
  const wanted = { by: ["day"], from: "2026-02-31", to: "2026-11-26" };
  const answer = await ask(world.server, trader, "POST", "/reports", wanted);
  expect([answer.statusCode, answer.json().errors]).toEqual([
    ...[422, [{ field: "from", message: "give a day such as 2026-12-01" }]],
  ]);
});
