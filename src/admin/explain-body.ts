import { z } from "zod";
import type { ExplainAsk } from "./admin-facts.js";
import type { FieldError } from "./problem.js";

const segmentsMax = 512;
const lineItemsMax = 1000;

/** Messages say what to write and never repeat what was written: it may be an identifier. */
const body = z.strictObject(
  {
    exchange: z
      .string({ error: "write the name of an exchange in quotes, or leave it out" })
      .max(64, { error: "is longer than a name of an exchange" })
      .optional(),
    request: z.union([z.string(), z.record(z.string(), z.unknown())], {
      error: "write the bid request: a JSON object, or its text in quotes",
    }),
    segments: z
      .array(
        z
          .string({ error: "write the name of a segment in quotes" })
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/, { error: "is no name of a segment" }),
        { error: "write a list of names of segments, or leave it out for nobody" },
      )
      .max(segmentsMax, { error: `more than ${segmentsMax} segments` })
      .optional(),
    lineItems: z
      .array(z.int({ error: "write the number of a line item" }), {
        error: "write a list of numbers of line items, or leave it out for all",
      })
      .max(lineItemsMax, { error: `more than ${lineItemsMax} line items` })
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? "has a key that is not known: exchange, request, segments and lineItems are"
        : "write a JSON object with a `request`",
  },
);

const encoder = new TextEncoder();

export type ReadBody =
  | { readonly ok: true; readonly ask: ExplainAsk }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Checks the body of POST /api/v1/explain. Its `request` is not checked here: the decoder does
 * that.
 */
export function readExplainBody(value: unknown): ReadBody {
  const checked = body.safeParse(value);
  if (!checked.success) {
    const errors = checked.error.issues.map(({ path, message }) => ({
      field: path.map(String).join(".") || "body",
      message,
    }));
    return { ok: false, errors };
  }
  const { exchange, request, segments, lineItems } = checked.data;
  try {
    const text = typeof request === "string" ? request : JSON.stringify(request);
    const ask: ExplainAsk = {
      exchange: exchange ?? null,
      request: encoder.encode(text),
      segments: segments ?? null,
      lineItems: lineItems ?? null,
    };
    return { ok: true, ask };
  } catch {
    // JSON.stringify recurses: it gives up on what nests by the thousand.
    return { ok: false, errors: [{ field: "request", message: "nests too deep" }] };
  }
}
