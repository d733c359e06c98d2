import type { LineItemNow, LineItemState } from "../admin/desk/desk.js";
import type { DeskKind, JsonObject, Role } from "../admin/store/desk-store.js";
import type { Entity, SessionAnswer, StopEntry } from "../admin/ui/answers.js";

/** A desk of the page's tests: a few things in memory behind the routes that the page calls. */
export type Ask = {
  readonly method: string;
  /** Below /api/v1. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Of If-Match; 0 = none. */
  readonly version: number;
};
export type Reply = { readonly status: number; readonly body: unknown; readonly type?: string };
export type Answers = (ask: Ask) => Reply;

const kinds: Readonly<Record<string, DeskKind>> = {
  agencies: "agency",
  advertisers: "advertiser",
  campaigns: "campaign",
  "line-items": "lineItem",
  creatives: "creative",
  audiences: "audience",
  deals: "deal",
};

export type CannedDesk = {
  session: SessionAnswer;
  readonly things: Map<string, Entity>;
  stops: readonly StopEntry[];
  /** Routes that a test puts before the others; undefined = not this one. */
  first: (ask: Ask) => Reply | undefined;
  readonly answers: Answers;
};

export const signedInAs = (role: Role, agency = ""): SessionAnswer => ({
  state: "signed-in",
  user: {
    ...{ id: 1, login: "ada", name: "Ada", agency, role },
    agencyName: agency === "" ? "" : "Agency",
  },
  trouble: "",
  demo: false,
});

const states: readonly LineItemState[] = ["live", "paused", "no creative", "warming", "ended"];
const reasons: Readonly<Partial<Record<LineItemState, string>>> = {
  "no creative": "no creative is approved by an exchange",
  warming: "segment planes are loading",
};
export const nowOf = (id: number): LineItemNow => {
  const state = states[id % states.length] ?? "live";
  return {
    ...{
      id,
      state,
      reason: reasons[state] ?? "",
      field: state === "no creative" ? "creatives" : "",
    },
    ...{ spendToday: `${id % 90}.25`, spendTotal: `${id % 900}.5`, idealToday: "60" },
    ...{ dayBudget: "100", totalBudget: "5000", impressionsToday: id, impressionsTotal: id * 10 },
    ...{ bidsToday: id * 3, clicksTotal: id % 7, winRatePercent: 12.5, ecpm: "2.31" },
    ...{ ctrPercent: 0.12, daysLeft: 12, bidLow: "1.20", bidHigh: "6.00" },
  };
};

export function thing(kind: DeskKind, key: string, form: JsonObject): Entity {
  const advertiser = { key: "100", name: "Brand", currency: "EUR", timeZone: "Europe/Paris" };
  const below = kind !== "agency" && kind !== "advertiser";
  return {
    ...{ kind, key, version: 1, draft: false, archived: false, agency: "10", form },
    ...{ createdAt: "2026-11-01T09:00:00Z", updatedAt: "2026-11-20T09:00:00Z", updatedBy: "Ada" },
    links: {
      agency: { key: "10", name: "Agency" },
      ...(below ? { advertiser } : {}),
      ...(kind === "lineItem" ? { campaign: { key: "1000", name: "Spring" } } : {}),
    },
    ...(kind === "lineItem" ? { now: nowOf(Number(key)) } : {}),
  };
}

const placeOf = ({ kind, key }: Pick<Entity, "kind" | "key">): string => `${kind} ${key}`;

function seed(lineItems: number): Entity[] {
  const flight = { start: "2026-12-01", end: "2027-03-31" };
  const items = Array.from({ length: lineItems }, (_, i) =>
    thing("lineItem", `${10_001 + i}`, {
      ...{ id: 10_001 + i, campaign: 1000, name: `Travel sites ${i + 1}`, price: { cpm: 2.4 } },
      ...{ creatives: [{ id: 20_000 }], paused: false },
      targeting: { include: { countries: ["FRA", "DEU"] } },
    }),
  );
  const advertiser = { agency: 10, name: "Brand", domains: ["brand.example"], currency: "EUR" };
  return [
    thing("agency", "10", { id: 10, name: "Agency" }),
    thing("advertiser", "100", { id: 100, ...advertiser, timeZone: "Europe/Paris" }),
    thing("campaign", "1000", {
      ...{ id: 1000, advertiser: 100, name: "Spring", flight, budget: { total: 50_000 } },
    }),
    thing("creative", "20000", {
      ...{ id: 20_000, advertiser: 100, name: "Spring 300x250", format: "html" },
      ...{ sizes: ["300x250"], html: "<p>", landingPage: "https://brand.example/" },
    }),
    ...items,
  ];
}

const problem = (status: number, title: string, detail: string, more: object = {}): Reply => ({
  status,
  body: { type: "about:blank", status, title, detail, ...more },
});

function listed(desk: CannedDesk, kind: DeskKind, query: URLSearchParams): Reply {
  const search = (query.get("search") ?? "").toLowerCase();
  const state = query.get("state");
  const found = [...desk.things.values()].filter(
    (one) =>
      one.kind === kind &&
      String(one.form["name"]).toLowerCase().includes(search) &&
      (state === null || one.now?.state === state) &&
      (query.get("campaign") ?? one.links.campaign?.key) === one.links.campaign?.key,
  );
  const sort = query.get("sort") ?? "";
  if (sort.replace("-", "") === "name") {
    const sign = sort.startsWith("-") ? -1 : 1;
    const nameOf = (one: Entity): string => String(one.form["name"]);
    found.sort((a, b) => sign * nameOf(a).localeCompare(nameOf(b)));
  }
  const offset = Number(query.get("offset") ?? 0);
  const items = found.slice(offset, offset + Number(query.get("limit") ?? 50));
  return { status: 200, body: { items, total: found.length } };
}

