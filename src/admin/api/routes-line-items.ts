import { z } from "zod";
import { mapSteps } from "../../base/steps.js";
import type { JsonObject } from "../store/desk-store.js";
import { type Answer, nothingThere, refuse, storeTrouble } from "./answer.js";
import { bulkBody, bulkPlans } from "./bulk.js";
import type { Desk } from "./desk-parts.js";
import { foundOf, listQuery } from "./entity-list.js";
import { entityReply, nameOf, seenOf } from "./entity-view.js";
import { csvHead, csvPlanSteps, csvRowOf } from "./line-item-csv.js";
import { rowsAnswer, rowsReply } from "./line-item-rows.js";
import { type Ask, agency, type Route, route } from "./route.js";
import { created } from "./routes-entities.js";

/** What line items have beside the routes of every kind. */

const { limit: _limit, offset: _offset, ...filters } = listQuery.shape;

export const lineItemRoutes = (desk: Desk): readonly Route[] => [
  route({
    ...{ method: "POST", path: "/line-items/:key/duplicate", access: agency("trader") },
    ...{ summary: "Makes a copy: a draft, paused", reply: entityReply, status: 201 },
    params: z.object({ key: z.string().max(20) }),
    body: z.strictObject({
      name: z.string().min(1).max(256).optional(),
      campaign: z.int().min(1).optional(),
    }),
    handler: (ask) => {
      const from = seenOf(desk, ask.caller, "lineItem", ask.params.key);
      if (from === null) return nothingThere();
      const { id: _, ...form } = from.form;
      const { name = `${nameOf(from).slice(0, 240)} (copy)`, campaign } = ask.body;
      const copy: JsonObject = {
        ...form,
        ...{ name, paused: true },
        ...(campaign === undefined ? {} : { campaign }),
      };
      return created(desk, "lineItem", { ...ask, body: { form: copy, draft: true, note: "" } });
    },
  }),
  route({
    ...{ method: "POST", path: "/line-items/bulk", access: agency("trader") },
    ...{ summary: "One edit for up to 1,000 line items", body: bulkBody, reply: rowsReply },
    handler: (ask) => {
      const { keys, set, preview } = ask.body;
      const plans = bulkPlans(desk, ask.caller, keys, set);
      return rowsAnswer(desk, ask, plans, { preview, way: "bulk", note: "" });
    },
  }),
  route({
    ...{ method: "GET", path: "/line-items.csv", access: agency("viewer"), reply: "text/csv" },
    ...{ summary: "Line items as CSV, filtered as the list", query: z.strictObject(filters) },
    handler: async ({ caller, query }) => {
      const records = await foundOf(desk, caller, "lineItem", query);
      const now = await desk.facts.lineItems();
      const rows = await desk.inSlices(mapSteps(records, (record) => csvRowOf(now, record)));
      return csvAnswer(csvHead() + rows.join(""), "line-items.csv");
    },
  }),
  route({
    ...{ method: "POST", path: "/line-items.csv", access: agency("trader"), takes: "text" },
    ...{ summary: "Makes and changes line items by CSV", body: z.string(), reply: rowsReply },
    query: z.strictObject({ preview: z.enum(["1"]).optional() }),
    handler: (ask) => imported(desk, ask),
  }),
];

export const csvAnswer = (text: string, file: string): Answer => ({
  ...{ status: 200, body: text, type: "text/csv; charset=utf-8" },
  headers: { "content-disposition": `attachment; filename="${file}"` },
});

async function imported(
  desk: Desk,
  ask: Ask<unknown, { preview?: "1" | undefined }, string>,
): Promise<Answer> {
  const read = await desk.inSlices(csvPlanSteps(desk, ask.caller, ask.body));
  if (!read.ok)
    return refuse(400, "this CSV cannot be used", [{ field: "", message: read.message }]);
  const preview = ask.query.preview === "1";
  const wanted = read.created.filter((i) => read.plans[i]?.wish !== null);
  const ids = await newIdsFor(desk, wanted.length, preview);
  if (!Array.isArray(ids)) return ids;
  const keys = new Map(wanted.map((place, i) => [place, String(ids[i])]));
  const plans = read.plans.map((plan, i) => {
    const key = keys.get(i);
    return key === undefined || plan.wish === null
      ? plan
      : { ...plan, key, wish: { ...plan.wish, key } };
  });
  return rowsAnswer(desk, ask, plans, { preview, way: "csv", note: "" });
}

/** A preview takes no numbers: its new rows stand under ones that are not given out. */
async function newIdsFor(desk: Desk, count: number, preview: boolean): Promise<number[] | Answer> {
  if (count === 0) return [];
  if (preview) return Array.from({ length: count }, (_, i) => 0xffff_ffff - i);
  const ids = await desk.store.newIds("lineItem", count);
  return ids.ok ? [...ids.value] : storeTrouble(ids.code === "locked" ? "locked" : "gone");
}
