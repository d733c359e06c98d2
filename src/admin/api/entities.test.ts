import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ask,
  type DeskWorld,
  deskStartMs,
  deskWorld,
  htmlForm,
  lineItemForm,
  signedIn,
} from "../../testing/desk-world.js";

let world: DeskWorld;
let trader: Record<string, string>;
let approver: Record<string, string>;
let house: Record<string, string>;
beforeAll(async () => {
  world = await deskWorld();
  trader = await signedIn(world, "trader-1");
  approver = await signedIn(world, "approver-1");
  house = await signedIn(world, "admin-house");
});
afterAll(() => world.server.close());

const as =
  (who: () => Record<string, string>) =>
  (method: "GET" | "POST" | "PUT" | "DELETE", path: string, payload?: object, more = {}) =>
    ask(world.server, { ...who(), ...more }, method, path, payload);
const byTrader = as(() => trader);
const byApprover = as(() => approver);
const byHouse = as(() => house);

describe("a thing of the desk", () => {
  it("is shown with its links, its etag and what it does now", async () => {
    const got = await byTrader("GET", "/line-items/1101");
    expect([got.statusCode, got.headers["etag"]]).toEqual([200, '"1"']);
    expect(got.json()).toMatchObject({
      ...{ kind: "lineItem", key: "1101", version: 1, agency: "1", draft: false },
      links: {
        advertiser: { key: "11", name: "Brand 1", currency: "EUR", timeZone: "Europe/Berlin" },
        campaign: { key: "110", name: "Flight 1" },
        agency: { key: "1", name: "Agency 1" },
      },
      now: { state: "live", spendToday: "1.50" },
    });
  });

  it("is made with an id of the desk's, changed by its version, and archived", async () => {
    const { id: _, ...form } = lineItemForm(0, 110, 1111);
    const made = await byTrader("POST", "/line-items", { form });
    expect([made.statusCode, made.json().form.id]).toEqual([201, Number(made.json().key)]);
    const path = `/line-items/${made.json().key}`;
    const bare = await byTrader("PUT", path, { form });
    expect(bare.statusCode).toBe(428);
    const named = { ...form, name: "named anew" };
    const put = await byTrader("PUT", path, { form: named }, { "if-match": '"1"' });
    expect([put.statusCode, put.headers["etag"], put.json().form.name]).toEqual([
      ...[200, '"2"', "named anew"],
    ]);
    const stale = await byTrader("PUT", path, { form }, { "if-match": '"1"' });
    expect([stale.statusCode, stale.json().current.version]).toEqual([412, 2]);
    const gone = await byTrader("DELETE", path, undefined, { "if-match": '"2"' });
    expect([gone.statusCode, gone.json().archived]).toEqual([200, true]);
  });

  it("is refused with the fields that are wrong, and kept as a draft all the same", async () => {
    const form = { campaign: 110, name: "half" };
    const refused = await byTrader("POST", "/line-items", { form });
    const fields = refused.json<{ errors: { field: string }[] }>().errors.map((one) => one.field);
    expect([refused.statusCode, fields]).toEqual([422, ["price", "creatives"]]);
    const kept = await byTrader("POST", "/line-items", { form, draft: true });
    expect([kept.statusCode, kept.json().draft]).toEqual([201, true]);
    const checked = await byTrader("POST", "/line-items/validate", { form });
    expect(checked.json().issues.map((one: { field: string }) => one.field)).toEqual(fields);
  });

  it("of another agency is not there, nor may it be named", async () => {
    expect((await byTrader("GET", "/line-items/2101")).statusCode).toBe(404);
    const { id: _, ...form } = lineItemForm(0, 210, 2111);
    const refused = await byTrader("POST", "/line-items", { form, draft: true });
    expect([refused.statusCode, refused.json().errors]).toEqual([
      422,
      [
        { field: "campaign", message: "there is no such thing here" },
        { field: "creatives[0].id", message: "there is no such thing here" },
      ],
    ]);
    const moved = await byHouse(
      "PUT",
      "/advertisers/11",
      { form: { ...(await byHouse("GET", "/advertisers/11")).json().form, agency: 2 } },
      { "if-match": '"1"' },
    );
    expect([moved.statusCode, moved.json().errors[0].field]).toEqual([422, "agency"]);
  });

  it("is made once for one idempotency key, which stands for one body", async () => {
    const { id: _, ...form } = lineItemForm(0, 110, 1111);
    const key = { "idempotency-key": "k-1" };
    const [first, again] = [
      await byTrader("POST", "/line-items", { form }, key),
      await byTrader("POST", "/line-items", { form }, key),
    ];
    expect([first.statusCode, again.statusCode]).toEqual([201, 201]);
    expect(again.json().key).toBe(first.json().key);
    const otherBody = { form: { ...form, name: "other" } };
    expect((await byTrader("POST", "/line-items", otherBody, key)).statusCode).toBe(422);
    expect((await byApprover("POST", "/line-items", otherBody, key)).statusCode).toBe(201);
  });

  it("that nobody but the operator may number has no number of a trader's", async () => {
    const form = lineItemForm(4_294_967_295, 110, 1111);
    const refused = await byTrader("POST", "/line-items", { form });
    expect([refused.statusCode, refused.json().errors[0].field]).toEqual([422, "id"]);
    const taken = await byHouse("POST", "/line-items", { form: lineItemForm(1101, 110, 1111) });
    expect([taken.statusCode, taken.json().errors[0].field]).toEqual([409, "id"]);
  });

  it("answers 503 while the store is locked, and says that nothing was changed", async () => {
    world.entities.refusal = { ok: false, code: "locked" };
    const { form } = (await byTrader("GET", "/line-items/1101")).json();
    const locked = await byTrader("PUT", "/line-items/1101", { form }, { "if-match": '"1"' });
    world.entities.refusal = null;
    expect([locked.statusCode, locked.headers["retry-after"]]).toEqual([503, "1"]);
    expect(locked.json().detail).toMatch(/nothing was changed/);
  });
});

