import type { FieldIssue } from "../desk/desk.js";
import type { FieldError } from "../problem.js";
import type {
  ChangeWay,
  Committed,
  DeskKind,
  EntityChange,
  EntityRecord,
  JsonObject,
} from "../store/desk-store.js";
import type { Caller } from "./access.js";
import { type Answer, refuse, storeTrouble } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import { entityOf, seenOf } from "./entity-view.js";
import { raisesOf, raisesOfDay, withApprovals } from "./four-eyes.js";
import { agencyOfForm, refsOf } from "./refs.js";
import type { Ask } from "./route.js";

/** What a caller wants a thing to be; `before` null = it is new. */
export type Wish = {
  readonly kind: DeskKind;
  readonly key: string;
  readonly before: EntityRecord | null;
  readonly form: JsonObject;
  readonly draft: boolean;
  readonly archived: boolean;
  /** The form is a state of before that is brought back. */
  readonly isOfBefore?: boolean;
};

export type Prepared =
  | { readonly ok: true; readonly change: EntityChange }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Makes a change of a wish, within what the caller may see and approve. */
export function prepared(desk: Desk, caller: Caller, wish: Wish): Prepared {
  const { kind, key, before, draft, archived } = wish;
  const form = completed(desk, caller, wish);
  const errors = refsOf(kind, form)
    .filter((ref) => seenOf(desk, caller, ref.kind, ref.key) === null)
    .map(({ field }) => ({ field, message: "there is no such thing here" }));
  if (errors.length > 0) return { ok: false, errors };
  const agency = agencyOfForm(desk.book, kind, key, form) ?? before?.agency ?? caller.agency;
  const wrong = agencyError(caller, wish, agency);
  if (wrong !== null) return { ok: false, errors: [wrong] };
  // What was there before may be had again, and half a form has no budget to speak of.
  const isFree = wish.isOfBefore === true || before?.draft === true;
  const raises = isFree ? [] : raisesOf(caller, kind, before?.form ?? null, form);
  if (raises.length > 0) return { ok: false, errors: raises };
  const base = before?.version ?? null;
  const { file, seed } = before ?? { file: "", seed: null };
  return {
    ok: true,
    change: { ...{ kind, key, base, draft, archived, form, agency, file, seed } },
  };
}

export const exchangeNames = ({ facts }: Pick<Desk, "facts">): readonly string[] =>
  facts.exchanges().map(({ name }) => name);

/** Its id first, its agency where that can only be the caller's, its approvals by four eyes. */
function completed(desk: Desk, caller: Caller, wish: Wish): JsonObject {
  const { kind, key, before, isOfBefore = false } = wish;
  let { form } = wish;
  if (kind !== "deal") form = { id: Number(key), ...form };
  const isOfAgency = kind === "advertiser" || kind === "audience";
  if (isOfAgency && form["agency"] === undefined && caller.agency !== "") {
    form = { ...form, agency: Number(caller.agency) };
  }
  if (kind !== "creative") return form;
  const approving = { caller, demo: desk.demo, isOfBefore, exchanges: exchangeNames(desk) };
  return withApprovals(approving, before?.form ?? null, form);
}

function agencyError(caller: Caller, { kind, before }: Wish, agency: string): FieldError | null {
  const field = agencyFields[kind];
  if (kind !== "deal" && caller.agency !== "" && agency !== caller.agency) {
    return { field, message: "there is no such thing here" };
  }
  if (before === null || before.agency === agency || before.agency === "") return null;
  return { field, message: "would move it to another agency: make a new one there" };
}

const agencyFields: Readonly<Record<DeskKind, string>> = {
  ...{ agency: "id", advertiser: "agency", audience: "agency", deal: "" },
  ...{ campaign: "advertiser", creative: "advertiser", lineItem: "campaign" },
};

export type Saved = Extract<Committed, { ok: true }>;

export type Maker = Pick<
  Ask<unknown, unknown, unknown>,
  "caller" | "actor" | "nowMs" | "headers" | "digest"
>;

/** Commits; what the desk refuses comes back as its answer. */
export async function committed(
  desk: Desk,
  maker: Maker,
  changes: readonly EntityChange[],
  { way, note = "" }: { readonly way?: ChangeWay; readonly note?: string },
): Promise<
  { readonly saved: Saved } | { readonly refused: Answer; readonly issues: readonly FieldIssue[] }
