import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { problemOf, sendProblem } from "./problem.js";

/** A person's way to let a held campaign go. */
export type HoldFacts = {
  /** False = it is not held there. */
  readonly release: (campaign: number, exchange: string) => boolean;
};

/** Wins and bids are those of the window that gave the alarm; 0 = from before the last start. */
export type HeldCampaign = {
  readonly campaign: number;
  readonly exchange: string;
  /** ISO 8601. */
  readonly since: string;
  readonly wins: number;
  readonly bids: number;
};

type Guard = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const form =
  'send {"campaign": 12, "exchange": "openrtb26"}, as /api/v1/status names them in `held`';

/**
 * POST /api/v1/holds/release: 202 once the money thread is told; it takes effect within a second.
 */
export function addHoldRoutes(
  server: FastifyInstance,
  holds: HoldFacts | undefined,
  guard: Guard,
  parsed: (body: unknown) => unknown,
): void {
  server.post("/api/v1/holds/release", { onRequest: guard }, async (request, reply) => {
    const { campaign, exchange } = (parsed(request.body) ?? {}) as Record<string, unknown>;
    if (!Number.isInteger(campaign) || typeof exchange !== "string") {
      return sendProblem(reply, problemOf(400, form));
    }
    if (holds?.release(campaign as number, exchange) === true) {
      return reply.code(202).send({ campaign, exchange, state: "released" });
    }
    return sendProblem(reply, problemOf(404, "this campaign is not held at this exchange"));
  });
}
