import { randomBytes } from "node:crypto";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import type { AdminFacts } from "../admin/admin-facts.js";
import type { Desk } from "../admin/api/desk-parts.js";
import type { DeskFacts, ExchangeFact, LineItemNow, ListFact, Stop } from "../admin/desk/desk.js";
import { adminServer } from "../admin/server.js";
import type { DeskKind, DeskStore, EntityChange, Role } from "../admin/store/desk-store.js";
import { inSlices } from "../runtime/slices.js";
import { MemoryAccounts } from "./memory-accounts.js";
import { memoryBook } from "./memory-book.js";
import { MemoryStore } from "./memory-store.js";

/**
 * The campaign desk's server over a desk in memory: users of every role, and agencies 1 and 2 with
 * one thing of each kind.
 */

export const adminToken = "T0ken-of-the-admin-for-tests-4242424242424242";
export const deskStartMs = Date.parse("2026-11-26T12:00:00Z");
export const goodPassword = "correct horse battery";
export const deskHost = "desk.example:9101";

export const htmlForm = (id: number, advertiser: number) => ({
  ...{ id, advertiser, name: `banner ${id}`, format: "html", sizes: ["300x250"] },
  ...{ landingPage: "https://brand.example/", html: '<a href="{CLICK_URL}">see</a>' },
  approvals: { openrtb26: "approved" },
});
export const lineItemForm = (id: number, campaign: number, creative: number) => ({
  ...{ id, campaign, name: `line item ${id}`, price: { cpm: 2.5 }, creatives: [{ id: creative }] },
});

const seeds = ([1, 2] as const).flatMap((agency): [DeskKind, object][] => [
  ["agency", { id: agency, name: `Agency ${agency}` }],
  [
    "advertiser",
    {
      ...{ id: agency * 10 + 1, agency, name: `Brand ${agency}`, domains: ["brand.example"] },
      ...{ currency: "EUR", timeZone: "Europe/Berlin" },
    },
  ],
  [
    "campaign",
    {
      ...{ id: agency * 100 + 10, advertiser: agency * 10 + 1, name: `Flight ${agency}` },
      ...{ flight: { start: "2026-01-01", end: "2027-12-31" }, budget: { total: 1000 } },
    },
  ],
  ["creative", htmlForm(agency * 1000 + 111, agency * 10 + 1)],
  ["lineItem", lineItemForm(agency * 1000 + 101, agency * 100 + 10, agency * 1000 + 111)],
  [
    "audience",
    { id: agency * 10 + 5, agency, name: `People ${agency}`, audience: "interest.travel" },
  ],
  [
    "deal",
    {
      ...{ deal: `deal-${agency}`, exchange: "openrtb26", name: `Deal ${agency}` },
      ...{ type: "private", inviteOnly: [agency * 10 + 1] },
    },
  ],
]);

export const changeOf = (
  kind: DeskKind,
  form: Record<string, unknown>,
  agency: string,
): EntityChange => ({
  ...{ kind, base: null, draft: false, archived: false, file: "", seed: null },
  key: kind === "deal" ? `${String(form["exchange"])}/${String(form["deal"])}` : String(form["id"]),
  form: form as EntityChange["form"],
  agency: kind === "deal" ? "" : agency,
});

export const lineItemNow = (id: number, over: Partial<LineItemNow> = {}): LineItemNow => ({
  ...{ id, state: "live", reason: "", field: "", spendToday: "1.50", spendTotal: "12.00" },
  ...{ idealToday: null, dayBudget: null, totalBudget: "1000", impressionsToday: 600 },
  ...{ impressionsTotal: 4800, bidsToday: 900, clicksTotal: 4, winRatePercent: 66.6 },
  ...{ ecpm: "2.50", ctrPercent: 0.08, daysLeft: 400, bidLow: "2.50", bidHigh: "2.50" },
  ...over,
});

const exchange: ExchangeFact = {
  ...{ id: 1, name: "openrtb26", profile: "openrtb26", stopped: false },
  endpoint: "http://127.0.0.1:8080/bid/openrtb26",
  ...{ requests: 10, bids: 5, wins: 2, queriesPerSecond: 1, queriesPerSecondMax: null },
  ...{ errors: [], headers: [], samples: [] },
};

export type DeskWorld = Awaited<ReturnType<typeof deskWorld>>;

/** `joined` false = nobody has a login yet. */
export async function deskWorld(
  over: Partial<Desk> & { readonly joined?: boolean; readonly admin?: Partial<AdminFacts> } = {},
) {
  const clock = { now: deskStartMs, nowMs: () => clock.now };
  const entities = new MemoryStore();
  const accounts = new MemoryAccounts();
  const store: DeskStore = { ...entities, ...accounts };
  const changes = seeds.map(([kind, form]) => {
    const { id, agency } = form as { id?: number; agency?: number };
    return changeOf(kind, form as never, String(agency ?? String(id ?? "")[0]));
  });
  await store.commit({
    ...{ actor: { user: 0, name: "config files", from: "" }, atMs: deskStartMs, way: "apply" },
    ...{ note: "", changes },
  });
  const book = memoryBook(store);
  await book.fill();
  const stops: Stop[] = [];
  const uploads: { agency: string; name: string; file: string }[] = [];
  const printed: string[] = [];
  const now = new Map([1101, 2101].map((id) => [id, lineItemNow(id)]));
  const desk: Desk = {
    ...{ book, store, facts: factsOf(now), clock, randomBytes, dataFolder: "", uiFolder: null },
    ...{ trustedProxies: [], demo: false, print: (line: string) => void printed.push(line) },
    inSlices,
    stops: {
      list: () => stops,
      add: async (stop) => void stops.push(stop),
      remove: async (kind, key) => {
        const at = stops.findIndex((one) => one.kind === kind && one.key === key);
        if (at >= 0) stops.splice(at, 1);
        return at >= 0;
      },
    },
    audiences: audienceFacts,
    lists: listFacts(uploads),
    passwords: {
      hashPassword: async (text) => `hash of ${text}`,
      verifyPassword: async (text, stored) => stored === `hash of ${text}`,
      passwordProblem: (text) => (text.length < 15 ? "is shorter than 15 characters" : ""),
    },
    ...over,
  };
  if (over.joined !== false) addUsers(accounts);
  const server = adminServer({
    ...{ token: adminToken, facts: { ...adminFacts, ...over.admin }, log: { error: () => {} } },
    desk,
  });
  await server.ready();
  return { server, desk, store, book, entities, accounts, clock, stops, uploads, printed, now };
}

