import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corporaPresent, naughtyTexts } from "../../testing/corpora.js";
import {
  ask,
  changeOf,
  type DeskWorld,
  deskWorld,
  htmlForm,
  lineItemForm,
  signedIn,
} from "../../testing/desk-world.js";
import type { ExplainResult } from "../explain-result.js";
import { readCsv } from "./csv.js";

let world: DeskWorld;
let approver: Record<string, string>;
let admin: Record<string, string>;
let explained: ExplainResult | null = null;
let asked: { lineItems: readonly number[] | null; segments: readonly string[] | null } | null;
const dataFolder = mkdtempSync(join(tmpdir(), "crowdbid-hostile-"));

beforeAll(async () => {
  world = await deskWorld({
    dataFolder,
    admin: {
      explain: (given) => {
        asked = given;
        return explained;
      },
    },
  });
  approver = await signedIn(world, "approver-1");
  admin = await signedIn(world, "admin-1");
});
afterAll(async () => {
  await world.server.close();
  rmSync(dataFolder, { recursive: true });
});

/** As an approver of agency 1; time goes on, so that no rate is what refuses. */
const send = (method: "GET" | "POST", path: string, payload?: object) => {
  world.clock.now += 100;
  return ask(world.server, approver, method, path, payload);
};

const naughty = naughtyTexts();
const enough = corporaPresent() ? 1 : 0;

