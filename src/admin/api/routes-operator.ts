import { z } from "zod";
import type { AdminFacts } from "../admin-facts.js";
import { readExplainBody } from "../explain-body.js";
import { readForgetBody } from "../forget-body.js";
import { type Answer, answer, refuse } from "./answer.js";
import { AuditNotes } from "./audit-notes.js";
import type { Desk } from "./desk-parts.js";
import { explainFor } from "./own-explain.js";
import { agency, house, type Route, route } from "./route.js";

/** The routes of whoever runs the program; they are there without a desk too. */
export function operatorRoutes(facts: AdminFacts, desk: Desk | null): readonly Route[] {
  const notes = desk === null ? null : new AuditNotes(desk.store);
  return [...readRoutes(facts, desk), holdsRoute(facts, notes), ...forgetRoutes(facts, notes)];
}

const readRoutes = (facts: AdminFacts, desk: Desk | null): readonly Route[] => [
  route({
    ...{ method: "GET", path: "/status", access: house("viewer"), reply: "JSON" },
    summary: "What the program serves and how it is",
    handler: () => answer(facts.status()),
  }),
  route({
    ...{ method: "GET", path: "/spend", access: house("viewer"), reply: "JSON" },
    summary: "Spend beside the plan, by campaign",
    handler: () => answer(facts.spend()),
  }),
  route({
    ...{ method: "POST", path: "/explain", access: agency("viewer"), reply: "JSON" },
    summary: "Why each line item bids on a request, or does not",
    ...{ takes: "any json", body: z.unknown(), bodyBytesMax: explainBytesMax },
    handler: ({ body, caller }) => {
      if (body === undefined) return refuse(400, "the body is not JSON");
      const read = readExplainBody(body);
      if (!read.ok) return refuse(400, "the body is not what explain asks for", read.errors);
      const result = explainFor(caller, desk, facts.explain, read.ask);
      if (result === null) return refuse(503, "no World is published");
      if (result.status === 200) return answer(result);
      const field = result.status === 404 ? "exchange" : "request";
      const errors = [{ field, message: result.reason }];
      return refuse(400, "this request cannot be explained", errors);
    },
  }),
];

type Notes = AuditNotes | null;

const holdsRoute = (facts: AdminFacts, notes: Notes): Route =>
  route({
    ...{ method: "POST", path: "/holds/release", access: house("trader"), reply: "JSON" },
    ...{ summary: "Lets a held campaign go", takes: "any json", body: z.unknown(), status: 202 },
    handler: ({ body, actor, nowMs }) => {
      const { campaign, exchange } = (body ?? {}) as Record<string, unknown>;
      if (!Number.isInteger(campaign) || typeof exchange !== "string") {
        return refuse(400, holdForm);
      }
      if (facts.holds?.release(campaign as number, exchange) !== true) {
        return refuse(404, "this campaign is not held at this exchange");
      }
      const what = `campaign ${campaign as number} at ${exchange}`;
      notes?.add({ atMs: nowMs, actor, agency: "", action: "hold_released", what });
      return answer({ campaign, exchange, state: "released" }, 202);
    },
  });

/** A bid request of 256 KiB as text inside JSON, where a character may take two bytes. */
const explainBytesMax = 600 * 1024;

const holdForm =
  'send {"campaign": 12, "exchange": "openrtb26"}, as /api/v1/status names them in `held`';

const noBank = "there is no bank in this data folder: ask the machine that builds the snapshots";

/** The same words answer for known and unknown identifiers, and no answer repeats one. */
const forgetRoutes = ({ forget }: AdminFacts, notes: Notes): readonly Route[] => [
  route({
    ...{ method: "POST", path: "/forget", access: house("admin"), reply: "JSON", status: 202 },
    ...{ summary: "Forgets people", takes: "any json", body: z.unknown() },
    bodyBytesMax: explainBytesMax,
    handler: async ({ body, actor, nowMs }): Promise<Answer> => {
      if (!forget.open) return refuse(404, noBank);
      if (body === undefined) return refuse(400, "the body is not JSON");
      const read = readForgetBody(body, forget.kinds);
      if (!read.ok) return refuse(400, "the body is not what forget asks for", read.errors);
      const taken = await forget.take(read.ask);
      if (taken.kind === "taken") {
        // That somebody was forgotten, and never whom.
        notes?.add({ atMs: nowMs, actor, agency: "", action: "forget", what: `wish ${taken.id}` });
        return answer({ id: taken.id, state: "running", words: forget.words }, 202);
      }
      if (taken.kind === "unusable") {
        const errors = taken.places.map((place) => ({
          field: `identifiers.${place}.value`,
          message: "is no identifier of its kind",
        }));
        return refuse(400, "nothing was forgotten: mend these first", errors);
      }
      return refuse(
        503,
        taken.kind === "busy"
          ? "too many wishes at once: send this one again in a minute"
          : "the wish could not be kept: send it again, and look into the log",
      );
    },
  }),
  route({
    ...{ method: "GET", path: "/forget/:id", access: house("admin"), reply: "JSON" },
    summary: "How a wish to be forgotten is going",
    params: z.object({ id: z.string().max(100) }),
    handler: ({ params: { id } }) => {
      const state = forget.open ? forget.state(id) : null;
      if (state !== null) return answer(state);
      return refuse(
        404,
        forget.open ? "no such wish, or it was done before the last start" : noBank,
      );
    },
  }),
];
