import { crowdMinimumPeople } from "../../base/limits.js";
import type { SourceDocument } from "../../campaign/document.js";
import { placeText } from "../../campaign/places.js";
import type { MarketForm } from "../../campaign/schema-market.js";
import { below, type Findings, type Place, positionOf } from "./findings.js";
import type { Market } from "./model.js";

export type Checked<Form> = { readonly document: SourceDocument; readonly form: Form };

/** Home areas are u16 in a snapshot, 0 is unknown. */
const areasMax = 65_535;

/** The markets by name, in file order; too small areas are left out and noted in `small`. */
export function resolveMarkets(
  files: readonly Checked<MarketForm>[],
  small: Set<string>,
  findings: Findings,
): ReadonlyMap<string, Market> {
  const markets = new Map<string, Market>();
  const names = new Once("market", findings);
  const countries = new Once("country", findings);
  const areas = new Once("area", findings);
  for (const { document, form } of files) {
    const place: Place = { document, path: [] };
    form.countries.forEach((country, i) => {
      countries.take(country, below(place, "countries", i));
    });
    const categories = new Once("category", findings);
    form.categories?.forEach((word, i) => {
      categories.take(word, below(place, "categories", i));
    });
    const large = form.areas.filter((area, i) => {
      const at = below(place, "areas", i);
      if (!areas.take(area.name, below(at, "name"))) return false;
      if (area.people >= crowdMinimumPeople) return true;
      small.add(area.name);
      findings.warn(at, "small", () => tooSmall(area.name));
      return false;
    });
    if (!names.take(form.market, below(place, "market"))) continue;
    markets.set(form.market, {
      ...{ name: form.market, label: form.label, countries: form.countries },
      ...{ currency: form.currency, consent: form.consent, areas: large },
      categories: form.categories ?? [],
    });
    if (areas.count > areasMax) {
      const what = `more than ${areasMax} areas in all markets: join small neighbours`;
      findings.error(below(place, "areas"), "many", () => what);
    }
  }
  return markets;
}

const tooSmall = (name: string): string =>
  `${name} has fewer than ${crowdMinimumPeople} people and is no area: ` +
  "join it with a neighbour, or drop it";

/** Names that may stand once each. */
export class Once {
  private readonly first = new Map<string, Place>();
  private readonly kind: string;
  private readonly findings: Findings;

  constructor(kind: string, findings: Findings) {
    this.kind = kind;
    this.findings = findings;
  }

  get count(): number {
    return this.first.size;
  }

  /** False, with a finding, when the name was taken before. */
  take(name: string, place: Place): boolean {
    const before = this.first.get(name);
    if (before === undefined) {
      this.first.set(name, place);
      return true;
    }
    this.findings.error(place, `twice ${name}`, () => {
      const where = placeText(positionOf(before));
      return `the ${this.kind} "${name}" stands already at ${where}: keep one of them`;
    });
    return false;
  }
}
