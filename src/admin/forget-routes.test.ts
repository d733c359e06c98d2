import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CanarySearch } from "../testing/canary.js";
import { markedPerson } from "../testing/canary-requests.js";
import type { AdminFacts, ForgetAsk, ForgetState, ForgetTaken } from "./admin-facts.js";
import { adminServer } from "./server.js";

const token = "T0ken-of-the-admin-for-tests-4242424242424242";
const words = "the same words for everybody";
let asked: ForgetAsk | null = null;
let answer: ForgetTaken | "throws" = { kind: "taken", id: "opaque-id" };
let state: ForgetState | null = null;
let open = true;
const logged: string[] = [];
const facts = {
  forget: {
    get open() {
      return open;
    },
    ...{ kinds: ["idfa", "email", "buyerUid"], words },
    take: async (ask) => {
      asked = ask;
      if (answer === "throws") throw new Error(`broken at ${ask.identifiers[0]?.value}`);
      return answer;
    },
    state: (id) => (id === "opaque-id" ? state : null),
  },
} as Pick<AdminFacts, "forget"> as AdminFacts;
const log = {
  error: (fields: object, message: string) => void logged.push(JSON.stringify([fields, message])),
};

let server: FastifyInstance;
beforeAll(() => {
  server = adminServer({ token, facts, log });
});
afterAll(() => server.close());
beforeEach(() => {
  [asked, answer, state, open] = [null, { kind: "taken", id: "opaque-id" }, null, true];
});

const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
const post = (body: unknown, given: Record<string, string> = headers) =>
  server.inject({
    ...{ method: "POST", url: "/api/v1/forget", headers: given },
    payload: typeof body === "string" ? body : JSON.stringify(body),
  });
const get = (id: string) => server.inject({ url: `/api/v1/forget/${id}`, headers });
const one = { identifiers: [{ kind: "email", value: "ann@example.com" }] };

describe("POST /api/v1/forget", () => {
  it("takes a wish and answers 202 with an id and the same words for everybody", async () => {
    const got = await post({ ...one, only: true });
    expect([got.statusCode, got.json()]).toEqual([
      202,
      { id: "opaque-id", state: "running", words },
    ]);
    const identifiers = [{ kind: "email", scope: 0, value: "ann@example.com" }];
    expect(asked).toEqual({ identifiers, only: true });
    await post({ identifiers: [{ kind: "buyerUid", scope: 3, value: "x" }] });
    expect(asked).toMatchObject({ identifiers: [{ scope: 3 }], only: false });
  });

  it("is closed without the token, and not there without a bank", async () => {
    const closed = await post(one, { "content-type": "application/json" });
    expect([closed.statusCode, asked]).toEqual([401, null]);
    expect((await server.inject("/api/v1/forget/opaque-id")).statusCode).toBe(401);
    open = false;
    const [none, noState] = [await post(one), await get("opaque-id")];
    expect([none.statusCode, noState.statusCode, asked]).toEqual([404, 404, null]);
    expect(none.json().detail).toMatch(/no bank in this data folder/);
  });

  it.each([
    ["{", undefined],
    [[], "body"],
    [{}, "identifiers"],
    [{ identifiers: [] }, "identifiers"],
    [{ identifiers: ["x"] }, "identifiers.0"],
    [{ identifiers: [{ kind: "person", value: "7" }] }, "identifiers.0.kind"],
    [{ identifiers: [{ kind: "idfa", value: 7 }] }, "identifiers.0.value"],
    [{ identifiers: [{ kind: "idfa", value: "x".repeat(513) }] }, "identifiers.0.value"],
    [{ identifiers: [{ kind: "buyerUid", scope: -1, value: "x" }] }, "identifiers.0.scope"],
    [{ identifiers: [{ kind: "idfa", value: "x", more: 1 }] }, "identifiers.0"],
    [{ ...one, only: "yes" }, "only"],
    [{ identifiers: Array.from({ length: 1001 }, () => one.identifiers[0]) }, "identifiers"],
  ])("refuses what is no wish and names the field (%#)", async (body, field) => {
    const got = await post(body);
    expect([got.statusCode, asked]).toEqual([400, null]);
    const errors = got.json<{ errors?: { field: string }[] }>().errors;
    expect(errors?.[0]?.field).toBe(field);
  });

  it("names the places of unusable values, and says when it cannot take a wish now", async () => {
    answer = { kind: "unusable", places: [0, 7] };
    const got = await post(one);
    expect(got.statusCode).toBe(400);
    expect(got.json<{ errors: { field: string }[] }>().errors.map(({ field }) => field)).toEqual([
      ...["identifiers.0.value", "identifiers.7.value"],
    ]);
    for (const kind of ["busy", "failed"] as const) {
      answer = { kind };
      expect((await post(one)).statusCode).toBe(503);
    }
  });

  it("tells how a wish is going", async () => {
    state = { id: "opaque-id", state: "failed", reason: "the disk is full" };
    expect((await get("opaque-id")).json()).toEqual(state);
    expect((await get("unknown")).statusCode).toBe(404);
  });

  it("never repeats an identity: not in an answer, not in a log line", async () => {
    const { of, marks } = markedPerson(5, Date.UTC(2026, 10, 26));
    const told: string[] = [];
    const tell = async (body: unknown): Promise<void> => {
      const got = await post(body);
      told.push(got.body + JSON.stringify(got.headers));
    };
    const marked = { kind: "idfa", value: of("device.ifa") };
    const answers: (typeof answer)[] = [
      { kind: "taken", id: "opaque-id" },
      { kind: "unusable", places: [0] },
      { kind: "busy" },
      "throws",
    ];
    for (const next of answers) {
      answer = next;
      await tell({ identifiers: [marked] });
    }
    await tell({ identifiers: [{ ...marked, kind: of("user.id") }] });
    await tell({ identifiers: [{ ...marked, [of("request.key")]: 1 }] });
    await tell({ identifiers: of("user.buyeruid"), [of("request.ext.key")]: 1 });
    await tell({ identifiers: [{ ...marked, scope: of("user.eids.uid") }], only: of("user.yob") });
    await tell(`{"identifiers": [{"value": "${of("user.keywords")}`);
    const path = await get(of("device.model"));
    told.push(path.body);
    const search = new CanarySearch(marks);
    expect(marks.length).toBeGreaterThan(7);
    for (const [name, text] of [
      ["answers", told.join("\n")] as const,
      ["log", logged.join("\n")],
    ]) {
      expect(text).not.toBe("");
      const bytes = new TextEncoder().encode(text);
      expect(search.leaksIn({ name: name!, bytes })).toEqual([]);
    }
  });
});
