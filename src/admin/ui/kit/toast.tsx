import { signal } from "@preact/signals";

/** What just happened, with the way back: undo rather than confirm. */
export type Toast = {
  readonly words: string;
  readonly bad?: boolean;
  readonly undo?: () => void;
  /** Another way on, in place of undo: `{label: "Stop it instead", run}`. */
  readonly action?: { readonly label: string; readonly run: () => void };
};

const toasts = signal<readonly (Toast & { readonly id: number })[]>([]);
let lastId = 0;
const shownMs = 12_000;
const atOnceMax = 3;

export function toast(entry: Toast): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { ...entry, id }].slice(-atOnceMax);
  // One with a way back stays: nobody has to hurry (WCAG 2.2.1); it goes when others come.
  if (entry.undo === undefined && entry.action === undefined)
    setTimeout(() => dismiss(id), shownMs);
}

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((entry) => entry.id !== id);
};

/** Once, in the frame. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(
        ({ id, words, undo, bad, action = undo && { label: "Undo", run: undo } }) => (
          <div key={id} class={bad === true ? "toast bad" : "toast"}>
            <span>{words}</span>
            {action === undefined ? null : (
              <button
                type="button"
                class="button small"
                onClick={() => {
                  dismiss(id);
                  action.run();
                }}
              >
                {action.label}
              </button>
            )}
            <button
              type="button"
              class="button quiet small"
              aria-label="Dismiss"
              onClick={() => dismiss(id)}
            >
              <span aria-hidden="true">×</span>
            </button>
          </div>
        ),
      )}
    </div>
  );
}
