import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Rows } from "../fetched.js";

export type Column<Row> = {
  readonly id: string;
  readonly label: string;
  /** The name that the list is sorted by; absent = it cannot be. */
  readonly sort?: string;
  readonly digits?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
};
/** `name` rising, `-name` falling. */
export type Sort = string;

export type Selection = {
  readonly keys: ReadonlySet<string>;
  readonly onChange: (keys: ReadonlySet<string>) => void;
};

type Props<Row> = {
  /** What the table is of, for those who do not see it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: Rows<Row>;
  readonly keyOf: (row: Row) => string;
  /** What the box beside a row selects. */
  readonly nameOf?: (row: Row) => string;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  readonly selection?: Selection;
  /** Pixels; all rows are of one height so that those out of sight need not exist. */
  readonly rowHeight?: number;
};

const overscan = 8;
const usualRowHeight = 52;

/** Which rows exist for a scroll position: those in sight and some beside, `[first, last)`. */
export function rowsInSight(
  count: number,
  rowHeight: number,
  scrollTop: number,
  height: number,
): readonly [first: number, last: number] {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight)) - overscan);
  return [first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + overscan)];
}

/** The rows in sight of `box`, `[first, last)`, and what looks again when it was scrolled. */
function useSight<Row>(
  box: { readonly current: HTMLElement | null },
  { rows }: Props<Row>,
  rowHeight: number,
) {
  const [seen, setSeen] = useState({ top: 0, height: 800 });
  const [first, last] = rowsInSight(rows.count, rowHeight, seen.top, seen.height);
  const look = (): void => {
    const { scrollTop = 0, clientHeight = 800 } = box.current ?? {};
    setSeen((was) => {
      const near = Math.abs(was.top - scrollTop) < (rowHeight * overscan) / 2;
      return near && was.height === clientHeight ? was : { top: scrollTop, height: clientHeight };
    });
  };
  useLayoutEffect(look, [rows.count]);
  useEffect(() => {
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, []);
  useEffect(() => rows.need(first, Math.max(first, last - 1)), [first, last, rows.need]);
  return { first, last, look };
}

/**
 * A table of any length: only the rows in sight are in the document. Arrow keys, Page Up and Down,
 * Home and End move from row to row by the same control; Tab goes through a row's controls.
 */
export function Table<Row>(props: Props<Row>) {
  const { rows, columns, keyOf, selection } = props;
  const rowHeight = props.rowHeight ?? usualRowHeight;
  const box = useRef<HTMLDivElement>(null);
  const { first, last, look } = useSight(box, props, rowHeight);
  const wanted = useRef<Wanted | null>(null);
  // The row may come into the document only now, or only when its page has been answered.
  useEffect(() => {
    if (wanted.current !== null && focusRow(box.current, wanted.current)) wanted.current = null;
  });

  const width = columns.length + (selection === undefined ? 0 : 1);
  const shown = Array.from({ length: last - first }, (_, i) => first + i);
  return (
    <section
      class="table-scroll"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to take the keyboard.
      tabIndex={0}
      aria-label={props.label}
      onScroll={look}
      onKeyDown={(event) => {
        const target = rowWanted(event, box.current, rowHeight, rows.count);
        if (target === null) return;
        wanted.current = focusRow(box.current, target) ? null : target;
      }}
    >
      <table aria-rowcount={rows.count + 1}>
        <caption class="unseen">{props.label}</caption>
        <Head {...props} />
        <tbody>
          <Spacer rows={first} rowHeight={rowHeight} width={width} />
          {shown.map((index) => {
            const row = rows.at(index);
            return row === null ? (
              <Waiting key={`row ${index}`} rowHeight={rowHeight} width={width} />
            ) : (
              <KnownRow key={keyOf(row)} {...{ table: props, row, index, rowHeight }} />
            );
          })}
          <Spacer rows={rows.count - last} rowHeight={rowHeight} width={width} />
        </tbody>
      </table>
    </section>
  );
}

function KnownRow<Row>(props: {
  readonly table: Props<Row>;
  readonly row: Row;
  readonly index: number;
  readonly rowHeight: number;
}) {
  const { table, row, index, rowHeight } = props;
  const { columns, selection } = table;
  const key = table.keyOf(row);
  return (
    <tr
      aria-rowindex={index + 2}
      data-row={index}
      class={selection?.keys.has(key) === true ? "selected" : ""}
      style={{ height: `${rowHeight}px` }}
    >
      {selection === undefined ? null : (
        <SelectCell row={key} name={table.nameOf?.(row) ?? key} selection={selection} />
      )}
      {columns.map((column) => (
        <td key={column.id} class={`of-${column.id} ${column.digits === true ? "digits" : ""}`}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function Head<Row>({ columns, sort, onSort, selection, rows, keyOf }: Props<Row>) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {selection === undefined ? null : (
          <th scope="col" class="select-cell">
            <SelectShown rows={rows} keyOf={keyOf} selection={selection} />
          </th>
        )}
        {columns.map((column) => {
          const rising = sort === column.sort;
          const falling = sort === `-${column.sort}`;
          const sorted = rising ? "ascending" : falling ? "descending" : "none";
          return (
            <th
              key={column.id}
              scope="col"
              class={column.digits === true ? "digits" : ""}
              aria-sort={column.sort === undefined ? undefined : sorted}
            >
              {column.sort === undefined || onSort === undefined ? (
                column.label
              ) : (
                <button
                  type="button"
                  class="sort"
                  onClick={() => onSort(rising ? `-${column.sort}` : `${column.sort}`)}
                >
                  {column.label}
                  <span aria-hidden="true">{rising ? " ▲" : falling ? " ▼" : " ↕"}</span>
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

/** The box in the head: all rows that are known, or none. */
function SelectShown<Row>(props: {
  readonly rows: Rows<Row>;
  readonly keyOf: (row: Row) => string;
  readonly selection: Selection;
}) {
  const { rows, selection } = props;
  const known: string[] = [];
  for (let i = 0; i < rows.count; i++) {
    const row = rows.at(i);
    if (row !== null) known.push(props.keyOf(row));
  }
  const all = known.length > 0 && known.every((key) => selection.keys.has(key));
  return (
    <input
      type="checkbox"
      aria-label={`Select all ${known.length} loaded rows`}
      checked={all}
      onChange={() => selection.onChange(new Set(all ? [] : [...selection.keys, ...known]))}
    />
  );
}

function SelectCell(props: {
  readonly row: string;
  readonly name: string;
  readonly selection: Selection;
}) {
  const { row, selection } = props;
  return (
    <td class="select-cell">
      <input
        type="checkbox"
        aria-label={`Select ${props.name}`}
        checked={selection.keys.has(row)}
        onChange={(event) => {
          const keys = new Set(selection.keys);
          if (event.currentTarget.checked) keys.add(row);
          else keys.delete(row);
          selection.onChange(keys);
        }}
      />
    </td>
  );
}

type Space = { readonly rows: number; readonly rowHeight: number; readonly width: number };
function Spacer({ rows, rowHeight, width }: Space) {
  if (rows <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row without content takes no focus.
    <tr aria-hidden="true">
      <td colSpan={width} class="spacer" style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}
function Waiting({ rowHeight, width }: Omit<Space, "rows">) {
  return (
    <tr style={{ height: `${rowHeight}px` }}>
      <td colSpan={width}>
        <span class="skeleton" />
      </td>
    </tr>
  );
}

type Wanted = { readonly row: number; readonly control: number };
const focusable = "a[href], button, input, select";

/** Puts the focus into a row; false where the row is not there yet. */
function focusRow(box: HTMLElement | null, { row, control }: Wanted): boolean {
  const controls = box?.querySelectorAll<HTMLElement>(`tr[data-row="${row}"] :is(${focusable})`);
  const found = controls?.[control] ?? controls?.[0];
  found?.focus({ preventScroll: true });
  return found !== undefined;
}

/** The row that a key asks for, brought into sight, and which of its controls; null = none. */
function rowWanted(
  event: KeyboardEvent,
  box: HTMLElement | null,
  rowHeight: number,
  count: number,
): Wanted | null {
  const target = event.target;
  if (box === null || !(target instanceof HTMLElement)) return null;
  if (target.matches("select, input:not([type=checkbox])")) return null;
  const row = target.closest<HTMLElement>("tr[data-row]");
  const at = row === null ? -1 : Number(row.dataset["row"]);
  const page = Math.max(1, Math.floor(box.clientHeight / rowHeight) - 2);
  const moves: Record<string, number> = {
    ...{ ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page },
    ...{ Home: 0, End: count - 1 },
  };
  const to = moves[event.key];
  if (to === undefined || count === 0) return null;
  event.preventDefault();
  const wanted = Math.max(0, Math.min(count - 1, to));
  bringIntoSight(box, wanted, rowHeight);
  const control = row === null ? 0 : [...row.querySelectorAll(focusable)].indexOf(target);
  return { row: wanted, control: Math.max(0, control) };
}

function bringIntoSight(box: HTMLElement, row: number, rowHeight: number): void {
  const head = box.querySelector("thead")?.clientHeight ?? 0;
  const top = row * rowHeight;
  const seen = box.clientHeight - head;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + seen) box.scrollTop = top + rowHeight - seen;
}
