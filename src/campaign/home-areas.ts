import type { DocumentPath, SourceDocument } from "./document.js";
import { type Issue, suggestion } from "./issue.js";
import type { AreaClause, HomeFinder, LineItem } from "./model.js";
import type { MarketForm } from "./schema-market.js";
import { type Facets, textFacets } from "./targeting.js";
import { facetKey } from "./text-key.js";

/**
 * Where an audience meets a place. A line item with an audience that is targeted to regions,
 * metros, cities or zips bids for the people of the audience who are there: so it is they who must
 * be a crowd. The bank knows where people live, by areas of its markets; a place that is no union
 * of whole areas cannot be counted and is refused.
 */
const geoFacets = ["regions", "metros", "cities", "zips"] as const;
type GeoFacet = (typeof geoFacets)[number];

export type HomeArea = {
  /** As a snapshot's manifest names it: "US-CA". */
  readonly name: string;
  /** ISO 3166 alpha-3; empty = not known. */
  readonly countries: readonly string[];
  /** All values of one facet together are the area. */
  readonly places: { readonly [F in GeoFacet]?: readonly string[] };
};

type Aimed = Pick<LineItem, "audience" | "price" | "targeting">;

const anywhere: AreaClause = { ok: true, areas: null };
const rule = "an audience can be combined with countries, or with whole areas of markets/";

export class HomeAreas implements HomeFinder {
  private readonly areas: readonly HomeArea[];
  /** By `keyOf`: the area whose place it is. */
  private readonly areaOfPlace = new Map<string, HomeArea>();

  /** Of areas that share a place the first has it. */
  constructor(areas: readonly HomeArea[]) {
    this.areas = areas;
    for (const area of areas) {
      for (const facet of geoFacets) {
        for (const value of area.places[facet] ?? []) {
          const key = keyOf(facet, value);
          if (!this.areaOfPlace.has(key)) this.areaOfPlace.set(key, area);
        }
      }
    }
  }

  /** Another area than this one that has the place already. */
  holderOf(facet: GeoFacet, value: string, area: HomeArea): HomeArea | null {
    const holder = this.areaOfPlace.get(keyOf(facet, value));
    return holder === undefined || holder === area ? null : holder;
  }

  /**
   * The areas whose people a line item's audiences are cut down to by its targeting. Who lives
   * nowhere that we know is in none.
   */
  clauseOf({ audience, price, targeting }: Aimed): AreaClause {
    if (audience === null && price.personModifiers.length === 0) return anywhere;
    const { include, exclude } = targeting;
    if (audience !== null && include.inventory?.includes("dooh") === true) {
      return refused(["targeting", "include", "inventory"], screens);
    }
    const byPlace = price.contextModifiers.some(({ when }) => isPlaced(when));
    if (byPlace) return refused(["price", "modifiers"], pricesByPlace);
    if (!isPlaced(include) && !isPlaced(exclude)) return anywhere;
    const left = new Set(this.areas.filter((area) => isLetIn(area, include, exclude)));
    for (const side of ["include", "exclude"] as const) {
      for (const facet of geoFacets) {
        const values = targeting[side][facet];
        if (values === undefined) continue;
        const named = this.wholeAreas(facet, values);
        if (typeof named === "string") return refused(["targeting", side, facet], named);
        for (const area of [...left])
          if (named.has(area) !== (side === "include")) left.delete(area);
      }
    }
    if (left.size === 0) return refused(["targeting"], `${rule}: none is left here`);
    return { ok: true, areas: [...left].map(({ name }) => name).sort() };
  }

  /** The areas that these values are, or why they are none. */
  private wholeAreas(facet: GeoFacet, values: readonly string[]): Set<HomeArea> | string {
    const keys = new Set<string>();
    const named = new Set<HomeArea>();
    for (const value of values) {
      const key = keyOf(facet, value);
      const area = this.areaOfPlace.get(key);
      if (area === undefined) {
        const known = this.areas.flatMap(({ places }) => places[facet] ?? []);
        return `${rule}: "${value}" is none (${suggestion(value, known)})`;
      }
      keys.add(key);
      named.add(area);
    }
    for (const { name, places } of named) {
      const missing = places[facet]?.find((value) => !keys.has(keyOf(facet, value)));
      if (missing === undefined) continue;
      return `${rule}: these ${facet} are ${name} in part alone; add "${missing}" and its others`;
    }
    return named;
  }
}

export const noHomeAreas = new HomeAreas([]);

const screens =
  "a public screen stands in one place, so an audience is for sites and apps: take dooh out";
const pricesByPlace =
  "a price by region, metro, city or zip cuts the audience into the people of each place: make a " +
  "line item for each area";

const refused = (path: DocumentPath, why: string): AreaClause => ({ ok: false, path, why });

const isPlaced = (facets: Facets): boolean =>
  geoFacets.some((facet) => facets[facet] !== undefined);

/** As the bid path tells places apart: two spellings of one region are one. */
function keyOf(facet: GeoFacet, value: string): string {
  const { kind, form } = textFacets[facet];
  const { lo, hi } = facetKey(value, kind, form);
  return `${facet} ${lo} ${hi}`;
}

/** An area that lies outside the countries in part is out: people are missed, never invented. */
function isLetIn({ countries }: HomeArea, include: Facets, exclude: Facets): boolean {
  if (include.countries === undefined && exclude.countries === undefined) return true;
  return (
    countries.length > 0 &&
    countries.every(
      (country) =>
        include.countries?.includes(country) !== false &&
        exclude.countries?.includes(country) !== true,
    )
  );
}

export type PlacedMarket = { readonly document: SourceDocument; readonly form: MarketForm };

/** The areas of all markets that are large enough to be one. Issues: a place in two of them. */
export function homeAreasOf(
  markets: readonly PlacedMarket[],
  peopleMin: number,
  issues: Issue[],
): HomeAreas {
  const placed = markets.flatMap(({ document, form }) =>
    form.areas.flatMap((area, i) =>
      area.people < peopleMin
        ? []
        : [{ document, path: ["areas", i] as DocumentPath, area: homeAreaOf(area, form) }],
    ),
  );
  const known = new HomeAreas(placed.map(({ area }) => area));
  for (const { document, path, area } of placed) {
    for (const facet of geoFacets) {
      for (const [i, value] of (area.places[facet] ?? []).entries()) {
        const holder = known.holderOf(facet, value, area);
        if (holder === null) continue;
        const where = document.positionOf([...path, facet, i]);
        const message = `"${value}" is in ${holder.name} already: a place is in one area`;
        issues.push({ severity: "error", ...where, message });
      }
    }
  }
  return known;
}

function homeAreaOf(area: MarketForm["areas"][number], { countries }: MarketForm): HomeArea {
  const { name, regions, metros, cities, zips } = area;
  const places = Object.fromEntries(
    Object.entries({ regions, metros, cities, zips }).filter(([, values]) => values !== undefined),
  );
  const said = [regions, cities, zips].flatMap((values) => values ?? []);
  const told = [...new Set(said.map((value) => value.slice(0, value.indexOf("/"))))];
  const own = told.length > 0 ? told : countries.length === 1 ? countries : [];
  return { name, countries: area.countries ?? own, places };
}
