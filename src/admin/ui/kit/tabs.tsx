import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export type Tab = {
  readonly id: string;
  readonly label: string;
  /** How many errors wait inside. */
  readonly errors?: number;
  readonly body: () => ComponentChildren;
};

/** Tabs as WAI-ARIA has them: one stop for Tab, arrows between. */
export function Tabs(props: {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly open: string;
  readonly onOpen: (id: string) => void;
}) {
  const own = useId();
  const { tabs } = props;
  const at = Math.max(
    0,
    tabs.findIndex(({ id }) => id === props.open),
  );
  const step = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: -1,
    };
    const to = moves[event.key];
    const tab = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (tab === undefined) return;
    event.preventDefault();
    props.onOpen(tab.id);
    document.getElementById(`${own}-${tab.id}`)?.focus();
  };
  return (
    <>
      <div role="tablist" aria-label={props.label} class="tabs" onKeyDown={step}>
        {tabs.map(({ id, label, errors = 0 }, i) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${own}-${id}`}
            aria-selected={i === at}
            aria-controls={`${own}-panel`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => props.onOpen(id)}
          >
            {label}
            {errors === 0 ? null : (
              <span class="badge bad">
                {errors}
                <span class="unseen">{errors === 1 ? " error" : " errors"}</span>
              </span>
            )}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${own}-panel`}
        class="tab-panel"
        aria-labelledby={`${own}-${tabs[at]?.id ?? ""}`}
      >
        {tabs[at]?.body()}
      </div>
    </>
  );
}