> {
  const { caller, actor, nowMs: atMs } = maker;
  const idempotency = idempotencyOf(maker);
  if (idempotency === null) {
    const refused = refuse(
      400,
      "`idempotency-key` has 1 to 100 characters of letters, digits, . _ -",
    );
    return { refused, issues: [] };
  }
  // What was there before may be had again.
  const raised =
    way === undefined ? await raisedOf(desk, maker, changes) : ({ ok: true, value: none } as const);
  if (!raised.ok) return { refused: storeTrouble(troubleCode(raised)), issues: [] };
  const errors = [...raised.value.values()].flat();
  if (errors.length > 0) {
    return { refused: refuse(422, "mend what `errors` names", errors), issues: [] };
  }
  const result = await desk.book.commit({
    ...{ actor, atMs, note, changes },
    way: way ?? (caller.by === "session" ? "page" : "api"),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  if (result.ok) return { saved: result };
  const issues = result.code === "invalid" ? result.issues : [];
  return { refused: refusalOf(desk, caller, changes, result), issues };
}

const none: ReadonlyMap<EntityChange, readonly FieldError[]> = new Map();
export const troubleCode = ({ code }: { readonly code: string }): "locked" | "gone" =>
  code === "locked" ? "locked" : "gone";

/** Budgets that rise too far within a day, see four-eyes. */
export const raisedOf = (
  desk: Desk,
  { caller, nowMs }: Pick<Maker, "caller" | "nowMs">,
  changes: readonly EntityChange[],
): ReturnType<typeof raisesOfDay> =>
  raisesOfDay(desk.store, { caller, nowMs }, changes, ({ kind, key }) => desk.book.get(kind, key));

/** Keys are of one caller: nobody meets another's. undefined = none was sent, null = unusable. */
export function idempotencyOf({ caller, headers, digest }: Maker) {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[\w.-]{1,100}$/.test(key)) return null;
  return { key: `${caller.user} ${key}`, digest };
}

type Refusal = Extract<Awaited<ReturnType<Desk["book"]["commit"]>>, { ok: false }>;

function refusalOf(
  desk: Desk,
  caller: Caller,
  changes: readonly EntityChange[],
  refusal: Refusal,
): Answer {
  switch (refusal.code) {
    case "locked":
    case "gone":
      return storeTrouble(refusal.code);
    case "key_reused":
      return refuse(422, "this `idempotency-key` was used for something else");
    case "invalid":
      return refuse(
        422,
        "mend what `errors` names",
        errorsOf(desk, caller, changes, refusal.issues),
      );
    case "stale":
      return staleAnswer(desk, caller, changes);
  }
}

export function staleAnswer(
  desk: Desk,
  caller: Caller,
  changes: readonly Pick<EntityChange, "kind" | "key" | "base">[],
): Answer {
  const [only] = changes;
  if (only === undefined || changes.length > 1) {
    return refuse(409, "somebody else changed one of these meanwhile: nothing was done");
  }
  if (only.base === null) {
    const errors = [{ field: "id", message: "is taken: leave it out, and the desk gives one" }];
    return refuse(409, "there is such a thing already", errors);
  }
  const current = seenOf(desk, caller, only.kind, only.key);
  return refuse(412, "somebody else changed it meanwhile: see `current`", undefined, {
    current: current === null ? null : entityOf(desk, caller, current),
  });
}

/** Errors as fields; of other things than the changed ones with their kind and key in front. */
export function errorsOf(
  desk: Desk,
  caller: Caller,
  changes: readonly Pick<EntityChange, "kind" | "key">[],
  issues: readonly FieldIssue[],
): readonly FieldError[] {
  const own = new Set(changes.map(({ kind, key }) => `${kind} ${key}`));
  return issues
    .filter(({ severity }) => severity === "error")
    .map(({ kind, key, field, message }) => {
      if (own.has(`${kind} ${key}`)) return { field, message: plainly(message) };
      return seenOf(desk, caller, kind, key) === null
        ? { field: "", message: "something that you cannot see hangs on it" }
        : { field: `${kind} ${key}`, message: plainly(message) };
    });
}

const quoted = /"(?:[^"\\]|\\.)*?(?:"|\.\.\.)/g;
/** A key that is not known stands in front as it was written, with quotes of its own perhaps. */
const quotedFirst = /^".*"(?= is no )/s;
const plain = /^"[\p{L}\p{N} ._:/+-]*(?:"|\.\.\.)$/u;
const tame = (text: string): string => (plain.test(text) ? text : '"…"');

/** Findings quote what was written; markup and the like are not sent back. */
export function plainly(message: string): string {
  const quiet = message.replace(quotedFirst, tame).replaceAll(quoted, tame);
  return /[<>\p{Cc}]/u.test(quiet) ? "is not right here" : quiet;
}