function written(desk: CannedDesk, was: Entity | undefined, ask: Ask, kind: DeskKind): Reply {
  const { form = {}, draft = false } = ask.body as { form?: JsonObject; draft?: boolean };
  if (was !== undefined && was.version !== ask.version) {
    return problem(412, "Stale", "Somebody saved this since.", { current: was });
  }
  if (!draft && typeof form["name"] !== "string") {
    const errors = [{ field: "name", message: "is missing: write a name in quotes" }];
    return problem(400, "Bad request", "The form has errors.", { errors });
  }
  const key = was?.key ?? `${90_000 + desk.things.size}`;
  const fresh = { ...thing(kind, key, { id: Number(key), ...form }), draft };
  const entity = { ...fresh, version: (was?.version ?? 0) + 1 };
  desk.things.set(placeOf(entity), entity);
  return { status: was === undefined ? 201 : 200, body: entity };
}

function entityRoute(desk: CannedDesk, ask: Ask): Reply | undefined {
  const [, base = "", key, verb] = ask.path.split("/");
  const kind = kinds[base];
  if (kind === undefined) return undefined;
  if (key === undefined) {
    return ask.method === "GET"
      ? listed(desk, kind, ask.query)
      : written(desk, undefined, ask, kind);
  }
  if (key === "validate") {
    const { form } = ask.body as { form: JsonObject };
    const message = "is missing: write a name in quotes";
    const issues = form["name"] ? [] : [{ severity: "error", field: "name", message }];
    return { status: 200, body: { issues } };
  }
  const was = desk.things.get(`${kind} ${key}`);
  if (was === undefined) return undefined;
  if (verb === "duplicate") {
    const form = { ...was.form, name: `${String(was.form["name"])} (copy)`, paused: true };
    return written(desk, undefined, { ...ask, body: { form, draft: true } }, kind);
  }
  if (verb !== undefined) return undefined;
  if (ask.method === "PUT") return written(desk, was, ask, kind);
  if (ask.method === "DELETE") desk.things.delete(placeOf(was));
  return { status: 200, body: was };
}

function stopRoute(desk: CannedDesk, ask: Ask): Reply | undefined {
  const [, base, kind, key] = ask.path.split("/");
  if (base !== "stops") return undefined;
  if (ask.method === "POST") {
    const { kind: of, key: what } = ask.body as StopEntry;
    const since = "2026-11-20T09:00:00Z";
    const stop = { kind: of, key: what, agency: "10", since, by: "Ada" };
    desk.stops = [...desk.stops, stop];
  } else if (ask.method === "DELETE") {
    desk.stops = desk.stops.filter((stop) => stop.kind !== kind || stop.key !== key);
  }
  return { status: 200, body: { items: desk.stops, total: desk.stops.length } };
}

/** Pause, run, archive and a new base price: what the tests of the page ask for. */
function bulkRoute(desk: CannedDesk, ask: Ask): Reply | undefined {
  if (ask.path !== "/line-items/bulk") return undefined;
  const { keys, set, preview } = ask.body as {
    keys: string[];
    set: { paused?: boolean; cpm?: { to: number } };
    preview: boolean;
  };
  const rows = keys.map((key) => {
    const was = desk.things.get(`lineItem ${key}`) ?? thing("lineItem", key, {});
    const price = set.cpm === undefined ? {} : { price: { cpm: set.cpm.to } };
    const paused = set.paused === undefined ? {} : { paused: set.paused };
    const form = { ...was.form, ...price, ...paused };
    const version = was.version + 1;
    if (!preview) desk.things.set(`lineItem ${key}`, { ...was, form, version });
    const [field, before, after] =
      set.cpm === undefined
        ? ["paused", was.form["paused"] ?? false, set.paused]
        : ["price.cpm", 2.4, set.cpm.to];
    return { key, name: String(was.form["name"]), version, changes: [{ field, before, after }] };
  });
  return { status: 200, body: { changed: keys.length, rows, change: 77 } };
}

/**
 * An agency, an advertiser, a campaign, a creative and so many line items; everything may change.
 */
export function cannedDesk(lineItems: number, session = signedInAs("admin")): CannedDesk {
  const desk: CannedDesk = {
    session,
    things: new Map(seed(lineItems).map((one) => [placeOf(one), one])),
    stops: [],
    first: () => undefined,
    answers: (ask) => {
      const own = desk.first(ask);
      if (own !== undefined) return own;
      if (ask.path === "/session" && ask.method === "GET")
        return { status: 200, body: desk.session };
      if (ask.path === "/session" || ask.path === "/join") {
        desk.session =
          ask.method === "DELETE"
            ? { state: "signed-out", trouble: "", demo: false }
            : signedInAs("admin");
        return { status: 200, body: null };
      }
      const known = bulkRoute(desk, ask) ?? entityRoute(desk, ask) ?? stopRoute(desk, ask);
      return known ?? problem(404, "Not found", "There is no such thing.");
    },
  };
  return desk;
}
