import { microsFromCurrency } from "../base/units.js";
import type {
  Budget,
  ContextModifier,
  FrequencyCap,
  LineItem,
  PersonModifier,
  Price,
} from "./model.js";
import { nanosOf } from "./money-text.js";
import type { BudgetForm, FrequencyForm, LineItemForm } from "./schema-campaign.js";
import type { Facets } from "./targeting.js";

/** Bounds of the context modifiers' product where the line item states none. */
const boundsDefault = { min: 0.25, max: 4 };

/** `audience` is the form's with saved audiences in place of their ids. */
export function lineItemFrom(form: LineItemForm, audience: LineItem["audience"]): LineItem {
  return {
    id: form.id as LineItem["id"],
    campaign: form.campaign as LineItem["campaign"],
    name: form.name,
    paused: form.paused ?? false,
    targeting: {
      include: facetsFrom(form.targeting?.include),
      exclude: facetsFrom(form.targeting?.exclude),
    },
    openAuction: form.openAuction ?? false,
    audience,
    price: priceFrom(form.price),
    frequency: frequencyFrom(form.frequency),
    withoutId: form.withoutId ?? "skip",
    ...(form.budget === undefined ? {} : { budget: budgetFrom(form.budget) }),
    ...(form.pacing === undefined ? {} : { pacing: form.pacing }),
    creatives: form.creatives.map(({ id, weight }) => ({
      id: id as LineItem["creatives"][number]["id"],
      weight: weight ?? 1,
    })),
  };
}

/** Limits in impressions stand in it only where the form has one. */
export function budgetFrom(form: BudgetForm): Budget {
  const { total = 0, daily = 0, impressions, dailyImpressions } = form;
  return {
    totalNanos: nanosOf(total),
    dailyNanos: nanosOf(daily),
    ...(impressions === undefined ? {} : { totalImpressions: BigInt(impressions) }),
    ...(dailyImpressions === undefined ? {} : { dailyImpressions: BigInt(dailyImpressions) }),
  };
}

type FacetsForm = NonNullable<NonNullable<LineItemForm["targeting"]>["include"]>;
/** The form's facets without keys that hold nothing: the model does not know `undefined`. */
export const facetsFrom = (form: FacetsForm | undefined): Facets =>
  Object.fromEntries(Object.entries(form ?? {}).filter(([, value]) => value !== undefined));

export const permilleOf = (factor: number): number => Math.round(factor * 1000);

function priceFrom(form: LineItemForm["price"]): Price {
  const contextModifiers: ContextModifier[] = [];
  const personModifiers: PersonModifier[] = [];
  for (const { when, factor } of form.modifiers ?? []) {
    const factorPermille = permilleOf(factor);
    const { segments, ...facets } = when;
    if (segments !== undefined) personModifiers.push({ when: segments, factorPermille });
    else contextModifiers.push({ when: facetsFrom(facets), factorPermille });
  }
  const bounds = form.bounds ?? boundsDefault;
  const { cpc } = form.goal ?? {};
  const cpm = cpc === undefined ? (form.cpm ?? form.goal?.cpm ?? 0) : cpc * 1000;
  const cpmMicros = microsFromCurrency(cpm);
  const factorMaxPermille = permilleOf(bounds.max);
  return {
    cpmMicros,
    goal: cpc === undefined ? "cpm" : "cpc",
    strategy: form.strategy ?? "fixed",
    maxMicros: form.maxCpm === undefined ? cpmMicros : microsFromCurrency(form.maxCpm),
    factorMinPermille: permilleOf(bounds.min),
    factorMaxPermille,
    contextModifiers,
    personModifiers,
  };
}

const unitSec: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

export const frequencyFrom = (form: FrequencyForm | undefined): readonly FrequencyCap[] =>
  (form === undefined ? [] : Array.isArray(form) ? form : [form]).map(({ impressions, per }) => ({
    impressions,
    windowSec: Number(per.slice(0, -1)) * (unitSec[per.slice(-1)] ?? 0),
  }));
