import { kinds } from "../admin/api/kinds.js";
import { digestOf, newToken } from "../admin/api/secrets.js";
import { type DeskKind, entityKinds, type JsonObject } from "../admin/store/desk-store.js";
import { type DeskWorld, deskStartMs } from "./desk-world.js";

/** A request for each route of the desk, at what is the caller's, another agency's, or nowhere. */

export const targets = ["own", "other", "missing"] as const;
export type Target = (typeof targets)[number];

export type Sample = {
  readonly path?: string;
  readonly payload?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the route where it may be called, by what it asks for. */
  readonly wanted: number;
  /** Of callers of the house; absent = the same. */
  readonly house?: number;
};

type Sampler = (at: { target: Target; world: DeskWorld; user: number }) => Promise<Sample> | Sample;

const keysOf = (kind: DeskKind): Readonly<Record<Target, string>> => {
  const numbered = (own: string, other: string) => ({ own, other, missing: "999999" });
  switch (kind) {
    case "agency":
      return numbered("1", "2");
    case "advertiser":
      return numbered("11", "21");
    case "campaign":
      return numbered("110", "210");
    case "lineItem":
      return numbered("1101", "2101");
    case "creative":
      return numbered("1111", "2111");
    case "audience":
      return numbered("15", "25");
    case "deal":
      return {
        ...{ own: "openrtb26/deal-1", other: "openrtb26/deal-2", missing: "openrtb26/deal-9" },
      };
  }
};
const keyAt = (kind: DeskKind, target: Target): string => keysOf(kind)[target];

/** The status for what is there, what is another's (the house sees it), what is nowhere. */
const seenAs = (target: Target, there: number, hidden = 404): Pick<Sample, "wanted" | "house"> =>
  target === "own"
    ? { wanted: there }
    : { wanted: hidden, house: target === "other" ? there : hidden };

const formAt = ({ book }: DeskWorld, kind: DeskKind, target: Target): JsonObject => {
  const record = book.get(kind, keyAt(kind, target)) ?? book.get(kind, keyAt(kind, "own"));
  return record?.form ?? {};
};

let made = 0;

/** What a new one hangs on, at the target; agencies and deals hang on nothing. */
function newForm(world: DeskWorld, kind: DeskKind, target: Target): JsonObject {
  const { id: _, ...form } = formAt(world, kind, target);
  if (kind === "deal") return { ...form, deal: `new-${++made}` };
  if (target !== "missing") return form;
  const named = { advertiser: "agency", audience: "agency", campaign: "advertiser" } as const;
  const more = { creative: "advertiser", lineItem: "campaign" } as const;
  const field = { ...named, ...more }[kind as "lineItem"];
  return field === undefined ? form : { ...form, [field]: 999_999 };
}

const entitySamples = (kind: DeskKind): readonly (readonly [string, Sampler])[] => {
  const base = `/${kinds[kind].path}`;
  const at = (target: Target): string => `${base}/${encodeURIComponent(keyAt(kind, target))}`;
  const version = ({ book }: DeskWorld, target: Target) => ({
    "if-match": `"${book.get(kind, keyAt(kind, target))?.version ?? 1}"`,
  });
  const free = kind === "agency" || kind === "deal";
  return [
    [`GET ${base}`, () => ({ wanted: 200 })],
    [`GET ${base}/:key`, ({ target }) => ({ path: at(target), ...seenAs(target, 200) })],
    [
      `POST ${base}/validate`,
      ({ target, world }) => ({
        payload: { form: formAt(world, kind, target), key: keyAt(kind, target) },
        ...seenAs(target, 200),
      }),
    ],
    [
      `POST ${base}`,
      ({ target, world }) => ({
        payload: { form: newForm(world, kind, target) },
        ...(free ? { wanted: 201 } : seenAs(target, 201, 422)),
      }),
    ],
    [
      `PUT ${base}/:key`,
      ({ target, world }) => ({
        ...{ path: at(target), headers: version(world, target) },
        payload: { form: formAt(world, kind, target) },
        ...seenAs(target, 200),
      }),
    ],
    [
      `DELETE ${base}/:key`,
      ({ target, world }) => ({
        ...{ path: at(target), headers: version(world, target) },
        ...seenAs(target, 200),
      }),
    ],
  ];
};

