import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import type { JsonObject } from "../store/desk-store.js";
import type { Caller } from "./access.js";
import { tooLarge } from "./add-routes.js";
import { type Answer, answer, nothingThere, refuse } from "./answer.js";
import { AuditNotes } from "./audit-notes.js";
import type { Desk } from "./desk-parts.js";
import { plainly } from "./entity-save.js";
import { type Ask, agency, type Route, route } from "./route.js";

/** Segments, estimates and checks of audiences, and uploads of lists. */

const agencyText = z.string().max(20).default("");
const audience = z.union([z.string().max(96), z.record(z.string(), z.unknown())]);
const audienceBody = z.strictObject({
  ...{ agency: agencyText, audience: audience as z.ZodType<JsonObject | string> },
});

/** The house asks for any agency, an agency for itself alone; null = it is not there. */
function agencyFor(desk: Desk, caller: Caller, asked: string): string | null {
  if (caller.agency !== "") return asked === "" || asked === caller.agency ? caller.agency : null;
  return asked === "" || desk.book.get("agency", asked) !== null ? asked : null;
}

export const audienceRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/segments", access: agency("viewer") },
    summary: "Segments that an agency may name, with published bands",
    query: z.strictObject({ agency: agencyText }),
    reply: z.object({
      items: z.array(
        z.object({
          ...{ name: z.string(), label: z.string(), category: z.string() },
          ...{ bandLow: z.number().nullable(), bandHigh: z.number().nullable() },
          ...{ resident: z.boolean(), private: z.boolean() },
        }),
      ),
    }),
    handler: ({ caller, query }) => {
      const of = agencyFor(desk, caller, query.agency);
      return of === null ? nothingThere() : answer({ items: desk.audiences.segments(of) });
    },
  }),
  route({
    ...{ method: "POST", path: "/audiences/estimate", access: agency("viewer") },
    ...{ summary: "Bounds of an audience, of published bands alone", body: audienceBody },
    reply: z.object({
      ...{ low: z.number().nullable(), high: z.number().nullable(), ignores: z.array(z.string()) },
      issues: z.array(z.object({ path: z.string(), message: z.string() })),
    }),
    handler: ({ caller, body }) => {
      const of = agencyFor(desk, caller, body.agency);
      if (of === null) return nothingThere();
      const estimate = desk.audiences.estimate(of, body.audience);
      const issues = estimate.issues.map(({ path, message }) => ({
        path,
        message: plainly(message),
      }));
      return answer({ ...estimate, issues });
    },
  }),
  route({
    ...{ method: "POST", path: "/audiences/check", access: agency("trader") },
    ...{ summary: "Judges an audience; spends one of the day's checks", body: audienceBody },
    reply: z.object({ verdict: z.string(), checksLeft: z.int() }),
    handler: async ({ caller, body }) => {
      const of = agencyFor(desk, caller, body.agency);
      return of === null ? nothingThere() : answer(await desk.audiences.check(of, body.audience));
    },
  }),
  route({
    ...{ method: "GET", path: "/audience-checks", access: agency("viewer") },
    ...{ summary: "Checks that are left today", query: z.strictObject({ agency: agencyText }) },
    reply: z.object({ checksLeft: z.int() }),
    handler: ({ caller, query }) => {
      const of = agencyFor(desk, caller, query.agency);
      return of === null ? nothingThere() : answer({ checksLeft: desk.audiences.checksLeft(of) });
    },
  }),
  ...listRoutes(desk, new AuditNotes(desk.store)),
];

const listName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, {
  error: "has 1 to 32 small letters, digits and hyphens",
});
const listReply = z.object({
  ...{ id: z.string(), name: z.string(), kind: z.string() },
  ...{ state: z.enum(["taken in", "in the bank", "failed"]), reason: z.string() },
  ...{ rows: z.int(), unusable: z.int(), at: z.string(), by: z.string(), segment: z.string() },
});
const noBank = (): Answer => refuse(404, "there is no bank in this data folder");

