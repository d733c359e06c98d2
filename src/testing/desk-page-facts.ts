import { type Ask, type Reply, thing } from "./desk-page-answers.js";

/** Canned answers of the routes of facts, people and history: enough of each to fill its page. */

const hourMs = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const startMs = Date.UTC(2026, 10, 26, 8);
const list = (items: readonly unknown[], more: object = {}): Reply => ({
  status: 200,
  body: { items, total: items.length, ...more },
});
const said = (body: unknown): Reply => ({ status: 200, body });

const segment = (name: string, bandLow: number | null, more: object = {}) => ({
  ...{ name, label: `People of ${name}`, category: "interest", bandLow, resident: true },
  ...{ bandHigh: bandLow === null ? null : bandLow * 1.5, private: false, ...more },
});
const segments = [
  segment("interest.travel", 1_200_000),
  segment("interest.home", 400_000, { resident: false }),
  segment("life.students", 250_000),
  segment("list.buyers", null, { private: true }),
];

const exchange = (name: string) => ({
  ...{ id: 1, name, profile: "2.6", endpoint: `http://127.0.0.1:8080/bid/${name}`, stopped: false },
  ...{ requests: 90_000, bids: 20_000, wins: 900, queriesPerSecond: 25, queriesPerSecondMax: 500 },
  errors: [
    { kind: "late answers", lastHour: 9, sinceStart: 12, tolerancePercent: 15 },
    { kind: "no JSON", lastHour: 4000, sinceStart: 4000, tolerancePercent: 1 },
  ],
  headers: [{ name: "x-openrtb-version", value: "2.6", why: "the version of the request" }],
  samples: [{ name: "banner", body: '{"id":"1","imp":[{"id":"1","banner":{"w":300,"h":250}}]}' }],
});

const price = {
  ...{ currency: "EUR", agreed: false, base: 2.4, contextFactor: 0.9, personFactor: 1 },
  modifiers: [{ when: "device type pc", factor: 0.9 }],
  ...{ value: 2.16, strategy: "shade", share: 0.8, wanted: 1.728, floor: 0.5, maximum: 6 },
  ...{ final: 1.728, bid: { amount: 1.88, currency: "USD" } },
};
const explained = {
  ...{ status: 200, exchange: "openrtb26", generation: 7, epoch: 3, at: "2026-11-26T10:00:00Z" },
  ...{ outcome: "bid", reason: "line item 10001 is offered", currency: "USD" },
  consent: { market: "eu", rule: "tcf", decision: "granted" },
  person: { kind: "nobody", segments: [], unknownPlaces: [2], words: "Nobody that we know." },
  imps: [
    {
      ...{ imp: 1, media: ["banner"], formats: ["300x250"], outcome: "bid", reason: "offered" },
      ...{
        floor: { amount: 0.5, currency: "USD" },
        outcomes: { bid: 1, targeting: 3 },
        leftOut: 2,
      },
      lineItems: [
        {
          ...{ lineItem: 10_001, name: "Travel sites 1", campaign: 1000, advertiser: "Brand" },
          ...{ outcome: "bid", offered: true, refusal: null, notes: ["caps are not checked"] },
          ways: [
            {
              ...{ way: "open auction", outcome: "bid", creative: 20_000, offered: true },
              ...{ refusal: null, price },
            },
          ],
        },
        {
          ...{ lineItem: 10_002, name: "Travel sites 2", campaign: 1000, advertiser: "Brand" },
          ...{ outcome: "targeting", offered: false, ways: [], notes: [] },
          refusal: { rule: "countries", seen: "USA", limit: "FRA, DEU" },
        },
      ],
    },
  ],
};

const state = (cpm: number) => ({
  ...{ draft: false, archived: false },
  form: { id: 10_001, name: "Travel sites 1", price: { cpm } },
});
const revision = {
  ...{
    seq: 12,
    change: 5,
    at: iso(startMs),
    way: "page",
    note: "",
    kind: "lineItem",
    key: "10001",
  },
  ...{ agency: "10", version: 2, before: state(2.4), after: state(3) },
  actor: { user: 1, name: "Ada", from: "" },
};
const change = {
  ...{
    change: 5,
    at: "2026-11-26T09:00:00Z",
    actor: { user: 1, name: "Ada", from: "" },
    way: "page",
    note: "dearer",
  },
  ...{ undoable: true, revisions: [revision] },
};

const bar = (step: string, count: number, reason = "", field = "", noisy = false) => ({
  ...{ step, count, reason, field, noisy },
});
const bars = [
  ...[bar("requests", 120_000), bar("eligible", 9000, "", "targeting"), bar("bid", 3000)],
  bar("won", 240),
  bar("left out", 90_000, "another country", "targeting.include.countries"),
  bar("left out", 20_000, "persons", "audience", true),
];

const series = Array.from({ length: 40 }, (_, i) => ({
  ...{ at: iso(startMs + i * (hourMs / 10)), spend: "1.25", bids: 100 + i, wins: i, cpm: "2.4" },
}));
const latency = Array.from({ length: 40 }, (_, i) => ({
  ...{ at: iso(startMs + i * 60_000), requests: 1500, p50Us: 210 + i, p99Us: 900 + i },
}));