/** A revision of a line item, made just now. */
async function revisionAt({ store, book }: DeskWorld, target: Target) {
  const record = book.get("lineItem", keyAt("lineItem", target));
  if (record === null) return { change: 999_999, seq: 999_999 };
  const { kind, key, draft, archived, form, agency, file, seed, version: base } = record;
  const result = await book.commit({
    ...{ actor: { user: 1, name: "somebody", from: "" }, atMs: deskStartMs, way: "page" },
    ...{ note: "", changes: [{ kind, key, draft, archived, form, agency, file, seed, base }] },
  });
  const change = result.ok ? result.change : 0;
  const found = await store.revisions({ change, limit: 1 });
  return { change, seq: found.ok ? (found.value[0]?.seq ?? 0) : 0 };
}

const agencyAt: Readonly<Record<Target, string>> = { own: "1", other: "2", missing: "999999" };
const itemAt = (target: Target): string => keyAt("lineItem", target);
const creativeAt = (target: Target): string => keyAt("creative", target);
const csv = { "content-type": "text/csv" };
const plain =
  (wanted: number, more: Omit<Sample, "wanted"> = {}) =>
  (): Sample => ({
    ...{ wanted, ...more },
  });

const others: readonly (readonly [string, Sampler])[] = [
  ["GET /status", plain(200)],
  ["GET /spend", plain(200)],
  ["POST /explain", plain(503, { payload: { request: {} } })],
  ["POST /holds/release", plain(202, { payload: { campaign: 110, exchange: "openrtb26" } })],
  ["POST /forget", plain(202, { payload: { identifiers: [{ kind: "idfa", value: "0A" }] } })],
  ["GET /forget/:id", plain(404, { path: "/forget/none" })],
  ["GET /session", plain(200)],
  [
    "POST /session",
    (_) => ({ payload: { login: `nobody-${++made}`, password: "wrong" }, wanted: 401 }),
  ],
  ["POST /join", plain(422, { payload: { code: "X", login: "n", name: "n", password: "short" } })],
  ["GET /users", plain(200)],
  [
    "POST /users",
    ({ target }) => ({
      payload: { name: "New", role: "viewer", agency: agencyAt[target] },
      ...seenAs(target, 201, 422),
    }),
  ],
  [
    "PATCH /users/:id",
    ({ target, world }) => {
      const login = { own: "viewer-1", other: "viewer-2", missing: "" }[target];
      const kept = [...world.accounts.kept.values()].find(({ user }) => user.login === login);
      const payload = { name: "Renamed" };
      return { path: `/users/${kept?.user.id ?? 999}`, payload, ...seenAs(target, 200) };
    },
  ],
  ["GET /invitations", plain(200)],
  [
    "DELETE /invitations/:id",
    async ({ target, world }) => {
      if (target === "missing") return { path: "/invitations/999999", wanted: 404 };
      const { randomBytes } = world.desk;
      const made = await world.store.invite(
        {
          ...{ name: "Guest", agency: agencyAt[target], role: "viewer" },
          ...{ codeDigest: digestOf(newToken(randomBytes).token), expiresMs: deskStartMs + 1e9 },
        },
        { user: 0, name: "", from: "" },
        deskStartMs,
      );
      const id = made.ok ? made.value.id : 0;
      return { path: `/invitations/${id}`, ...seenAs(target, 204) };
    },
  ],
  ["GET /tokens", plain(200)],
  [
    "DELETE /tokens/:id",
    async ({ target, world, user }) => {
      const { id, token } = newToken(world.desk.randomBytes);
      const owner = target === "own" ? user : user + 1;
      const role = "viewer" as const;
      const times = { createdMs: deskStartMs, expiresMs: deskStartMs + 1e9 };
      if (target !== "missing") {
        const made = { id, user: owner, name: "", role, ...times, digest: digestOf(token) };
        await world.store.makeToken(made, { user: owner, name: "", from: "" });
      }
      return { path: `/tokens/${id}`, wanted: target === "own" ? 204 : 404 };
    },
  ],
  [
    "POST /line-items/:key/duplicate",
    ({ target }) => ({
      ...{ path: `/line-items/${itemAt(target)}/duplicate`, payload: {} },
      ...seenAs(target, 201),
    }),
  ],
  [
    "POST /line-items/bulk",
    plain(200, { payload: { keys: ["1101", "2101"], set: { paused: true }, preview: true } }),
  ],
  ["GET /line-items.csv", plain(200)],
  ["POST /line-items.csv", plain(200, { payload: "key,version\r\n", headers: csv })],
  ["GET /stops", plain(200)],
  [
    "POST /stops",
    ({ target }) => ({
      payload: { kind: "lineItem", key: itemAt(target) },
      ...seenAs(target, 201),
    }),
  ],
  [
    "DELETE /stops/:kind/:key",
    ({ target, world }) => {
      const key = itemAt(target);
      if (target !== "missing") {
        const of = { kind: "lineItem", key, agency: agencyAt[target] } as const;
        world.stops.splice(0, 9, { ...of, sinceMs: deskStartMs, by: "" });
      }
      return { path: `/stops/lineItem/${key}`, ...seenAs(target, 204) };
    },
  ],
  [
    "POST /creatives/:key/approvals",
    ({ target }) => ({
      path: `/creatives/${creativeAt(target)}/approvals`,
      payload: { exchange: "openrtb26", verdict: "approved" },
      ...seenAs(target, 200),
    }),
  ],
  ["GET /approvals", plain(200)],
  [
    "GET /creatives/:key/preview",
    ({ target }) => ({
      ...{ path: `/creatives/${creativeAt(target)}/preview`, ...seenAs(target, 200) },
    }),
  ],
  [
    "GET /preview/creatives/:key",
    ({ target }) => ({
      ...{ path: `/preview/creatives/${creativeAt(target)}`, ...seenAs(target, 200) },
    }),
  ],
  [
    "GET /segments",
    ({ target }) => ({ path: `/segments?agency=${agencyAt[target]}`, ...seenAs(target, 200) }),
  ],
  ...(["estimate", "check"] as const).map((what): readonly [string, Sampler] => [
    `POST /audiences/${what}`,
    ({ target }) => ({
      payload: { agency: agencyAt[target], audience: "interest.travel" },
      ...seenAs(target, 200),
    }),
  ]),
  [
    "GET /audience-checks",
    ({ target }) => ({
      ...{ path: `/audience-checks?agency=${agencyAt[target]}`, ...seenAs(target, 200) },
    }),
  ],
  [
    "GET /lists",
    ({ target }) => ({ path: `/lists?agency=${agencyAt[target]}`, ...seenAs(target, 200) }),
  ],
  [
    "POST /lists",
    ({ target }) => ({
      path: `/lists?name=mine&kind=email&agency=${agencyAt[target]}`,
      ...{ payload: "a\n", headers: csv, ...seenAs(target, 202) },
    }),
  ],
  [
    "DELETE /lists/:name",
    ({ target, world }) => {
      const agency = agencyAt[target];
      world.uploads.splice(0, 9, { agency: agency === "2" ? "2" : "1", name: "mine", file: "" });
      const name = target === "missing" ? "none" : "mine";
      const of = target === "missing" ? "1" : agency;
      return { path: `/lists/${name}?agency=${of}`, ...seenAs(target, 204) };
    },
  ],
  [
    "GET /line-items/:key/funnel",
    ({ target }) => ({ path: `/line-items/${itemAt(target)}/funnel`, ...seenAs(target, 200) }),
  ],
  [
    "GET /series",
    ({ target }) => ({ path: `/series?lineItem=${itemAt(target)}`, ...seenAs(target, 200) }),
  ],
  ["GET /latency", plain(200)],
  ["GET /report-dimensions", plain(200)],
  ["POST /reports", plain(200, { payload: { by: ["day"], from: "2026-11-01", to: "2026-11-26" } })],
  ["GET /exchanges", plain(200)],
  ["GET /exchanges/:name", plain(200, { path: "/exchanges/openrtb26" })],
  [
    "POST /exchanges/:name/check-answer",
    plain(200, {
      path: "/exchanges/openrtb26/check-answer",
      payload: { request: "{}", answer: "{}" },
    }),
  ],
  ["GET /changes", plain(200)],
  [
    "POST /changes/:change/undo",
    async ({ target, world }) => ({
      path: `/changes/${(await revisionAt(world, target)).change}/undo`,
      ...seenAs(target, 200),
    }),
  ],
  [
    "POST /revisions/:seq/restore",
    async ({ target, world }) => ({
      path: `/revisions/${(await revisionAt(world, target)).seq}/restore`,
      ...seenAs(target, 200),
    }),
  ],
  ["GET /audit", plain(200)],
  ["GET /audit/verify", plain(200)],
];

/** By method and path. What only a session may do, and what ends one, is tested by itself. */
export const samples: ReadonlyMap<string, Sampler> = new Map([
  ...entityKinds.flatMap(entitySamples),
  ...others,
]);
export const sampledElsewhere = ["DELETE /session", "POST /password", "POST /tokens"];
