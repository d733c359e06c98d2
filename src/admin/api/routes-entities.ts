import { z } from "zod";
import { idMax } from "../../campaign/schema-words.js";
import type { DeskKind, EntityRecord, JsonObject } from "../store/desk-store.js";
import { entityKinds } from "../store/desk-store.js";
import { type Answer, answer, nothingThere, refuse, storeTrouble } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { listOf, listQuery } from "./entity-list.js";
import { committed, plainly, prepared, staleAnswer } from "./entity-save.js";
import { entityOf, entityReply, etagOf, seenOf } from "./entity-view.js";
import { kinds } from "./kinds.js";
import { type Ask, agency, type Route, route } from "./route.js";

/** The same seven routes for each kind of thing. */
export const entityRoutes = (desk: Desk): readonly Route[] =>
  entityKinds.flatMap((kind) => [...readRoutes(desk, kind), ...writeRoutes(desk, kind)]);

const form = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;
export const noteText = z.string().max(500).default("");
const body = z.strictObject({ form, draft: z.boolean().default(false), note: noteText });
const keyParams = z.object({ key: z.string().min(1).max(200) });

const readRoutes = (desk: Desk, kind: DeskKind): readonly Route[] => [
  route({
    ...{ method: "GET", path: `/${kinds[kind].path}`, access: agency("viewer") },
    summary: `Lists ${kinds[kind].path}`,
    query: listQuery,
    reply: z.object({ items: z.array(entityReply), total: z.int() }),
    handler: async ({ caller, query }) => answer(await listOf(desk, caller, kind, query)),
  }),
  route({
    ...{ method: "GET", path: `/${kinds[kind].path}/:key`, access: agency("viewer") },
    ...{ summary: "One of them", params: keyParams, reply: entityReply },
    handler: ({ caller, params }) => {
      const record = seenOf(desk, caller, kind, params.key);
      return record === null ? nothingThere() : entityAnswer(desk, caller, record);
    },
  }),
  route({
    ...{ method: "POST", path: `/${kinds[kind].path}/validate`, access: agency("viewer") },
    summary: "What would be wrong with a form",
    body: z.strictObject({ form, key: z.string().max(200).optional() }),
    reply: z.object({
      issues: z.array(
        z.object({
          severity: z.enum(["error", "warning"]),
          ...{ field: z.string(), message: z.string() },
        }),
      ),
    }),
    handler: async ({ caller, body: { form: given, key } }) => {
      const before = key === undefined ? null : seenOf(desk, caller, kind, key);
      if (key !== undefined && before === null) return nothingThere();
      const place = before?.key ?? (kind === "deal" ? placeOf(kind, given) : null) ?? noKey;
      const { id: _, ...shown } = given;
      const wish = { kind, key: place, before, form: shown, draft: false, archived: false };
      const ready = prepared(desk, caller, wish);
      if (!ready.ok) {
        return answer({ issues: ready.errors.map((one) => ({ severity: "error", ...one })) });
      }
      const issues = await desk.book.check([ready.change]);
      const own = issues.filter((one) => one.kind === kind && one.key === place);
      return answer({
        issues: own.map(({ severity, field, message }) => ({
          ...{ severity, field, message: plainly(message) },
        })),
      });
    },
  }),
];

/** Stands for the id that a new thing will get. */
const noKey = String(idMax);

const writeRoutes = (desk: Desk, kind: DeskKind): readonly Route[] => [
  route({
    ...{ method: "POST", path: `/${kinds[kind].path}`, access: kinds[kind].write },
    ...{ summary: "Makes one", body, reply: entityReply, status: 201 },
    handler: (ask) => created(desk, kind, ask),
  }),
  route({
    ...{ method: "PUT", path: `/${kinds[kind].path}/:key`, access: kinds[kind].write },
    ...{ summary: "Changes one; needs If-Match", params: keyParams, body, reply: entityReply },
    handler: (ask) =>
      changed(desk, kind, ask, { form: ask.body.form, draft: ask.body.draft, archived: false }),
  }),
  route({
    ...{ method: "DELETE", path: `/${kinds[kind].path}/:key`, access: kinds[kind].write },
    ...{ summary: "Archives one; needs If-Match", params: keyParams, reply: entityReply },
    handler: (ask) => changed(desk, kind, { ...ask, body: { note: "" } }, { archived: true }),
  }),
];