const person = (id: number, name: string, login: string) => ({
  ...{ id, login, name, agency: "", role: "trader", disabled: false },
  ...{ createdAt: iso(startMs), lastSeenAt: login === "" ? null : iso(startMs) },
});
const token = {
  ...{ id: "t1", user: 1, name: "nightly report", role: "viewer" },
  ...{ createdAt: iso(startMs), expiresAt: iso(startMs + 720 * hourMs), lastUsedAt: null },
};
const auditLine = {
  ...{ n: 17, at: iso(startMs), actor: { user: 1, name: "Ada", from: "127.0.0.1" }, agency: "" },
  ...{ action: "login_failed", what: "user 1", hash: "ab".repeat(32) },
};
const upload = {
  ...{ id: "l1", name: "buyers", kind: "email", state: "in the bank", reason: "", rows: 120_000 },
  ...{ unusable: 4, at: iso(startMs), by: "Ada", segment: "list.buyers" },
};
const approval = {
  ...{ creative: "20000", name: "Spring 300x250", exchange: "openrtb26", verdict: "pending" },
  ...{ advertiser: "Brand", format: "html", version: 1, updatedAt: iso(startMs), updatedBy: "Ada" },
};
const judged = {
  ...thing("creative", "20000", {
    ...{ id: 20_000, advertiser: 100, name: "Spring 300x250", format: "html", html: "<p>" },
    ...{ sizes: ["300x250"], landingPage: "https://brand.example/" },
    approvals: { onebid: "rejected" },
  }),
  version: 2,
};
const preview = {
  ...{ format: "html", html: "<p>", sizes: ["300x250", "728x90"] },
  ...{ problems: ["clicks are not counted"], clickUrl: "https://brand.example/" },
};
const report = {
  columns: [
    "exchange",
    "deal_id",
    "deal",
    "day",
    "currency",
    "requests",
    "bids",
    "media",
    "win_rate",
  ],
  rows: [["openrtb26", "D1", "Pavilion", "2026-11-26", "EUR", "120", "12", "1.250000000", "0.25"]],
  totals: [["", "", "", "", "EUR", "120", "12", "1.250000000", "0.25"]],
};

const answered: Readonly<Record<string, (ask: Ask) => Reply>> = {
  "GET /segments": () => list(segments),
  "POST /audiences/estimate": () =>
    said({ low: 100_000, high: 1_800_000, ignores: ["overlap of segments"], issues: [] }),
  "GET /audience-checks": () => said({ checksLeft: 3 }),
  "POST /audiences/check": () => said({ verdict: "refused", checksLeft: 2 }),
  "GET /lists": () => list([upload], { kinds: ["email", "phone"] }),
  "POST /lists": () => ({ status: 202, body: { id: "l2" } }),
  "DELETE /lists/buyers": () => ({ status: 204, body: null }),
  "GET /line-items/10001/funnel": () => said({ bars, asOf: "2026-11-26T10:00:00Z" }),
  "GET /series": () => said({ points: series }),
  "GET /latency": () => said({ points: latency }),
  "GET /report-dimensions": () => list(["advertiser", "day", "line-item", "deal"]),
  "POST /reports": () => said(report),
  "GET /exchanges": () => list([exchange("openrtb26"), exchange("onebid")]),
  "GET /exchanges/openrtb26": () => said(exchange("openrtb26")),
  "POST /exchanges/openrtb26/check-answer": () =>
    said({ issues: [{ field: "seatbid[0].bid[0].price", message: "is below the bid floor" }] }),
  "POST /explain": () => said(explained),
  "GET /changes": () => list([change], { next: null }),
  "POST /changes/5/undo": () => said({ change: 6 }),
  "POST /revisions/12/restore": () => said({ change: 6 }),
  "GET /users": () => list([person(1, "Ada", "ada"), person(2, "Bo", "bo")]),
  "GET /invitations": () =>
    list([
      { ...{ id: 3, name: "Cy", agency: "", role: "trader" }, expiresAt: "2026-12-03T10:00:00Z" },
    ]),
  "DELETE /invitations/3": () => ({ status: 204, body: null }),
  "POST /users": () => ({ status: 201, body: { id: 4, code: "K7WQ-M2XP-9R" } }),
  "PATCH /users/2": () => said(person(2, "Bo", "bo")),
  "GET /tokens": () => list([token]),
  "POST /tokens": () => ({ status: 201, body: { token: "cb_t2_secret" } }),
  "GET /audit": () => list([auditLine], { next: null }),
  "GET /audit/verify": () => said({ ok: false, line: 9, words: "its hash is another one" }),
  "GET /approvals": () => list([approval]),
  "POST /creatives/20000/approvals": () => said(judged),
  "GET /creatives/20000/preview": () => said(preview),
};

/** undefined: none of these routes. */
export const factAnswers = (ask: Ask): Reply | undefined =>
  answered[`${ask.method} ${ask.path}`]?.(ask);