const listRoutes = (desk: Desk, notes: AuditNotes): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/lists", access: agency("viewer"), summary: "Uploads of lists" },
    query: z.strictObject({ agency: agencyText }),
    reply: z.object({ items: z.array(listReply), kinds: z.array(z.string()) }),
    handler: ({ caller, query }) => {
      if (!desk.lists.open) return noBank();
      const of = agencyFor(desk, caller, query.agency);
      if (of === null) return nothingThere();
      const items = desk.lists.lists(of).map(({ atMs, ...list }) => ({
        ...{ id: list.id, name: list.name, kind: list.kind, state: list.state },
        ...{ reason: list.reason, rows: list.rows, unusable: list.unusable, by: list.by },
        ...{ segment: list.segment, at: new Date(atMs).toISOString() },
      }));
      return answer({ items, kinds: desk.lists.kinds });
    },
  }),
  route({
    ...{ method: "POST", path: "/lists", access: agency("trader"), status: 202 },
    ...{ summary: "Uploads a list: one identifier a line", takes: "stream" },
    query: z.strictObject({ name: listName, kind: z.string().max(32), agency: agencyText }),
    ...{ body: z.unknown(), bodyBytesMax: listBytesMax },
    reply: z.object({ id: z.string() }),
    handler: (ask) => uploaded(desk, notes, ask),
  }),
  route({
    ...{ method: "DELETE", path: "/lists/:name", access: agency("trader"), status: 204 },
    ...{ summary: "Takes a list back", reply: "nothing" },
    params: z.object({ name: z.string().max(64) }),
    query: z.strictObject({ agency: agencyText }),
    handler: async ({ caller, actor, nowMs, params: { name }, query }) => {
      if (!desk.lists.open) return noBank();
      const of = agencyFor(desk, caller, query.agency);
      if (of === null) return nothingThere();
      const isGone = await desk.lists.remove(of, name).catch(() => null);
      if (isGone === null) return refuse(503, "the bank is being built: nothing was taken back");
      if (!isGone) return nothingThere();
      notes.add({ atMs: nowMs, actor, agency: of, action: "list_dropped", what: `list ${name}` });
      return answer(null, 204);
    },
  }),
];

export const listBytesMax = 512 * 1024 * 1024;

async function uploaded(
  desk: Desk,
  notes: AuditNotes,
  ask: Ask<unknown, { name: string; kind: string; agency: string }, unknown>,
): Promise<Answer> {
  const { caller, actor, query } = ask;
  if (!desk.lists.open) return noBank();
  const of = agencyFor(desk, caller, query.agency);
  if (of === null) return nothingThere();
  const errors = [
    ...(of === "" ? [{ field: "agency", message: "is missing: whose list is it?" }] : []),
    ...(desk.lists.kinds.includes(query.kind)
      ? []
      : [{ field: "kind", message: `is none of ${desk.lists.kinds.join(", ")}` }]),
  ];
  if (errors.length > 0) return refuse(422, "mend what `errors` names", errors);
  const stream = ask.body as Readable | undefined;
  if (stream === undefined) return refuse(400, "send the list as the body");
  const folder = join(desk.dataFolder, "uploads");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${Buffer.from(desk.randomBytes(16)).toString("hex")}.txt`);
  let isTheirs = false;
  try {
    if (!(await kept(stream, file))) return tooLarge(listBytesMax);
    const { name, kind } = query;
    const taken = await desk.lists.upload({ agency: of, name, kind, file, by: actor.name });
    // Whoever took it over reads it later, and removes it then.
    isTheirs = taken.ok;
    if (taken.ok) {
      const what = `list ${name}: ${kind}`;
      notes.add({ atMs: ask.nowMs, actor, agency: of, action: "list_put", what });
      return answer({ id: taken.id }, 202);
    }
    return refuse(422, plainly(taken.words));
  } finally {
    if (!isTheirs) await rm(file, { force: true });
  }
}

/** False = it is too large. */
async function kept(stream: Readable, file: string): Promise<boolean> {
  let bytes = 0;
  let tooMany = false;
  const counted = new Transform({
    transform: (part: Buffer, _encoding, done) => {
      bytes += part.length;
      tooMany = bytes > listBytesMax;
      done(tooMany ? new Error("too large") : null, part);
    },
  });
  try {
    await pipeline(stream, counted, createWriteStream(file, { mode: 0o600, flags: "wx" }));
    return true;
  } catch (error) {
    if (tooMany) return false;
    throw error;
  }
}
