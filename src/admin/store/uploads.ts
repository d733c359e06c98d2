import type { AuditPen } from "./audit-log.js";
import { cleanText } from "./clean-text.js";
import type { DeskStore, StoredList } from "./desk-store.js";
import type { Run } from "./store-run.js";
import type { ListRow } from "./tables.js";

type Uploads = Pick<DeskStore, "lists" | "putList" | "dropList">;

export const uploadsOver = (run: Run, audit: AuditPen): Uploads => ({
  lists: (agency) =>
    run.read(async (tx) => {
      const all = tx.selectFrom("lists").selectAll().orderBy("agency").orderBy("name");
      const rows = await (agency === undefined ? all : all.where("agency", "=", agency)).execute();
      return rows.map(listOf);
    }),
  putList: (list, actor) =>
    run.write(async (tx) => {
      const row = rowOf(list);
      const { agency, name } = row;
      await tx.deleteFrom("lists").where("agency", "=", agency).where("name", "=", name).execute();
      await tx.insertInto("lists").values(row).execute();
      const what = `list ${name}: ${row.state}`;
      await audit.append(tx, { atMs: list.atMs, actor, agency, action: "list_put", what });
      return null;
    }),
  dropList: (agency, name, actor, atMs) =>
    run.write(async (tx) => {
      const gone = await tx
        .deleteFrom("lists")
        .where("agency", "=", agency)
        .where("name", "=", name)
        .returning("name")
        .execute();
      if (gone.length === 0) return false;
      const what = `list ${name}`;
      await audit.append(tx, { atMs, actor, agency, action: "list_dropped", what });
      return true;
    }),
});

const listOf = (row: ListRow): StoredList => ({
  agency: row.agency,
  name: row.name,
  id: row.id,
  kind: row.kind,
  state: row.state as StoredList["state"],
  reason: row.reason,
  rows: row.rows,
  unusable: row.unusable,
  atMs: row.at_ms,
  by: row.by,
  segment: row.segment,
});

const rowOf = (list: StoredList): ListRow => ({
  agency: list.agency,
  name: cleanText(list.name, 200),
  id: list.id,
  kind: list.kind,
  state: list.state,
  reason: cleanText(list.reason, 1000),
  rows: list.rows,
  unusable: list.unusable,
  at_ms: list.atMs,
  by: cleanText(list.by, 200),
  segment: list.segment,
});
