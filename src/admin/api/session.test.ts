import { afterEach, describe, expect, it } from "vitest";
import {
  adminToken,
  ask,
  type DeskWorld,
  deskWorld,
  goodPassword,
  pageHeaders,
  signedIn,
} from "../../testing/desk-world.js";
import { sessionIdleMs, sessionMs } from "../store/desk-store.js";

let world: DeskWorld;
const start = async (over: Parameters<typeof deskWorld>[0] = {}): Promise<DeskWorld> => {
  world = await deskWorld(over);
  return world;
};
afterEach(() => world.server.close());

type Headers = Record<string, string>;
const signIn = (login: string, password = goodPassword, headers: Headers = pageHeaders) =>
  ask(world.server, headers, "POST", "/session", { login, password });
const state = async (headers: Headers) =>
  (await ask(world.server, headers, "GET", "/session")).json();

describe("signing in", () => {
  it("gives a cookie that scripts and other sites cannot have, and signs out", async () => {
    await start();
    const answer = await signIn("trader-1");
    expect(answer.statusCode).toBe(204);
    const cookie = String(answer.headers["set-cookie"]);
    expect(cookie).toMatch(
      /^crowdbid-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const headers = { ...pageHeaders, cookie: cookie.split(";")[0]! };
    expect(await state(headers)).toMatchObject({
      ...{ state: "signed-in", demo: false, trouble: "" },
      user: { login: "trader-1", role: "trader", agency: "1", agencyName: "Agency 1" },
    });
    const out = await ask(world.server, headers, "DELETE", "/session");
    expect([out.statusCode, (await state(headers)).state]).toEqual([204, "signed-out"]);
  });

  it("takes a new id each time and ends the one before", async () => {
    await start();
    const before = await signedIn(world, "trader-1");
    const again = await signIn("trader-1", goodPassword, before);
    expect(String(again.headers["set-cookie"])).not.toContain(before["cookie"]);
    world.clock.now += 120_000;
    expect((await state(before)).state).toBe("signed-out");
  });

  it("ends when it is idle, and after twelve hours all the same", async () => {
    await start();
    const headers = await signedIn(world, "viewer-1");
    world.clock.now += sessionIdleMs;
    expect((await state(headers)).state).toBe("signed-out");
    const busy = await signedIn(world, "viewer-1");
    const from = world.clock.now;
    while (world.clock.now < from + sessionMs - 600_000) {
      world.clock.now += 600_000;
      expect((await state(busy)).state).toBe("signed-in");
    }
    world.clock.now += 600_000;
    await state(busy);
    expect((await state(busy)).state).toBe("signed-out");
  });

  it("by https gives a cookie of its own that plain http never opens", async () => {
    await start({ trustedProxies: ["127.0.0.1"] });
    const secure = { ...pageHeaders, "x-forwarded-proto": "https" };
    const origin = { ...secure, origin: secure.origin.replace("http:", "https:") };
    const answer = await signIn("trader-1", goodPassword, origin);
    expect(String(answer.headers["set-cookie"])).toMatch(/^__Host-crowdbid-session=.*; Secure/);
    expect(answer.headers["strict-transport-security"]).toBeDefined();
    const cookie = String(answer.headers["set-cookie"]).split(";")[0]!;
    expect((await state({ ...origin, cookie })).state).toBe("signed-in");
    expect((await state({ ...pageHeaders, cookie })).state).toBe("signed-out");
  });

  it("does not believe a proxy that it does not know", async () => {
    await start();
    const spoofed = { ...pageHeaders, "x-forwarded-proto": "https" };
    const answer = await signIn("trader-1", goodPassword, spoofed);
    expect(String(answer.headers["set-cookie"])).toMatch(/^crowdbid-session=/);
  });

  it("is the same for a wrong password, an unknown login and one that is shut out", async () => {
    await start();
    const admin = await signedIn(world, "admin-1");
    const users = (await ask(world.server, admin, "GET", "/users")).json().items;
    const { id } = users.find((one: { login: string }) => one.login === "viewer-1");
    const viewer = await signedIn(world, "viewer-1");
    await ask(world.server, admin, "PATCH", `/users/${id}`, { disabled: true });
    expect((await ask(world.server, viewer, "GET", "/line-items")).statusCode).toBe(401);
    const answers = [
      await signIn("trader-1", "wrong"),
      await signIn("nobody-of-this-name"),
      await signIn("viewer-1"),
    ];
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
    const failed = world.accounts.lines.filter(({ action }) => action === "login_failed");
    expect(failed.length).toBe(3);
  });

  it("waits after five failures, longer each time, by account and by address", async () => {
    await start();
    const from = (address: string, login: string, password: string) =>
      world.server.inject({
        ...{ method: "POST", url: "/api/v1/session", headers: pageHeaders },
        ...{ remoteAddress: address, payload: { login, password } },
      });
    const blockedFor = async (address: string, login: string): Promise<number> => {
      const answer = await from(address, login, goodPassword);
      return answer.statusCode === 429 ? Number(answer.headers["retry-after"]) : 0;
    };
    for (let i = 0; i < 5; i++) await from(`10.0.0.${i}`, "trader-1", "wrong");
    expect(await blockedFor("10.0.1.1", " Trader-1 ")).toBe(60);
    world.clock.now += 60_000;
    for (let i = 0; i < 5; i++) await from(`10.0.2.${i}`, "trader-1", "wrong");
    expect(await blockedFor("10.0.3.1", "trader-1")).toBe(120);
    expect(await blockedFor("10.0.3.1", "trader-2")).toBe(0);
    for (let i = 0; i < 5; i++) await from("2001:db8::1", `nobody-${i}`, "wrong");
    expect(await blockedFor("2001:db8::2", "viewer-2")).toBe(60);
    expect(await blockedFor("2001:db9::1", "viewer-2")).toBe(0);
  });
});

describe("the first user", () => {
  const join = (code: string, login = "first") =>
    ask(world.server, pageHeaders, "POST", "/join", {
      ...{ code, login, name: "First", password: goodPassword },
    });

  it("joins with the code that the program prints, once, and is the house's admin", async () => {
    await start({ joined: false });
    expect((await state(pageHeaders)).state).toBe("first-run");
    const code = /code ([2-9A-HJ-NP-Z]{10})/.exec(world.printed.join())?.[1] ?? "";
    expect((await join("WRONGCODE2")).json().errors[0].field).toBe("code");
    const short = { code, login: "first", name: "First", password: "short" };
    const refused = await ask(world.server, pageHeaders, "POST", "/join", short);
    expect(refused.json().errors[0].field).toBe("password");
    const joined = await join(`${code.slice(0, 5).toLowerCase()}-${code.slice(5)}`);
    expect(joined.statusCode).toBe(204);
    const cookie = String(joined.headers["set-cookie"]).split(";")[0]!;
    expect((await state({ ...pageHeaders, cookie })).user).toMatchObject({
      ...{ login: "first", role: "admin", agency: "" },
    });
    expect((await join(code, "second")).statusCode).toBe(422);
    expect((await state(pageHeaders)).state).toBe("signed-out");
  });

  it("has an hour", async () => {
    await start({ joined: false });
    const code = /code ([2-9A-HJ-NP-Z]{10})/.exec(world.printed.join())?.[1] ?? "";
    world.clock.now += 3_600_000;
    expect((await join(code)).statusCode).toBe(422);
  });

  it("is asked for where nobody has a login alone", async () => {
    await start();
    expect([world.printed, (await state(pageHeaders)).state]).toEqual([[], "signed-out"]);
  });
});

describe("invitations and tokens", () => {
  it("a code that is shown once lets one person in, with the role it was made for", async () => {
    await start();
    const admin = await signedIn(world, "admin-1");
    const made = await ask(world.server, admin, "POST", "/users", { name: "N", role: "trader" });
    const { code } = made.json();
    const body = { code, login: "newcomer", name: "Newcomer", password: goodPassword };
    const joined = await ask(world.server, pageHeaders, "POST", "/join", body);
    expect(joined.statusCode).toBe(204);
    const cookie = String(joined.headers["set-cookie"]).split(";")[0]!;
    const { user } = await state({ ...pageHeaders, cookie });
    expect(user).toMatchObject({ login: "newcomer", role: "trader", agency: "1" });
    const again = await ask(world.server, pageHeaders, "POST", "/join", { ...body, login: "x" });
    expect(again.statusCode).toBe(422);
  });

  it("a token acts as its maker with the role it was given, and no cookie is needed", async () => {
    await start();
    const trader = await signedIn(world, "trader-1");
    const above = { name: "t", role: "admin", days: 7 };
    expect((await ask(world.server, trader, "POST", "/tokens", above)).statusCode).toBe(422);
    const ask2 = { name: "t", role: "viewer", days: 7 };
    const { token, id } = (await ask(world.server, trader, "POST", "/tokens", ask2)).json();
    expect(token).toMatch(/^cb_[a-z0-9]{8}_[\w-]{43}$/);
    const bearer = { authorization: `Bearer ${token}` };
    expect((await ask(world.server, bearer, "GET", "/line-items/1101")).statusCode).toBe(200);
    const write = await ask(world.server, bearer, "POST", "/line-items", { form: {} });
    expect(write.statusCode).toBe(403);
    expect((await ask(world.server, bearer, "POST", "/tokens", ask2)).statusCode).toBe(403);
    await ask(world.server, trader, "DELETE", `/tokens/${id}`);
    expect((await ask(world.server, bearer, "GET", "/line-items/1101")).statusCode).toBe(401);
  });

  it("a token has 600 requests a minute, wrong ones 60, the operator any number", async () => {
    await start();
    const trader = await signedIn(world, "trader-1");
    const made = { name: "t", role: "viewer", days: 1 };
    const { token } = (await ask(world.server, trader, "POST", "/tokens", made)).json();
    const statuses = async (authorization: string, count: number): Promise<number[]> => {
      const all = Array.from({ length: count }, () =>
        ask(world.server, { authorization }, "GET", "/report-dimensions"),
      );
      return (await Promise.all(all)).map(({ statusCode }) => statusCode);
    };
    const count = (all: number[], status: number) => all.filter((one) => one === status).length;
    expect(count(await statuses(`Bearer ${token}`, 605), 429)).toBe(5);
    expect(count(await statuses(`Bearer ${adminToken}`, 700), 429)).toBe(0);
    expect(count(await statuses(`Bearer ${token.slice(0, -1)}x`, 70), 429)).toBeGreaterThan(8);
  });
});

it("a new password ends all other sessions and needs the old one", async () => {
  await start();
  const [here, there] = [await signedIn(world, "trader-1"), await signedIn(world, "trader-1")];
  const next = "another good passphrase";
  const change = (current: string, to: string) =>
    ask(world.server, here, "POST", "/password", { current, next: to });
  expect((await change("wrong", next)).json().errors[0].field).toBe("current");
  expect((await change(goodPassword, "short")).json().errors[0].field).toBe("next");
  expect((await change(goodPassword, next)).statusCode).toBe(204);
  expect((await state(here)).state).toBe("signed-in");
  expect((await state(there)).state).toBe("signed-out");
  expect((await signIn("trader-1", next)).statusCode).toBe(204);
});

it("nobody shuts themselves out, nor gives a role in another agency", async () => {
  await start();
  const admin = await signedIn(world, "admin-1");
  const { user } = await state(admin);
  const self = await ask(world.server, admin, "PATCH", `/users/${user.id}`, { disabled: true });
  expect(self.statusCode).toBe(409);
  const house = { name: "N", role: "admin", agency: "" };
  expect((await ask(world.server, admin, "POST", "/users", house)).statusCode).toBe(422);
});

it("stops work while the store is locked, for who was signed in before", async () => {
  await start();
  const trader = await signedIn(world, "trader-1");
  await state(trader);
  world.accounts.refusal = { ok: false, code: "locked" };
  world.clock.now += 20 * 60_000;
  const stop = { kind: "advertiser", key: "11" };
  const made = await ask(world.server, trader, "POST", "/stops", stop);
  expect([made.statusCode, world.stops.length]).toEqual([201, 1]);
  const stranger = { ...pageHeaders, cookie: `crowdbid-session=${"x".repeat(43)}` };
  expect((await ask(world.server, stranger, "POST", "/stops", stop)).statusCode).toBe(503);
  const exchange = { kind: "exchange", key: "openrtb26" };
  expect((await ask(world.server, trader, "POST", "/stops", exchange)).statusCode).toBe(403);
});
