import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Steps } from "../../base/steps.js";
import {
  ask,
  changeOf,
  type DeskWorld,
  deskStartMs,
  deskWorld,
  lineItemForm,
  signedIn,
} from "../../testing/desk-world.js";

let world: DeskWorld;
let trader: Record<string, string>;
/** Pauses that work over many things has made for others. */
let pauses = 0;
/** What somebody else does in one. */
let meanwhile: (() => Promise<unknown>) | null = null;
const inSlices = async <T>(steps: Steps<T>): Promise<T> => {
  const others = meanwhile;
  meanwhile = null;
  await others?.();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    pauses++;
  }
};
beforeAll(async () => {
  world = await deskWorld({ inSlices });
  trader = await signedIn(world, "trader-1");
  const changes = Array.from({ length: 500 }, (_, i) => {
    const form = { ...lineItemForm(5000 + i, 110, 1111), budget: { total: 100, daily: 10.1 } };
    return changeOf("lineItem", form, "1");
  });
  await world.book.commit({
    ...{ actor: { user: 0, name: "", from: "" }, atMs: deskStartMs, way: "apply", note: "" },
    changes,
  });
});
afterAll(() => world.server.close());

type Rows = {
  changed: number;
  rows: { key: string; version: number; changes: object[]; error?: string }[];
  change?: number;
};
const bulk = async (payload: object): Promise<Rows> =>
  (await ask(world.server, trader, "POST", "/line-items/bulk", payload)).json();
const importCsv = async (text: string, query = "") => {
  const headers = { ...trader, "content-type": "text/csv" };
  const url = `/api/v1/line-items.csv${query}`;
  const answer = await world.server.inject({ method: "POST", url, headers, payload: text });
  return { status: answer.statusCode, ...answer.json<Rows>() };
};
const formOf = (key: string) => world.book.get("lineItem", key)?.form as never as LineItem;
type LineItem = {
  price: { cpm: number };
  budget?: { total?: number; daily?: number };
  paused?: boolean;
  creatives: { id: number; weight?: number }[];
};
const keys = Array.from({ length: 500 }, (_, i) => String(5000 + i));

describe("one edit for many", () => {
  it("shows what it would do, then does it in one change that can be undone", async () => {
    const payload = { keys, set: { cpm: { byPercent: 10 }, budgetDaily: { byPercent: -50 } } };
    const before = world.book.change();
    const shown = await bulk({ ...payload, preview: true });
    expect([shown.changed, world.book.change()]).toEqual([500, before]);
    expect(shown.rows[0]?.changes).toEqual([
      { field: "price.cpm", before: 2.5, after: 2.75 },
      { field: "budget.daily", before: 10.1, after: 5.05 },
    ]);
    const done = await bulk(payload);
    expect([done.changed, done.rows[499]?.version]).toEqual([500, 2]);
    expect(formOf("5499")).toMatchObject({ price: { cpm: 2.75 }, budget: { daily: 5.05 } });
    const undone = await ask(world.server, trader, "POST", `/changes/${done.change}/undo`);
    expect(undone.statusCode).toBe(200);
    expect(keys.filter((key) => formOf(key).price.cpm !== 2.5)).toEqual([]);
    const again = await ask(world.server, trader, "POST", `/changes/${done.change}/undo`);
    expect(again.statusCode).toBe(409);
  });

  it("is not undone over what somebody saves meanwhile", async () => {
    const done = await bulk({ keys: ["5010", "5011"], set: { cpm: { to: 3 } } });
    meanwhile = () => bulk({ keys: ["5011"], set: { cpm: { to: 4 } } });
    const undone = await ask(world.server, trader, "POST", `/changes/${done.change}/undo`);
    expect([undone.statusCode, formOf("5010").price.cpm, formOf("5011").price.cpm]).toEqual([
      ...[409, 3, 4],
    ]);
    await bulk({ keys: ["5010", "5011"], set: { cpm: { to: 2.5 } } });
  });

  it.each([
    ["edited", "POST", "/line-items/bulk", { keys, set: { paused: false }, preview: true }],
    ["listed", "GET", "/line-items?sort=name", undefined],
    ["exported", "GET", "/line-items.csv", undefined],
  ] as const)("lets others in while many are %s", async (_, method, path, payload) => {
    pauses = 0;
    expect((await ask(world.server, trader, method, path, payload)).statusCode).toBe(200);
    expect(pauses).toBeGreaterThan(2);
  });

  it("applies the good rows and names the bad ones", async () => {
    await ask(world.server, trader, "DELETE", "/line-items/5001");
    const set = { budgetTotal: { byPercent: 5 }, paused: true };
    const done = await bulk({ keys: ["5000", "1101", "2101", "9999"], set });
    expect(done.changed).toBe(1);
    expect(done.rows.map((row) => row.error)).toEqual([
      undefined,
      "budget.total: there is none to change by a percentage",
      "there is no such line item",
      "there is no such line item",
    ]);
    expect(formOf("5000")).toMatchObject({ paused: true, budget: { total: 105 } });
    const wrong = await bulk({ keys: ["5002", "5003"], set: { cpm: { to: "0.0000004" } } });
    expect(wrong).toMatchObject({ type: "about:blank", status: 400 });
  });

  it("names a draft whose number is none of money", async () => {
    const form = { campaign: 110, name: "half", price: { cpm: 1e305 } };
    const made = await ask(world.server, trader, "POST", "/line-items", { form, draft: true });
    const key = String(made.json().key);
    const done = await bulk({ keys: [key, "5005"], set: { cpm: { byPercent: 10 } } });
    expect([done.changed, done.rows[0]?.error]).toEqual([
      ...[1, "price.cpm: there is none to change by a percentage"],
    ]);
    const more = { ...trader, "if-match": '"1"' };
    await ask(world.server, more, "DELETE", `/line-items/${key}`);
  });

  it("adds and takes away creatives, never the last", async () => {
    await bulk({ keys: ["5004"], set: { addCreative: 1111 } });
    expect(formOf("5004").creatives).toEqual([{ id: 1111 }]);
    const last = await bulk({ keys: ["5004"], set: { removeCreative: 1111 } });
    expect(last.rows[0]?.error).toMatch(/none left/);
    const foreign = await bulk({ keys: ["5004"], set: { addCreative: 2111 } });
    expect(foreign.rows[0]?.error).toBe("creatives[1].id: there is no such thing here");
  });
});

