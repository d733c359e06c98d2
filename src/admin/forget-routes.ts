import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ForgetFacts } from "./admin-facts.js";
import { readForgetBody } from "./forget-body.js";
import { problemOf, sendProblem } from "./problem.js";

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const noBank = "there is no bank in this data folder: ask the machine that builds the snapshots";

/**
 * POST /api/v1/forget and GET /api/v1/forget/<id>. The same words answer for known and unknown
 * identifiers, and no answer repeats one. `parsed` gives undefined for what is no JSON.
 */
export function addForgetRoutes(
  server: FastifyInstance,
  forget: ForgetFacts,
  guard: Guard,
  parsed: (body: unknown) => unknown,
): void {
  server.post("/api/v1/forget", { onRequest: guard }, async (request, reply) => {
    if (!forget.open) return sendProblem(reply, problemOf(404, noBank));
    const value = parsed(request.body);
    if (value === undefined) return sendProblem(reply, problemOf(400, "the body is not JSON"));
    const read = readForgetBody(value, forget.kinds);
    if (!read.ok) {
      const detail = "the body is not what forget asks for";
      return sendProblem(reply, problemOf(400, detail, read.errors));
    }
    const taken = await forget.take(read.ask);
    if (taken.kind === "taken") {
      return reply.code(202).send({ id: taken.id, state: "running", words: forget.words });
    }
    if (taken.kind === "unusable") {
      const errors = taken.places.map((place) => ({
        field: `identifiers.${place}.value`,
        message: "is no identifier of its kind",
      }));
      return sendProblem(reply, problemOf(400, "nothing was forgotten: mend these first", errors));
    }
    const detail =
      taken.kind === "busy"
        ? "too many wishes at once: send this one again in a minute"
        : "the wish could not be kept: send it again, and look into the log";
    return sendProblem(reply, problemOf(503, detail));
  });
  server.get<{ Params: { id: string } }>(
    "/api/v1/forget/:id",
    { onRequest: guard },
    async (request, reply) => {
      const state = forget.open ? forget.state(request.params.id) : null;
      if (state !== null) return reply.send(state);
      const detail = "no such wish, or it was done before the last start";
      return sendProblem(reply, problemOf(404, forget.open ? detail : noBank));
    },
  );
}