const approval = { exchange: "openrtb26", verdict: "approved" };

describe("a creative", () => {
  it("loses its approvals where a trader changes what it shows, and not its name", async () => {
    const { id: _, ...form } = htmlForm(0, 11);
    const made = await byTrader("POST", "/creatives", { form });
    expect(made.json().form.approvals).toEqual({ openrtb26: "pending" });
    const path = `/creatives/${made.json().key}`;
    const approved = { ...form, approvals: { openrtb26: "approved" } };
    const put = await byApprover("POST", `${path}/approvals`, approval);
    expect(put.json().form.approvals).toEqual({ openrtb26: "approved" });
    const named = { ...form, name: "named anew", approvals: { openrtb26: "rejected" } };
    const kept = await byTrader("PUT", path, { form: named }, { "if-match": '"2"' });
    expect(kept.json().form.approvals).toEqual({ openrtb26: "approved" });
    const shown = { ...approved, html: "<b>other</b>", approveAll: true };
    const lost = await byTrader("PUT", path, { form: shown }, { "if-match": '"3"' });
    expect([lost.json().form.approvals, lost.json().form.approveAll]).toEqual([
      ...[{ openrtb26: "pending" }, undefined],
    ]);
  });

  it("is not approved by who changed what it shows, whatever his role and however", async () => {
    const { id: _, ...form } = htmlForm(0, 11);
    const path = `/creatives/${(await byTrader("POST", "/creatives", { form })).json().key}`;
    const approvals = { openrtb26: "approved" };
    const own = { ...form, html: "<b>mine</b>", approvals, approveAll: true };
    const put = await byApprover("PUT", path, { form: own }, { "if-match": '"1"' });
    expect([put.json().form.approvals, put.json().form.approveAll]).toEqual([
      ...[{ openrtb26: "pending" }, undefined],
    ]);
    await byTrader("PUT", path, { form: { ...own, name: "renamed" } }, { "if-match": '"2"' });
    const refused = await byApprover("POST", `${path}/approvals`, approval);
    expect([refused.statusCode, refused.json().detail]).toEqual([
      ...[403, "you changed what it shows: another approver approves it"],
    ]);
    const rejected = await byApprover("POST", `${path}/approvals`, {
      ...approval,
      verdict: "rejected",
    });
    expect(rejected.json().form.approvals).toEqual({ openrtb26: "rejected" });
    const other = await byHouse("POST", `${path}/approvals`, approval);
    expect([other.statusCode, other.json().form.approvals]).toEqual([200, approvals]);
  });

  it("waits again when a trader restores it, and is as approved by an approver", async () => {
    const { id: _, ...form } = htmlForm(0, 11);
    const path = `/creatives/${(await byTrader("POST", "/creatives", { form })).json().key}`;
    const approved = await byHouse("POST", `${path}/approvals`, approval);
    const other = { ...form, html: "<b>other</b>" };
    await byTrader("PUT", path, { form: other }, { "if-match": approved.headers["etag"] });
    const history = await byTrader("GET", `/changes?kind=creative&key=${path.slice(11)}`);
    const { seq } = history.json().items[1].revisions[0];
    const approvals = async (who: typeof byTrader) => {
      const back = await who("POST", `/revisions/${seq}/restore`);
      return [back.json().form.html, back.json().form.approvals.openrtb26];
    };
    expect(await approvals(byTrader)).toEqual([form.html, "pending"]);
    expect(await approvals(byApprover)).toEqual([form.html, "approved"]);
  });

  it("is approved by its maker in the demo, where there is one person and no money", async () => {
    const demo = await deskWorld({ demo: true });
    const { id: _, ...form } = htmlForm(0, 11);
    const maker = await signedIn(demo, "approver-1");
    const made = await ask(demo.server, maker, "POST", "/creatives", { form });
    const verdict = `/creatives/${made.json().key}/approvals`;
    expect((await ask(demo.server, maker, "POST", verdict, approval)).statusCode).toBe(200);
    await demo.server.close();
  });
});

