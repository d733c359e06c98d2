import { useEffect, useRef } from "preact/hooks";
import type { Finding, Problem } from "../answers.js";
import { inputId, wordsOnForm } from "./field.js";

/** All that is wrong with a form in one place, each leading to its field; takes the focus. */
export function ErrorSummary(props: {
  readonly title: string;
  readonly findings: readonly Finding[];
  /** Rises with each refused try, so that the focus comes back here. */
  readonly round?: number;
  /** Called before a field takes the focus: opens the tab that it is in. */
  readonly onField?: (field: string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const errors = props.findings.filter(({ severity }) => severity === "error");
  const asked = (props.round ?? 0) > 0;
  useEffect(() => {
    if (asked) box.current?.focus();
  }, [props.round]);
  if (errors.length === 0) return null;
  return (
    <div class="error-summary" ref={box} tabIndex={-1} role={asked ? "alert" : "group"}>
      <h2>{props.title}</h2>
      <ul>
        {errors.map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            {field === "" ? (
              wordsOnForm(message)
            ) : (
              <FieldLink {...{ field, message }} onField={props.onField} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function FieldLink(props: {
  readonly field: string;
  readonly message: string;
  readonly onField: ((field: string) => void) | undefined;
}) {
  const { field, message } = props;
  return (
    <a
      href={`#${field}`}
      onClick={(event) => {
        event.preventDefault();
        props.onField?.(field);
        requestAnimationFrame(() => focusField(field));
      }}
    >
      <strong>{labelOf(field)}</strong> {wordsOnForm(message)}
    </a>
  );
}

/** What the form calls a field; its path where the field is out of sight. */
function labelOf(field: string): string {
  const label = document.querySelector(`label[for="${CSS.escape(inputId(field))}"]`);
  return label?.firstChild?.textContent || field;
}

/** Puts the focus on the control of a field, or on the nearest one that holds it. */
export function focusField(field: string): void {
  for (let path = field; path !== ""; path = path.replace(/(^|[.[])[^.[]*$/, "")) {
    const control = document.getElementById(inputId(path));
    if (control === null) continue;
    control.scrollIntoView({ block: "center" });
    control.focus();
    return;
  }
}

/** What went wrong with a whole page or a whole call. */
export function ProblemNote(props: { readonly problem: Problem; readonly onRetry?: () => void }) {
  const { problem } = props;
  const errors = problem.errors ?? [];
  return (
    <div class="problem" role="alert">
      {errors.length === 0 ? (
        <p>
          <strong>{problem.title}.</strong> {problem.detail}
        </p>
      ) : (
        <ul>
          {errors.map(({ field, message }) => (
            <li key={`${field} ${message}`}>
              {field === "" ? null : <strong>{field} </strong>}
              {message}
            </li>
          ))}
        </ul>
      )}
      {props.onRetry === undefined ? null : (
        <button type="button" class="button usual" onClick={props.onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
