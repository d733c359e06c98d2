import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/**
 * A native modal dialog: focus stays inside, Escape closes, the opener has the focus afterwards.
 */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Buttons of the foot, the main one last. */
  readonly foot?: ComponentChildren;
  readonly wide?: boolean;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const opener = document.activeElement;
    box.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby={title}
      class={props.wide === true ? "wide" : ""}
      onCancel={(event) => {
        if (event.target !== box.current) return;
        event.preventDefault();
        props.onClose();
      }}
    >
      <header>
        <h2 id={title}>{props.title}</h2>
        <button type="button" class="button quiet" aria-label="Close" onClick={props.onClose}>
          <span aria-hidden="true">×</span>
        </button>
      </header>
      <div class="dialog-body">{props.children}</div>
      {props.foot === undefined ? null : <footer>{props.foot}</footer>}
    </dialog>
  );
}
