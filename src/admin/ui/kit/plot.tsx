import { useEffect, useRef, useState } from "preact/hooks";
import { rowsOf } from "../fetched.js";
import type { Series } from "./series.js";
import { Table } from "./table.js";

type Props = {
  readonly title: string;
  readonly atMs: readonly number[];
  readonly series: readonly Series[];
  readonly timeOf: (atMs: number) => string;
  /** Of the axis; absent = the browser's. */
  readonly zone?: string | undefined;
};

/**
 * Lines over time. The picture says nothing to a screen reader: the same numbers stand in a table
 * beside it, one press away. The plot library comes when the first plot is shown.
 */
export function Plot(props: Props) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure class="plot">
      <figcaption>
        <span>{props.title}</span>
        <button
          type="button"
          class="button small"
          aria-pressed={asTable}
          aria-label={`${props.title} as a table`}
          onClick={() => setAsTable(!asTable)}
        >
          Table
        </button>
      </figcaption>
      {asTable ? <PlotTable {...props} /> : <Lines {...props} />}
    </figure>
  );
}

function PlotTable({ title, atMs, series, timeOf }: Props) {
  const columns = [
    { id: "time", label: "Time", cell: (i: number) => timeOf(atMs[i] ?? 0) },
    ...series.map((one) => ({
      ...{ id: one.label, label: one.label, digits: true },
      cell: (i: number) => one.text(one.values[i] ?? null),
    })),
  ];
  const rows = rowsOf(atMs.map((_, i) => atMs.length - 1 - i));
  return <Table label={title} columns={columns} rows={rows} keyOf={String} rowHeight={32} />;
}

function Lines(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let ended = false;
    let remove = (): void => undefined;
    void import("./plot-lines.js").then(({ drawLines }) => {
      if (!ended && box.current !== null) remove = drawLines(box.current, props);
    });
    return () => {
      ended = true;
      remove();
    };
  }, [props.atMs, props.series]);
  return <div class="plot-lines" ref={box} role="img" aria-label={`${props.title}, as lines`} />;
}