describe("a budget", () => {
  it("rises by more than half, or ends, by an approver alone", async () => {
    const { id: _, ...form } = lineItemForm(0, 110, 1111);
    const of = (budget: object) => ({ form: { ...form, budget } });
    const made = await byTrader("POST", "/line-items", of({ total: 100, daily: 10 }));
    const path = `/line-items/${made.json().key}`;
    const put = (who: typeof byTrader, budget: object, version: number) =>
      who("PUT", path, of(budget), { "if-match": `"${version}"` });
    const fields = async (budget: object) => {
      const answer = await put(byTrader, budget, 1);
      return [answer.statusCode, ...(answer.json().errors ?? []).map((e: Field) => e.field)];
    };
    expect(await fields({ total: 150.01, daily: 15.01 })).toEqual([
      ...[422, "budget.total", "budget.daily"],
    ]);
    expect(await fields({ total: 100 })).toEqual([422, "budget.daily"]);
    const keys = [made.json().key];
    const set = { budgetTotal: { byPercent: 51 } };
    const bulk = await byTrader("POST", "/line-items/bulk", { keys, set, preview: false });
    expect([bulk.json().changed, bulk.json().rows[0].error]).toEqual([
      ...[0, expect.stringContaining("budget.total: rises by more than half")],
    ]);
    expect((await put(byTrader, { total: 150, daily: 15 }, 1)).statusCode).toBe(200);
    expect((await put(byApprover, { total: 500 }, 2)).statusCode).toBe(200);
  });

  it("rises by more than half within a day by an approver alone, in whatever steps", async () => {
    const { id: _, ...form } = lineItemForm(0, 110, 1111);
    const of = (total: number) => ({ form: { ...form, budget: { total } } });
    const made = await byTrader("POST", "/line-items", of(100));
    const { key } = made.json();
    const path = `/line-items/${key}`;
    let version = 1;
    const put = async (who: typeof byTrader, total: number, more: object = {}) => {
      const answer = await who(
        "PUT",
        path,
        { ...of(total), ...more },
        { "if-match": `"${version}"` },
      );
      if (answer.statusCode === 200) version++;
      return [answer.statusCode, answer.json().errors?.[0].field];
    };
    const bulk = async (byPercent: number) => {
      const set = { budgetTotal: { byPercent } };
      const answer = await byTrader("POST", "/line-items/bulk", { keys: [key], set });
      return answer.json().rows[0].error;
    };
    expect(await put(byTrader, 140)).toEqual([200, undefined]);
    expect(await put(byTrader, 196)).toEqual([422, "budget.total"]);
    expect(await bulk(40)).toContain("budget.total: rises by more than half within a day");
    // By way of a draft it comes no further, nor where the draft is already the higher one.
    expect(await put(byTrader, 140, { draft: true })).toEqual([200, undefined]);
    expect(await put(byTrader, 1000, { draft: true })).toEqual([200, undefined]);
    expect(await put(byTrader, 1000, { draft: false })).toEqual([422, "budget.total"]);
    expect(await put(byTrader, 150, { draft: false })).toEqual([200, undefined]);
    // An approver's raise is what further ones count from, other edits of an approver are not.
    expect(await put(byApprover, 150, { note: "looked at" })).toEqual([200, undefined]);
    expect(await put(byTrader, 160)).toEqual([422, "budget.total"]);
    expect(await put(byApprover, 400)).toEqual([200, undefined]);
    expect(await put(byTrader, 600)).toEqual([200, undefined]);
    expect(await put(byTrader, 700)).toEqual([422, "budget.total"]);
  });
});
type Field = { readonly field: string };