export const entityAnswer = (
  desk: Desk,
  caller: Ask<unknown, unknown, unknown>["caller"],
  record: EntityRecord,
  status = 200,
): Answer => answer(entityOf(desk, caller, record), status, { etag: etagOf(record) });

/** The key that a form says itself; null = the desk gives one. */
function placeOf(kind: DeskKind, { id, exchange, deal }: JsonObject): string | null {
  if (kind === "deal") {
    return typeof exchange === "string" && typeof deal === "string" ? `${exchange}/${deal}` : null;
  }
  return typeof id === "number" || typeof id === "string" ? String(id) : null;
}

type Making = Ask<unknown, unknown, { form: JsonObject; draft: boolean; note: string }>;

export async function created(desk: Desk, kind: DeskKind, ask: Making): Promise<Answer> {
  const { caller, body: given } = ask;
  const key = await newKey(desk, kind, ask);
  if (typeof key !== "string") return key;
  const { form: wished, draft, note } = given;
  const ready = prepared(desk, caller, {
    ...{ kind, key, before: null, form: wished, draft, archived: false },
  });
  if (!ready.ok) return refuse(422, "mend what `errors` names", ready.errors);
  const result = await committed(desk, ask, [ready.change], { note });
  if ("refused" in result) return result.refused;
  const [record] = result.saved.records;
  return record === undefined ? nothingThere() : entityAnswer(desk, caller, record, 201);
}

async function newKey(desk: Desk, kind: DeskKind, { caller, body: given }: Making) {
  const place = placeOf(kind, given.form);
  if (place !== null || kind === "deal") {
    // A trader who may choose numbers could use them up: the highest is the last.
    const mayChoose = kind === "deal" || (caller.agency === "" && caller.role === "admin");
    if (mayChoose && place !== null) return place;
    const [field, message] =
      kind === "deal"
        ? ["deal", "is missing: write the exchange and the deal's id there"]
        : ["id", "is given by the desk: leave it out"];
    return refuse(422, "mend what `errors` names", [{ field, message }]);
  }
  const ids = await desk.store.newIds(kind, 1);
  if (ids.ok) return String(ids.value[0]);
  return storeTrouble(ids.code === "locked" ? "locked" : "gone");
}

type Wanted = {
  readonly form?: JsonObject;
  readonly draft?: boolean;
  readonly archived: boolean;
};
type Changing = Ask<{ key: string }, unknown, { note: string }>;

async function changed(desk: Desk, kind: DeskKind, ask: Changing, wanted: Wanted): Promise<Answer> {
  const { caller, params } = ask;
  const before = seenOf(desk, caller, kind, params.key);
  if (before === null) return nothingThere();
  const version = versionIn(ask.headers["if-match"]);
  if (version === null) {
    return refuse(428, 'send `if-match` with the etag that you have read, such as "3"');
  }
  if (version !== before.version) {
    return staleAnswer(desk, caller, [{ kind, key: before.key, base: before.version }]);
  }
  const form = wanted.form ?? before.form;
  const own = placeOf(kind, form);
  if (own !== null && own !== before.key) {
    const errors = [{ field: kind === "deal" ? "deal" : "id", message: "cannot be changed" }];
    return refuse(422, "mend what `errors` names", errors);
  }
  const ready = prepared(desk, caller, {
    ...{ kind, key: before.key, before, form },
    ...{ draft: wanted.draft ?? before.draft, archived: wanted.archived },
  });
  if (!ready.ok) return refuse(422, "mend what `errors` names", ready.errors);
  const result = await committed(desk, ask, [ready.change], { note: ask.body.note });
  if ("refused" in result) return result.refused;
  const [record] = result.saved.records;
  return record === undefined ? nothingThere() : entityAnswer(desk, caller, record);
}

/** null = none, or one that names no version. */
export const versionIn = (ifMatch: string | undefined): number | null => {
  const version = /^"?(\d{1,15})"?$/.exec(ifMatch ?? "")?.[1];
  return version === undefined ? null : Number(version);
};
