import { createJsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { problemType } from "../problem.js";
import type { Route } from "./route.js";

/** A route as OpenAPI 3.1 sees it, out of its zod types. */

const problem = z.object({
  ...{ type: z.string(), status: z.int(), title: z.string(), detail: z.string() },
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
const problemMedia = problemType.split(";", 1)[0]!;

export const openApi = {
  openapi: {
    openapi: "3.1.0",
    info: { title: "crowdbid", version: "1", description: "What the campaign desk can do." },
    components: {
      securitySchemes: {
        session: { type: "apiKey", in: "cookie", name: "crowdbid-session" },
        token: { type: "http", scheme: "bearer" },
      },
    },
  },
  transform: createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: "any" } }),
} as const;

const accessWords = ({ access }: Route): string => {
  if (access.kind === "open") return "Open to anybody who reaches the port.";
  const who = access.kind === "house" ? "of the house (no agency), " : "";
  return `For users ${who}with the role ${access.role} or above.`;
};

export function describedBy(one: Route): Record<string, unknown> {
  const { summary, params, query, body, takes = "json" } = one;
  const texts = takes === "text" || takes === "stream";
  const path = one.path.split("/")[1] ?? "";
  return {
    summary,
    description: accessWords(one),
    tags: [path],
    security: one.access.kind === "open" ? [] : [{ session: [] }, { token: [] }],
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body: texts ? z.string() : body }),
    ...(body === undefined ? {} : { consumes: texts ? ["text/csv"] : ["application/json"] }),
    response: {
      [one.status ?? 200]: replyOf(one),
      default: { description: "A problem", content: { [problemMedia]: { schema: problem } } },
    },
  };
}

function replyOf({ reply, summary: description }: Route): unknown {
  if (reply === "nothing") return z.null().describe(description);
  const media = typeof reply === "string" && reply !== "JSON" ? reply : "application/json";
  const schema = typeof reply === "string" ? z.unknown() : reply;
  return { description, content: { [media]: { schema } } };
}