describe("line items as CSV", () => {
  it("come back unchanged", async () => {
    const out = await ask(world.server, trader, "GET", "/line-items.csv");
    expect(out.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const back = await importCsv(out.body);
    expect([back.status, back.changed, back.rows.filter((row) => row.error)]).toEqual([200, 0, []]);
    expect(back.rows.length).toBeGreaterThan(500);
  });

  it("with 3 bad rows in 500 change the good ones and name the bad", async () => {
    const rows = keys.map((key, i) => {
      const { version } = world.book.get("lineItem", key)!;
      const cpm = i === 7 ? "cheap" : i === 8 ? "" : "3.125";
      return `${key},${i === 9 ? version - 1 : version},${cpm}`;
    });
    const text = `key,version,cpm\n${rows.join("\n")}\n`;
    const shown = await importCsv(text, "?preview=1");
    expect([shown.changed, formOf("5010").price.cpm]).toEqual([497, 2.5]);
    const done = await importCsv(text);
    expect([done.status, done.changed]).toEqual([200, 497]);
    const bad = done.rows.filter((row) => row.error !== undefined);
    expect(bad.map(({ key, error }) => [key, error?.split(":")[0]])).toEqual([
      ["5007", "cpm"],
      ["5008", "price"],
      ["5009", "version"],
    ]);
    expect(formOf("5010").price.cpm).toBe(3.125);
  });

  it("make new ones where the key is empty", async () => {
    const text = 'key,version,name,campaign,cpm,creatives,paused\n,,"new, one",110,4,1111:3,true\n';
    const shown = await importCsv(text, "?preview=1");
    expect([shown.changed, shown.rows[0]?.key]).toEqual([1, ""]);
    const done = await importCsv(text);
    const key = done.rows[0]?.key ?? "";
    expect([done.changed, Number(key) > 0]).toEqual([1, true]);
    expect(formOf(key)).toMatchObject({
      ...{ id: Number(key), name: "new, one", campaign: 110, price: { cpm: 4 }, paused: true },
      creatives: [{ id: 1111, weight: 3 }],
    });
  });

  it.each([
    ["", "no row of column names"],
    ["name\nx", "no column `key`"],
    ["key,key\n1,2", "two columns of one name"],
    ["key,secret words\n1,2", "column 2 is not known"],
    ['key,name\n1,"a', "line 2: a quote is opened"],
  ])("that cannot be used are refused whole: %j", async (text, message) => {
    const got = await importCsv(text);
    expect(got.status).toBe(400);
    expect(JSON.stringify(got)).toContain(message);
    expect(JSON.stringify(got)).not.toContain("secret words");
  });

  it("bind JSON in a cell as that of a body", async () => {
    const { version } = world.book.get("lineItem", "1101")!;
    const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
    for (const cell of [deep, '{""__proto__"":{}}', "{", "[1"]) {
      const got = await importCsv(`key,version,targeting\n1101,${version},"${cell}"\n`);
      expect([got.changed, got.rows[0]?.error !== undefined], cell).toEqual([0, true]);
    }
  });
});

it("a copy is a draft that is paused, and restoring brings back what was", async () => {
  const made = await ask(world.server, trader, "POST", "/line-items/1101/duplicate", {});
  expect([made.statusCode, made.json().draft, made.json().form.paused]).toEqual([201, true, true]);
  const { key } = made.json();
  const form = { ...made.json().form, name: "other" };
  const headers = { ...trader, "if-match": '"1"' };
  await ask(world.server, headers, "PUT", `/line-items/${key}`, { form, draft: true });
  const history = await ask(world.server, trader, "GET", `/changes?kind=lineItem&key=${key}`);
  const { items } = history.json();
  expect(items.map((one: { undoable: boolean }) => one.undoable)).toEqual([true, false]);
  const { seq } = items[1].revisions[0];
  const back = await ask(world.server, trader, "POST", `/revisions/${seq}/restore`);
  expect([back.statusCode, back.json().form.name, back.json().version]).toEqual([
    ...[200, "line item 1101 (copy)", 3],
  ]);
});
