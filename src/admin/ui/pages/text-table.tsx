import type { ComponentChildren } from "preact";

/** A short table whose cells may be of any height; long ones use kit/table. */
export function TextTable(props: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  readonly foot?: readonly (readonly ComponentChildren[])[];
  /** Columns that hold numbers, by place. */
  readonly digits?: readonly number[];
  /** Columns whose cells are never broken into lines, by place. */
  readonly whole?: readonly number[];
}) {
  const look = (i: number): string => {
    if (props.digits?.includes(i) === true) return "digits";
    return props.whole?.includes(i) === true ? "whole" : "";
  };
  const line = (cells: readonly ComponentChildren[], key: number) => (
    <tr key={key}>
      {cells.map((cell, i) => (
        <td key={props.columns[i]} class={look(i)}>
          {cell}
        </td>
      ))}
    </tr>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to take the keyboard.
    <section class="scroll" aria-label={props.label} tabIndex={0}>
      <table>
        <caption class="unseen">{props.label}</caption>
        <thead>
          <tr>
            {props.columns.map((column, i) => (
              <th key={column} scope="col" class={look(i)}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.rows.map(line)}</tbody>
        {props.foot === undefined ? null : <tfoot>{props.foot.map(line)}</tfoot>}
      </table>
    </section>
  );
}
