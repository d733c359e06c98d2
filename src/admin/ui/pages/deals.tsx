import { useEffect, useState } from "preact/hooks";
import type { DeskReport } from "../../desk/desk.js";
import { call } from "../api.js";
import { EntityList } from "../kit/entity-list.js";
import { countText, priceText } from "../kit/say.js";
import { may } from "../session.js";
import { dayIn, lastDays } from "./days.js";
import { figuresByDeal } from "./deal-figures.js";

const text = (value: unknown): string => (value === undefined ? "" : String(value));

const weekWords = { bids: "Bids", wins: "Wins" } as const;

/** What was agreed with publishers, an exchange each, and what came of it in a week. */
export default function DealsPage() {
  const figures = useFigures();
  return (
    <EntityList
      kind="deal"
      title="Deals"
      mayAdd={may("trader", "house")}
      what="deal"
      columns={[
        { id: "deal", label: "Deal id", cell: ({ form }) => <code>{text(form["deal"])}</code> },
        { id: "exchange", label: "Exchange", cell: ({ form }) => text(form["exchange"]) },
        { id: "type", label: "Type", cell: ({ form }) => text(form["type"]) },
        {
          ...{ id: "floor", label: "Bid floor", digits: true },
          cell: ({ form }) => priceText(text(form["floor"]), text(form["floorCurrency"])),
        },
        ...(["bids", "wins"] as const).map((name) => ({
          ...{ id: name, label: `${weekWords[name]}, 7 days`, digits: true },
          cell: ({ key }: { readonly key: string }) => countText(figures?.get(key)?.[name] ?? null),
        })),
        {
          id: "report",
          label: "By day",
          cell: ({ form }) => (
            <a
              href={`/reports?by=day&only.deal=${encodeURIComponent(text(form["deal"]))}`}
              aria-label={`Report of ${text(form["name"])}`}
            >
              Report
            </a>
          ),
        },
      ]}
    />
  );
}

/** null = not here yet, or not to be had: the list stands without them. */
function useFigures(): ReturnType<typeof figuresByDeal> | null {
  const [figures, setFigures] = useState<ReturnType<typeof figuresByDeal> | null>(null);
  useEffect(() => {
    const days = lastDays(dayIn("UTC", Date.now()), 7);
    const body = { by: ["exchange", "deal"], ...days, timeZone: "UTC", only: {} };
    void call<DeskReport>("POST", "/reports", { body }).then(
      (answer) => answer.ok && setFigures(figuresByDeal(answer.value)),
    );
  }, []);
  return figures;
}