describe("texts that are made to run somewhere", () => {
  it("are kept as they are in each text field, and answered as JSON", async () => {
    expect(naughty.length).toBeGreaterThan(15 + 400 * enough);
    const html = { ...htmlForm(0, 11), id: undefined };
    const base = { advertiser: 11, name: "n", landingPage: "https://brand.example/" };
    const flight = { start: "2026-01-01", end: "2027-12-31" };
    const fields: readonly ((text: string) => readonly [string, object, object])[] = [
      (text) => ["/creatives", { ...html, html: text }, { html: text }],
      (text) => ["/creatives", { ...html, name: text }, { name: text }],
      (text) => ["/creatives", { ...base, format: "native", title: text }, { title: text }],
      (text) => ["/audiences", { name: text, audience: "a.b" }, { name: text }],
      (text) => [
        "/campaigns",
        { advertiser: 11, name: text, flight, budget: { total: 1 } },
        { name: text },
      ],
    ];
    let kept = 0;
    for (const [i, text] of naughty.entries()) {
      const [path, form, shown] = fields[i % fields.length]!(text);
      const made = await send("POST", path, { form, note: text });
      expect(made.headers["content-type"]).toMatch(/^application\/(problem\+)?json; /);
      expect(made.statusCode).not.toBe(429);
      if (made.statusCode !== 201) continue;
      kept++;
      expect(made.json().form).toMatchObject(shown);
    }
    expect(kept).toBeGreaterThan(10 + 300 * enough);
  });

  it("are guarded in CSV, as names of line items", async () => {
    const record = world.book.get("lineItem", "1101")!;
    const named = naughty.map((name, i) => ({ ...record.form, id: 70_000 + i, name }));
    const changes = named.map((form) => changeOf("lineItem", form, "1"));
    const actor = { user: 0, name: "", from: "" };
    await world.store.commit({ actor, atMs: 0, way: "apply", note: "", changes });
    await world.book.fill();
    const csv = await send("GET", "/line-items.csv");
    const read = readCsv(csv.body);
    const rows = read.ok ? read.rows : [];
    const names = new Map(rows.map(({ cells }) => [cells[0], cells[3]]));
    for (const { id, name } of named) expect(names.get(String(id))).toBe(name);
    expect(csv.body).not.toMatch(/(?:^|,)"?[=+\-@\t]/m);
  });

  it("are in no error, whatever field they are sent in", async () => {
    const all = naughty.filter((text) => /[<>{}$]/.test(text) && text.length > 8);
    const marked = all.filter((_, i) => i % 4 === 0);
    expect(marked.length).toBeGreaterThan(30 * enough);
    const fields = ["pacing", "withoutId", "price", "creatives", "targeting", "audience"];
    for (const [i, text] of marked.entries()) {
      const field = fields[i % fields.length]!;
      const form = { ...lineItemForm(0, 110, 1111), id: undefined, [field]: text };
      const tries = [
        await send("POST", "/line-items", { form }),
        await send("POST", "/line-items", { form: { [text]: 1 } }),
        await send("POST", "/line-items", { [text]: text }),
        await send("GET", `/line-items?sort=${encodeURIComponent(text)}`),
        await send("GET", `/line-items/${encodeURIComponent(text)}`),
        await send("POST", "/stops", { kind: text, key: text }),
      ];
      for (const got of tries) {
        expect([400, 404, 422], `${field}: ${text}`).toContain(got.statusCode);
        expect(got.json().errors ?? []).not.toContainEqual(
          expect.objectContaining({ message: expect.stringContaining(text.slice(0, 40)) }),
        );
        expect(got.json().detail).not.toContain(text.slice(0, 40));
      }
    }
  });
});

describe("a body", () => {
  const post = (payload: string | Buffer, path = "/line-items") =>
    world.server.inject({
      ...{ method: "POST", url: `/api/v1${path}`, payload },
      headers: { ...approver, "content-type": "application/json" },
    });

  it.each([
    ["", 400],
    ["{", 400],
    ["{'form':{}}", 400],
    ["\uFEFF{}", 400],
    ["NaN", 400],
    ['{"form":{},}', 400],
    ["[".repeat(100_000), 400],
    ['{"form":{"__proto__":{"admin":true}}}', 400],
    ['{"form":{"a":[{"constructor":1}]}}', 400],
    ['{"form":{},"draft":true,"extra":1}', 400],
    [`{"form":{"name":"${"x".repeat(1_100_000)}"}}`, 413],
    [Buffer.from([0x22, 0xff, 0x22]), 400],
  ])("that is not strict JSON of a sane size is refused: %.40s", async (payload, status) => {
    expect((await post(payload)).statusCode).toBe(status);
  });

  it("of 900 KB of brackets is refused within 50 ms", async () => {
    const from = performance.now();
    await post("[".repeat(900_000));
    expect(performance.now() - from).toBeLessThan(500);
  });
});

describe("a list", () => {
  const upload = (payload: string, query = "name=buyers&kind=email", type = "text/csv") =>
    world.server.inject({
      ...{ method: "POST", url: `/api/v1/lists?${query}`, payload },
      headers: { ...approver, "content-type": type },
    });

  it("is streamed to a file for its reader alone, who removes it when it is read", async () => {
    let mode = 0;
    let size = 0;
    const { upload: taken } = world.desk.lists;
    const lists = world.desk.lists as { upload: typeof taken };
    lists.upload = async (given) => {
      ({ mode, size } = statSync(given.file));
      return taken(given);
    };
    const got = await upload("ann@example.com\n".repeat(100_000));
    lists.upload = taken;
    expect([got.statusCode, size, mode & 0o777]).toEqual([202, 1_600_000, 0o600]);
    // It is read after the answer: it must still be there.
    const left = readdirSync(join(dataFolder, "uploads"));
    expect(left).toHaveLength(1);
    for (const name of left) rmSync(join(dataFolder, "uploads", name));
    lists.upload = async (given) => {
      await taken(given);
      return { ok: false, words: "too many lists are on their way" };
    };
    expect((await upload("ann@example.com")).statusCode).toBe(422);
    lists.upload = taken;
    expect(readdirSync(join(dataFolder, "uploads"))).toEqual([]);
    expect(got.body + JSON.stringify(got.headers)).not.toContain("ann@");
  });

  it("is refused by name, kind and content type before it is kept", async () => {
    expect((await upload("a", "name=../x&kind=email")).statusCode).toBe(400);
    expect((await upload("a", "name=x&kind=person")).statusCode).toBe(422);
    expect((await upload("a", "name=x&kind=email", "application/json")).statusCode).toBe(415);
  });
});

describe("explain for an agency", () => {
  it("is of its own line items, and tells nothing of the others", async () => {
    const way = { way: "open auction", creative: 1, offered: false, price: null };
    const refusal = { rule: "outbid", seen: "2.50", limit: "line items 2101 bid more" };
    const item = (lineItem: number, offered: boolean) => ({
      ...{ lineItem, name: "n", campaign: 1, advertiser: "a", offered, notes: [] },
      ...{ outcome: offered ? "bid" : "outbid_internally", refusal: offered ? null : refusal },
      ways: [{ ...way, outcome: "x", refusal }],
    });
    explained = {
      ...{ status: 200, exchange: "e", generation: 1, epoch: 0, at: "", outcome: "bid" },
      ...{ reason: "1 offered", consent: {} as never, currency: "EUR", person: {} as never },
      imps: [
        {
          ...{ imp: 1, media: [], formats: [], floor: { amount: 0, currency: "EUR" } },
          ...{ outcome: "bid", reason: "1 offered", outcomes: { bid: 1, outbid_internally: 7 } },
          ...{ lineItems: [item(2101, true), item(1101, false)], leftOut: 0 },
        },
      ],
    };
    const body = { request: {}, segments: ["interest.travel", "list.own-2"], lineItems: [2101] };
    const got = await ask(world.server, admin, "POST", "/explain", body);
    explained = null;
    expect(asked).toMatchObject({
      ...{ lineItems: [], segments: ["interest.travel", "no-such-segment"] },
    });
    expect(got.json()).toMatchObject({ outcome: "no_bid" });
    expect(got.json().imps[0]).toMatchObject({
      outcome: "no_bid",
      lineItems: [{ lineItem: 1101 }],
    });
    expect(got.json().imps[0].outcomes).toEqual({ outbid_internally: 1 });
    expect(got.body).not.toContain("2101");
  });
});

describe("a preview", () => {
  it("runs in a frame without an origin, its macros replaced by what counts nothing", async () => {
    const { id: _, ...form } = htmlForm(0, 11);
    const price = ["$", "{AUCTION_PRICE}"].join("");
    const html = `<a href="{CLICK_URL}" data-x="{CLICK_URL_ENC}">{CACHEBUSTER}</a>${price}`;
    const made = await ask(world.server, approver, "POST", "/creatives", {
      form: { ...form, html },
    });
    const { key } = made.json();
    const shown = await ask(world.server, approver, "GET", `/creatives/${key}/preview`);
    const [clickUrl, encoded] = ["https://brand.example/", "https%3A%2F%2Fbrand.example%2F"];
    expect(shown.json()).toMatchObject({
      ...{ format: "html", sizes: ["300x250"], clickUrl },
      html: `<a href="${clickUrl}" data-x="${encoded}">1</a>${price}`,
    });
    expect(shown.json().problems[0]).toContain("AUCTION_PRICE");
    const url = `/preview/creatives/${key}`;
    const framed = await world.server.inject({ url, headers: approver });
    expect(framed.headers["content-security-policy"]).toMatch(
      /^sandbox allow-scripts; default-src https: data: 'unsafe-inline';.* frame-ancestors 'self'$/,
    );
    expect([framed.statusCode, framed.headers["content-type"]]).toEqual([
      ...[200, "text/html; charset=utf-8"],
    ]);
    expect((await world.server.inject(url)).statusCode).toBe(401);
  });

  it("of a native card or a video holds no markup of its texts", async () => {
    const script = "<script>alert(1)</script>";
    const base = { advertiser: 11, name: "n", landingPage: "https://brand.example/" };
    const forms = [
      { ...base, format: "native", title: script, data: { sponsored: script } },
      {
        ...{ ...base, format: "vastInline", title: script, medium: "video", vast: "4.0" },
        ...{ durationSec: 30, mediaFiles: [{ url: "https://a.example/v.mp4", mime: "video/mp4" }] },
      },
    ];
    for (const form of forms) {
      const made = await ask(world.server, approver, "POST", "/creatives", { form });
      expect(made.statusCode).toBe(201);
      const url = `/preview/creatives/${made.json().key}`;
      const framed = await world.server.inject({ url, headers: approver });
      expect(framed.body).not.toContain(script);
      expect(framed.body).toMatch(/&#(?:38;#)?60;script/);
    }
  });
});
