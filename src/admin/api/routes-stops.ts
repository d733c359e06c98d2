import { z } from "zod";
import { type Stop, type StopKind, stopKinds } from "../desk/desk.js";
import { type Caller, maySee } from "./access.js";
import { type Answer, answer, nothingThere, refuse } from "./answer.js";
import { AuditNotes } from "./audit-notes.js";
import type { Desk } from "./desk-parts.js";
import { exchangeNames } from "./entity-save.js";
import { seenOf } from "./entity-view.js";
import { agency, type Route, route } from "./route.js";

/** Everything off at once; none of it waits for the store. */

const stop = z.strictObject({ kind: z.enum(stopKinds), key: z.string().min(1).max(64) });
const stopReply = stop.extend({ agency: z.string(), since: z.string(), by: z.string() });

export function stopRoutes(desk: Desk): readonly Route[] {
  const notes = new AuditNotes(desk.store);
  return [
    route({
      ...{ method: "GET", path: "/stops", access: agency("viewer"), summary: "What is stopped" },
      reply: z.object({ items: z.array(stopReply) }),
      handler: ({ caller }) => {
        const items = desk.stops.list().filter((one) => isSeen(caller, one));
        return answer({ items: items.map(shown) });
      },
    }),
    route({
      ...{ method: "POST", path: "/stops", access: agency("trader"), status: 201 },
      ...{ summary: "Stops one of them, within a second", body: stop, reply: stopReply },
      handler: async ({ caller, actor, body: { kind, key }, nowMs }) => {
        const owner = ownerOf(desk, caller, kind, key);
        if (typeof owner !== "string") return owner;
        const made: Stop = { kind, key, agency: owner, sinceMs: nowMs, by: actor.name };
        // It is written down first: it is kept even where no World can be built by it.
        const line = { atMs: nowMs, actor, agency: owner, action: "stop" };
        notes.add({ ...line, what: `${kind} ${key}` });
        await desk.stops.add(made);
        return answer(shown(made), 201);
      },
    }),
    route({
      ...{ method: "DELETE", path: "/stops/:kind/:key", access: agency("trader"), status: 204 },
      ...{ summary: "Lets one go on", params: stop, reply: "nothing" },
      handler: async ({ caller, actor, params: { kind, key }, nowMs }) => {
        const owner = ownerOf(desk, caller, kind, key);
        const known = desk.stops.list().find((one) => one.kind === kind && one.key === key);
        if (typeof owner !== "string" && !(known !== undefined && caller.agency === "")) {
          return owner;
        }
        if (!(await desk.stops.remove(kind, key))) return nothingThere();
        const of = known?.agency ?? "";
        const line = { atMs: nowMs, actor, agency: of, action: "stop_released" };
        notes.add({ ...line, what: `${kind} ${key}` });
        return answer(null, 204);
      },
    }),
  ];
}

const isSeen = (caller: Caller, { kind, agency: owner }: Stop): boolean =>
  kind === "exchange" || maySee(caller, owner);

const shown = ({ kind, key, agency: owner, sinceMs, by }: Stop) => ({
  ...{ kind, key, agency: owner, since: new Date(sinceMs).toISOString(), by },
});

/** The agency of what is stopped, or why the caller may not. */
function ownerOf(desk: Desk, caller: Caller, kind: StopKind, key: string): string | Answer {
  if (kind === "exchange") {
    if (caller.agency !== "") return refuse(403, "an exchange is stopped by the house");
    return exchangeNames(desk).includes(key) ? "" : nothingThere();
  }
  return seenOf(desk, caller, kind, key)?.agency ?? nothingThere();
}
