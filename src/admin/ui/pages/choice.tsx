import { useId } from "preact/hooks";
import type { Option } from "../kit/field.js";

/** One of a few, all in sight: radio buttons in a row. */
export function Choice(props: {
  readonly label: string;
  readonly options: readonly Option[];
  readonly value: string;
  readonly onChoose: (value: string) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      {props.options.map(({ value, label }) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            checked={value === props.value}
            onChange={() => props.onChoose(value)}
          />{" "}
          {label}
        </label>
      ))}
    </fieldset>
  );
}
