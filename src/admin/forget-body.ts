import { z } from "zod";
import type { ForgetAsk } from "./admin-facts.js";
import type { FieldError } from "./problem.js";

const identifiersMax = 1000;
const valueCharactersMax = 512;
const u32Max = 0xffff_ffff;

/** Messages say what to write and never repeat what was written: it is an identifier. */
const formOf = (kinds: readonly string[]) =>
  z.strictObject(
    {
      identifiers: z
        .array(
          z.strictObject(
            {
              kind: z
                .string({ error: "write the kind of the identifier in quotes" })
                .refine((kind) => kinds.includes(kind), {
                  error: `is no kind of identifier; these are: ${kinds.join(", ")}`,
                }),
              scope: z
                .int({ error: "write the number of the exchange or of the eid's source" })
                .min(0, { error: "is no number of an exchange or source" })
                .max(u32Max, { error: "is no number of an exchange or source" })
                .optional(),
              value: z
                .string({ error: "write the identifier in quotes" })
                .min(1, { error: "is empty" })
                .max(valueCharactersMax, { error: "is longer than any identifier" }),
            },
            {
              error: (issue) =>
                issue.code === "unrecognized_keys"
                  ? "has a key that is not known: kind, scope and value are"
                  : "write an object with `kind` and `value`",
            },
          ),
          { error: "write a list of identifiers" },
        )
        .min(1, { error: "names nobody" })
        .max(identifiersMax, { error: `more than ${identifiersMax} identifiers: send several` }),
      only: z.boolean({ error: "write true or false, or leave it out" }).optional(),
    },
    {
      error: (issue) =>
        issue.code === "unrecognized_keys"
          ? "has a key that is not known: identifiers and only are"
          : "write a JSON object with `identifiers`",
    },
  );

export type ReadForget =
  | { readonly ok: true; readonly ask: ForgetAsk }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Checks the body of POST /api/v1/forget. */
export function readForgetBody(value: unknown, kinds: readonly string[]): ReadForget {
  const checked = formOf(kinds).safeParse(value);
  if (!checked.success) {
    const errors = checked.error.issues.map(({ path, message }) => ({
      field: path.map(String).join(".") || "body",
      message,
    }));
    return { ok: false, errors };
  }
  const { identifiers, only = false } = checked.data;
  const scoped = identifiers.map(({ kind, scope = 0, value: text }) => ({
    ...{ kind, scope, value: text },
  }));
  return { ok: true, ask: { identifiers: scoped, only } };
}