const everyRole: readonly Role[] = ["viewer", "trader", "approver", "admin"];
/** Logins: `viewer-1` of agency 1, `viewer-house`, and so on. */
function addUsers(accounts: MemoryAccounts): void {
  for (const agency of ["1", "2", ""]) {
    for (const role of everyRole) {
      const login = `${role}-${agency === "" ? "house" : agency}`;
      accounts.add({ login, name: `${role} of ${login}`, agency, role }, `hash of ${goodPassword}`);
    }
  }
}

export const pageHeaders = {
  ...{ host: deskHost, origin: `http://${deskHost}`, "sec-fetch-site": "same-origin" },
  "x-crowdbid": "1",
};

/** Signs in; gives the headers of whoever it is. */
export async function signedIn(
  { server }: Pick<DeskWorld, "server">,
  login: string,
): Promise<Record<string, string>> {
  const answer = await server.inject({
    ...{ method: "POST", url: "/api/v1/session", headers: { ...pageHeaders } },
    payload: { login, password: goodPassword },
  });
  const cookie = String(answer.headers["set-cookie"]).split(";", 1)[0]!;
  return { ...pageHeaders, cookie };
}

/** One request to the API; a payload goes as JSON. */
export const ask = (
  server: FastifyInstance,
  headers: Record<string, string>,
  method: NonNullable<InjectOptions["method"]>,
  path: string,
  payload?: object,
): Promise<LightMyRequestResponse> =>
  server.inject({
    ...{ method, url: `/api/v1${path}`, headers },
    ...(payload === undefined ? {} : { payload }),
  });

const factsOf = (now: Map<number, LineItemNow>): DeskFacts => ({
  lineItems: async () => now,
  lineItem: (id) => now.get(id),
  funnel: () => [{ step: "requests", reason: "", count: 10, field: "", noisy: false }],
  series: () => [{ atMs: deskStartMs, spend: "1.00", bids: 2, wins: 1, cpm: "2.50" }],
  latency: () => [{ atMs: deskStartMs, requests: 2, p50Us: 100, p99Us: 300 }],
  exchanges: () => [exchange],
  checkAnswer: () => [{ field: "id", message: "is missing" }],
  report: async ({ by, agency }) => ({
    ...{ columns: [...by], rows: [[agency]], totals: [], csv: `${by.join()}\r\n${agency}\r\n` },
  }),
});

const audienceFacts: Desk["audiences"] = {
  segments: (agency) => [
    {
      ...{ name: "interest.travel", label: "Travel", category: "interest", private: false },
      ...{ bandLow: 100_000, bandHigh: 200_000, resident: true },
    },
    ...(agency === "" ? [] : [privateSegment(agency)]),
  ],
  estimate: () => ({ low: 100_000, high: 200_000, ignores: [], issues: [] }),
  check: async () => ({ verdict: "certified", checksLeft: 19 }),
  checksLeft: () => 20,
};

const privateSegment = (agency: string) => ({
  ...{ name: `list.own-${agency}`, label: "Own", category: "list", private: true },
  ...{ bandLow: null, bandHigh: null, resident: true },
});

function listFacts(uploads: { agency: string; name: string; file: string }[]): Desk["lists"] {
  const listed = ({ name }: { name: string }): ListFact => ({
    ...{ id: name, name, kind: "email", state: "taken in", reason: "", rows: 1, unusable: 0 },
    ...{ atMs: deskStartMs, by: "", segment: "" },
  });
  return {
    ...{ open: true, kinds: ["email", "idfa"] },
    lists: (agency) => uploads.filter((one) => one.agency === agency).map(listed),
    upload: async (upload) => {
      uploads.push(upload);
      return { ok: true, id: upload.name };
    },
    remove: async (agency, name) => {
      const at = uploads.findIndex((one) => one.agency === agency && one.name === name);
      if (at >= 0) uploads.splice(at, 1);
      return at >= 0;
    },
  };
}

const adminFacts = {
  readiness: () => ({
    ...{ generation: 1, epoch: 0, epochAgeSeconds: null, journal: "ok", draining: false },
  }),
  metrics: async () => "",
  status: () => ({}),
  spend: () => ({ campaigns: [], ledger: "balanced" }),
  explain: () => null,
  forget: {
    ...{ open: true, kinds: ["idfa"], words: "as asked", state: () => null },
    take: async () => ({ kind: "taken", id: "wish" }),
  },
  holds: { release: (campaign: number) => campaign === 110 },
} as unknown as AdminFacts;
