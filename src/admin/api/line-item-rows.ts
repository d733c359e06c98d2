import { z } from "zod";
import { mapSteps } from "../../base/steps.js";
import type { FieldIssue } from "../desk/desk.js";
import type { ChangeWay, EntityChange, EntityRecord } from "../store/desk-store.js";
import { type Answer, answer, refuse, storeTrouble } from "./answer.js";
import type { Desk } from "./desk-parts.js";
import {
  idempotencyOf,
  type Maker,
  plainly,
  prepared,
  raisedOf,
  troubleCode,
  type Wish,
} from "./entity-save.js";
import type { FieldChange } from "./line-item-columns.js";

/** Many line items at once: the good rows are saved in one change, the bad ones named. */

export type RowPlan = {
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly changes: readonly FieldChange[];
  /** null = the row cannot be used, as `error` says. */
  readonly wish: Wish | null;
  readonly error?: string;
};

export const rowsReply = z.object({
  changed: z.int(),
  rows: z.array(
    z.object({
      ...{ key: z.string(), name: z.string(), version: z.int() },
      changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      error: z.string().optional(),
    }),
  ),
  change: z.int().optional(),
});

type Row = { plan: RowPlan; change: EntityChange | null; error: string };

export async function rowsAnswer(
  desk: Desk,
  maker: Maker,
  plans: readonly RowPlan[],
  { preview, way, note }: { preview: boolean; way: ChangeWay; note: string },
): Promise<Answer> {
  const rows = await desk.inSlices(mapSteps(plans, (plan) => rowOf(desk, maker, plan)));
  const raised = await raisedOf(desk, maker, changesIn(rows));
  if (!raised.ok) return storeTrouble(troubleCode(raised));
  const tooFar = [...raised.value].map(([{ key }, errors]) => [key, errors.map(wordsOf)] as const);
  takenOut(rows, new Map(tooFar));
  marked(rows, await desk.book.check(changesIn(rows)));
  if (preview || changesIn(rows).length === 0) return answer(replyOf(rows, null));
  const idempotency = idempotencyOf(maker);
  if (idempotency === null) return refuse(400, "`idempotency-key` is not usable");
  // Each round takes out what it was refused for.
  for (let round = 0; round < 3; round++) {
    const changes = changesIn(rows);
    if (changes.length === 0) return answer(replyOf(rows, null));
    const result = await desk.book.commit({
      ...{ actor: maker.actor, atMs: maker.nowMs, way, note, changes },
      ...(idempotency === undefined ? {} : { idempotency }),
    });
    if (result.ok) return answer(replyOf(rows, result));
    if (result.code === "locked" || result.code === "gone") return storeTrouble(result.code);
    if (result.code === "key_reused") {
      return refuse(422, "this `idempotency-key` was used for something else");
    }
    if (result.code === "invalid" && marked(rows, result.issues)) continue;
    if (result.code === "stale" && markedStale(rows, result.stale)) continue;
    break;
  }
  return refuse(409, "these cannot be saved together: nothing was done");
}

function rowOf(desk: Desk, { caller }: Maker, plan: RowPlan): Row {
  const { wish, error = "" } = plan;
  const changes = wish !== null && isChange(wish);
  if (error !== "" || !changes) return { plan, change: null, error };
  const ready = prepared(desk, caller, wish);
  if (ready.ok) return { plan, change: ready.change, error };
  return { plan, change: null, error: ready.errors.map(wordsOf).join("; ") };
}

const isChange = ({ before, form, archived }: Wish): boolean =>
  before === null ||
  before.archived !== archived ||
  JSON.stringify(before.form) !== JSON.stringify(form);

const changesIn = (rows: readonly Row[]): readonly EntityChange[] =>
  rows.flatMap(({ change }) => (change === null ? [] : [change]));

const wordsOf = ({ field, message }: { field: string; message: string }): string =>
  field === "" ? message : `${field}: ${message}`;

/** Takes out the rows that have errors; false = the errors are of none of them. */
function marked(rows: readonly Row[], issues: readonly FieldIssue[]): boolean {
  const byKey = new Map<string, string[]>();
  for (const issue of issues) {
    if (issue.severity !== "error" || issue.kind !== "lineItem") continue;
    const words = wordsOf({ field: issue.field, message: plainly(issue.message) });
    byKey.set(issue.key, [...(byKey.get(issue.key) ?? []), words]);
  }
  return takenOut(rows, byKey);
}

function markedStale(rows: readonly Row[], stale: readonly Pick<EntityRecord, "key">[]): boolean {
  const words = ["somebody else changed it meanwhile"];
  return takenOut(rows, new Map(stale.map(({ key }) => [key, words])));
}

function takenOut(rows: readonly Row[], why: ReadonlyMap<string, readonly string[]>): boolean {
  let any = false;
  for (const row of rows) {
    const words = why.get(row.change?.key ?? "");
    if (words === undefined) continue;
    [row.change, row.error, any] = [null, words.join("; "), true];
  }
  return any;
}

type Done = { readonly change: number; readonly records: readonly EntityRecord[] };

function replyOf(rows: readonly Row[], done: Done | null): z.output<typeof rowsReply> {
  const versions = new Map(done?.records.map(({ key, version }) => [key, version]));
  return {
    changed: done === null ? changesIn(rows).length : done.records.length,
    rows: rows.map(({ plan, error }) => ({
      // Of a new row that is not saved the key is not its own.
      key: done === null && plan.wish?.before === null ? "" : plan.key,
      ...{ name: plan.name, version: versions.get(plan.key) ?? plan.version },
      changes: [...plan.changes],
      ...(error === "" ? {} : { error }),
    })),
    ...(done === null ? {} : { change: done.change }),
  };
}
