import { z } from "zod";
import type { EntityRecord, JsonObject } from "../store/desk-store.js";
import { type Answer, answer, nothingThere, refuse } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { pageQuery } from "./entity-list.js";
import { committed, exchangeNames, staleAnswer } from "./entity-save.js";
import { advertiserOf, entityReply, nameOf, seen, seenOf } from "./entity-view.js";
import { submitterOf } from "./four-eyes.js";
import { previewCsp, previewOf, previewPage } from "./preview.js";
import { type Ask, agency, type Route, route } from "./route.js";
import { entityAnswer, noteText, versionIn } from "./routes-entities.js";
import { troubleOf } from "./routes-users.js";

/** Approvals and previews of creatives. */

const verdicts = ["approved", "pending", "rejected"] as const;
type Verdict = (typeof verdicts)[number];
const keyParams = z.object({ key: z.string().max(20) });

export const creativeRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "POST", path: "/creatives/:key/approvals", access: agency("approver") },
    ...{ summary: "Says what an exchange may show", params: keyParams, reply: entityReply },
    body: z.strictObject({
      ...{ exchange: z.string().max(32), verdict: z.enum(verdicts), reason: noteText },
    }),
    handler: (ask) => judged(desk, ask),
  }),
  route({
    ...{ method: "GET", path: "/approvals", access: agency("viewer") },
    summary: "Creatives by exchange and verdict",
    query: z.strictObject({
      ...pageQuery,
      ...{ exchange: z.string().max(32).optional(), verdict: z.enum(verdicts).optional() },
    }),
    reply: z.object({
      items: z.array(
        z.object({
          ...{ creative: z.string(), name: z.string(), advertiser: z.string() },
          ...{ format: z.string(), exchange: z.string(), verdict: z.enum(verdicts) },
          ...{ version: z.int(), updatedAt: z.string(), updatedBy: z.string() },
        }),
      ),
      total: z.int(),
    }),
    handler: ({ caller, query }) => {
      const names = exchangeNames(desk).filter(
        (name) => query.exchange === undefined || name === query.exchange,
      );
      const rows = desk.book
        .all("creative")
        .filter((one) => !one.archived && !one.draft && seen(desk, caller, one))
        .flatMap((creative) =>
          names
            .map((exchange) => ({ creative, exchange, verdict: verdictOf(creative, exchange) }))
            .filter(({ verdict }) => query.verdict === undefined || verdict === query.verdict),
        );
      const page = rows.slice(query.offset, query.offset + query.limit);
      return answer({ items: page.map((row) => shownRow(desk, row)), total: rows.length });
    },
  }),
  ...previewRoutes(desk),
];

const previewRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/creatives/:key/preview", access: agency("viewer") },
    ...{ summary: "A creative as it would be shown", params: keyParams },
    reply: z.object({
      ...{ format: z.string(), html: z.string().optional(), vast: z.string().optional() },
      card: z
        .object({
          ...{ title: z.string(), icon: z.string().nullable(), image: z.string().nullable() },
          data: z.record(z.string(), z.string()),
        })
        .optional(),
      ...{ sizes: z.array(z.string()), problems: z.array(z.string()), clickUrl: z.string() },
    }),
    handler: ({ caller, params }) => {
      const record = seenOf(desk, caller, "creative", params.key);
      return record === null ? nothingThere() : answer(previewOf(record.form));
    },
  }),
  route({
    ...{ method: "GET", path: "/preview/creatives/:key", bare: true, access: agency("viewer") },
    ...{ summary: "The document of a preview's frame", params: keyParams, reply: "text/html" },
    handler: ({ caller, params }) => {
      const record = seenOf(desk, caller, "creative", params.key);
      if (record === null) return nothingThere();
      return {
        ...{ status: 200, body: previewPage(record.form), type: "text/html; charset=utf-8" },
        headers: { "content-security-policy": previewCsp },
      };
    },
  }),
];

function verdictOf({ form }: EntityRecord, exchange: string): Verdict {
  if (form["approveAll"] === true) return "approved";
  const verdict = ((form["approvals"] ?? {}) as JsonObject)[exchange];
  return verdicts.find((one) => one === verdict) ?? "pending";
}

function shownRow(
  desk: Desk,
  row: { readonly creative: EntityRecord; readonly exchange: string; readonly verdict: Verdict },
) {
  const { creative, exchange, verdict } = row;
  const advertiser = advertiserOf(desk, creative);
  const format = creative.form["format"];
  return {
    ...{ creative: creative.key, name: nameOf(creative), exchange, verdict },
    advertiser: advertiser === null ? "" : nameOf(advertiser),
    format: typeof format === "string" ? format : "",
    ...{ version: creative.version, updatedBy: creative.updatedBy },
    updatedAt: new Date(creative.updatedMs).toISOString(),
  };
}

type Judging = Ask<
  { key: string },
  unknown,
  { exchange: string; verdict: Verdict; reason: string }
>;

async function judged(desk: Desk, ask: Judging): Promise<Answer> {
  const { caller, params, body } = ask;
  const before = seenOf(desk, caller, "creative", params.key);
  if (before === null) return nothingThere();
  // A verdict is on what was looked at: with `if-match`, on nothing that was changed since.
  const looked = ask.headers["if-match"];
  if (looked !== undefined && versionIn(looked) !== before.version) {
    return staleAnswer(desk, caller, [{ kind: "creative", key: before.key, base: before.version }]);
  }
  const names = exchangeNames(desk);
  if (!names.includes(body.exchange)) {
    const errors = [{ field: "exchange", message: "there is no such exchange" }];
    return refuse(422, "mend what `errors` names", errors);
  }
  const isOwn = body.verdict === "approved" ? await isSubmitter(desk, caller, before.key) : false;
  if (typeof isOwn !== "boolean") return isOwn;
  if (isOwn) return refuse(403, "you changed what it shows: another approver approves it");
  // A verdict on one exchange ends the approval of all.
  const { approveAll, approvals, ...form } = before.form;
  const had =
    approveAll === true
      ? Object.fromEntries(names.map((name) => [name, "approved"]))
      : ((approvals ?? {}) as JsonObject);
  const { kind, key, version: base, draft, archived, agency: of, file, seed } = before;
  const change = {
    ...{ kind, key, base, draft, archived, agency: of, file, seed },
    form: { ...form, approvals: { ...had, [body.exchange]: body.verdict } },
  };
  const note = [`${body.exchange}: ${body.verdict}`, body.reason].filter(Boolean).join(": ");
  const result = await committed(desk, ask, [change], { note });
  if ("refused" in result) return result.refused;
  const [record] = result.saved.records;
  return record === undefined ? nothingThere() : entityAnswer(desk, caller, record);
}

/** Whether the caller is who last changed what it shows; an answer where the store gives none. */
async function isSubmitter(
  desk: Desk,
  caller: Judging["caller"],
  key: string,
): Promise<boolean | Answer> {
  if (caller.by === "operator" || desk.demo) return false;
  const submitter = await submitterOf(desk.store, key);
  return submitter.ok ? submitter.value === caller.user : troubleOf(submitter);
}
