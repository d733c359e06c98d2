import type { ComponentChildren } from "preact";

type Props = {
  readonly children: ComponentChildren;
  readonly onClick?: () => void;
  /** `main` stands out: one a view. `quiet` is text alone. `risky` ends something. */
  readonly look?: "main" | "usual" | "quiet" | "risky";
  readonly submit?: boolean;
  readonly disabled?: boolean;
  /** While the answer is awaited: stays focusable, does nothing. */
  readonly busy?: boolean;
  /** Says more than the text does, for a button whose text repeats in every row. */
  readonly label?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly small?: boolean;
  /** Shown under the pointer, where the button is a picture. */
  readonly title?: string;
};

export function Button({ look = "usual", submit = false, busy = false, ...props }: Props) {
  return (
    <button
      type={submit ? "submit" : "button"}
      class={`button ${look} ${props.small === true ? "small" : ""}`}
      disabled={props.disabled === true}
      aria-disabled={busy}
      aria-label={props.label}
      title={props.title}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else props.onClick?.();
      }}
    >
      {props.children}
      {busy ? <span class="busy" aria-hidden="true" /> : null}
    </button>
  );
}

/** A link that looks like a button: it leads somewhere, it does nothing. */
export function ButtonLink(props: {
  readonly href: string;
  readonly look?: "main" | "usual" | "quiet";
  readonly children: ComponentChildren;
  readonly download?: boolean;
}) {
  return (
    <a class={`button ${props.look ?? "usual"}`} href={props.href} download={props.download}>
      {props.children}
    </a>
  );
}
