import type { BulkAnswer, BulkRow } from "../answers.js";
import { rowsOf } from "../fetched.js";
import { valueText } from "../form-path.js";
import { type Column, Table } from "../kit/table.js";

/** What a bulk edit or a file would do, row by row: the bad ones first, named. */
const columns: readonly Column<BulkRow>[] = [
  { id: "name", label: "Line item", cell: ({ name, key }) => name || key || "(new)" },
  {
    ...{ id: "changes", label: "Change" },
    cell: ({ changes, error }) =>
      error !== undefined ? (
        <span class="refused">Left out: {error}</span>
      ) : changes.length === 0 ? (
        <span class="muted">stays as it is</span>
      ) : (
        changes.map(({ field, before, after }) => (
          <div key={field}>
            {field}: <del>{valueText(before)}</del> <ins>{valueText(after)}</ins>
          </div>
        ))
      ),
  },
];

export function BulkRows({ answer }: { readonly answer: BulkAnswer }) {
  const bad = answer.rows.filter(({ error }) => error !== undefined);
  const good = answer.rows.filter(({ error }) => error === undefined);
  const changing = good.filter(({ changes }) => changes.length > 0).length;
  const numbered = [...bad, ...good].map((row, i) => ({ ...row, place: i }));
  const rows = rowsOf(numbered);
  return (
    <>
      <p role="status">
        {changing} will change
        {good.length > changing ? `, ${good.length - changing} stay as they are` : ""}
        {bad.length > 0 ? `, ${bad.length} left out because of an error` : ""}.
      </p>
      <Table
        label="Preview"
        columns={columns as readonly Column<BulkRow & { place: number }>[]}
        rows={rows}
        keyOf={({ place }) => String(place)}
      />
    </>
  );
}
