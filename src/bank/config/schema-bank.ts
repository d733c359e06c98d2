import { z } from "zod";
import { object, wholeNumber } from "../../campaign/schema-words.js";

/** The form of bank.yaml: how careful the bank is about who is one person. */

/** Kinds of which a value alone names an identifier: what needs a scope cannot stand here. */
const stopKinds = [
  ...(["idfa", "aaid", "oaid", "tifa"] as const),
  ...(["idfaSha1", "idfaMd5", "aaidSha1", "aaidMd5", "oaidSha1", "oaidMd5"] as const),
  ...(["account", "email", "emailSha256", "phone", "phoneSha256"] as const),
] as const;

// What stands here are identifiers: no message may repeat any of it, wherever it was misplaced.
const entryForm = "is no entry of the stop-list: write {kind: email, value: ...} with two texts";
const kindForm = `is no kind of identifier: write one of ${stopKinds.join(", ")}`;
const valueForm = "is no text of 1 to 512 characters: write the identifier in quotes";
const listForm = "is no list: write one such as [{kind: email, value: ...}], or []";
const stopEntry = z.strictObject(
  {
    kind: z.enum(stopKinds, { error: kindForm }),
    value: z.string({ error: valueForm }).min(1, { error: valueForm }).max(512, {
      error: valueForm,
    }),
  },
  { error: entryForm },
);

export const bankFile = object({
  identity: object({
    accountsPerEmailMax: wholeNumber(1, 100, "accounts of one e-mail address").optional(),
    accountsPerDeviceMax: wholeNumber(1, 100, "accounts of one device").optional(),
    devicesPerAccountMax: wholeNumber(1, 1000, "devices of one account").optional(),
    componentIdentifiersMax: wholeNumber(2, 10_000, "identifiers of one person").optional(),
    stopList: z
      .array(stopEntry, { error: listForm })
      .max(100_000, { error: "the list has more than 100000 entries: shorten it" })
      .optional(),
  }).optional(),
});
export type BankForm = z.output<typeof bankFile>;