describe("a verdict", () => {
  it("is on what was looked at: what was changed since is refused and shown", async () => {
    const { id: _, ...form } = htmlForm(0, 11);
    const path = `/creatives/${(await byTrader("POST", "/creatives", { form })).json().key}`;
    const other = { ...form, html: "<b>not what was looked at</b>" };
    await byTrader("PUT", path, { form: other }, { "if-match": '"1"' });
    const late = await byApprover("POST", `${path}/approvals`, approval, { "if-match": '"1"' });
    expect([late.statusCode, late.json().current.version]).toEqual([412, 2]);
    expect(world.book.get("creative", path.slice(11))?.form["approvals"]).toEqual({
      openrtb26: "pending",
    });
    const seen = await byApprover("POST", `${path}/approvals`, approval, { "if-match": '"2"' });
    expect([seen.statusCode, seen.json().form.approvals.openrtb26]).toEqual([200, "approved"]);
  });
});

describe("a deal", () => {
  it("is there for who is let in, who sees no one else of them", async () => {
    const { items } = (await byTrader("GET", "/deals")).json();
    expect(items.map((one: { key: string }) => one.key)).toEqual(["openrtb26/deal-1"]);
    const form = {
      ...{ deal: "both", exchange: "openrtb26", name: "Both", type: "private" },
      inviteOnly: [11, 21],
    };
    const made = await byHouse("POST", "/deals", { form });
    expect([made.statusCode, made.json().key]).toEqual([201, "openrtb26/both"]);
    const got = await byTrader("GET", `/deals/${encodeURIComponent("openrtb26/both")}`);
    expect(got.json().form.inviteOnly).toEqual([11]);
    expect((await byTrader("POST", "/deals", { form })).statusCode).toBe(403);
  });

  it("shows in its history, too, only who of the caller's is let in", async () => {
    const form = {
      ...{ deal: "past", exchange: "openrtb26", name: "Past", type: "private" },
      inviteOnly: [11, 21],
    };
    const key = (await byHouse("POST", "/deals", { form })).json().key as string;
    // As a deal of one agency's files, whose history that agency reads.
    const record = world.book.get("deal", key);
    if (record === null) throw new Error("no deal");
    const { kind, draft, archived, file, seed, version: base } = record;
    await world.book.commit({
      ...{ actor: { user: 0, name: "config files", from: "" }, atMs: deskStartMs, note: "" },
      way: "apply",
      changes: [
        {
          ...{ kind, key, base, draft, archived, file, seed, agency: "1" },
          form: { ...form, inviteOnly: [11, 21, 22] },
        },
      ],
    });
    const { items } = (await byTrader("GET", "/changes?kind=deal&limit=1")).json();
    const [shown] = items[0].revisions;
    expect([shown.key, shown.before.form.inviteOnly, shown.after.form.inviteOnly]).toEqual([
      ...[key, [11], [11]],
    ]);
  });
});

describe("the list", () => {
  it("finds by words, agency, advertiser, campaign and state, a page at a time", async () => {
    world.now.set(2101, { ...world.now.get(2101)!, state: "paused", spendToday: "9.00" });
    const keys = async (query: string) => {
      const { items } = (await byHouse("GET", `/line-items?${query}`)).json();
      return items.map((one: { key: string }) => one.key);
    };
    expect(await keys("search=ITEM+2101")).toEqual(["2101"]);
    expect(await keys("agency=2")).toEqual(["2101"]);
    expect(await keys("advertiser=21")).toEqual(["2101"]);
    expect(await keys("campaign=210&state=paused,ended")).toEqual(["2101"]);
    expect(await keys("state=ended")).toEqual([]);
    expect((await keys("sort=-spendToday&limit=2")).slice(0, 2)).toEqual(["2101", "1101"]);
    expect(await keys("sort=id&limit=1&offset=1")).not.toEqual(["1101"]);
    const all = (await byHouse("GET", "/line-items?archived=true")).json();
    expect(all.total).toBe(1);
    for (const bad of ["limit=201", "state=nope", "sort=nope", "unknown=1"]) {
      expect((await byHouse("GET", `/line-items?${bad}`)).statusCode, bad).toBe(400);
    }
  });
});
