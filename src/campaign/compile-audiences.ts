import type { AgencyId, LineItemId } from "../base/ids.js";
import type { Place, Places } from "../index/projection.js";
import { placeFor } from "../index/projection.js";
import type { Arms } from "./arms.js";
import { armsOf } from "./arms.js";
import type { AudienceTerm, CanonicalAudience } from "./audience.js";
import { audienceDigest } from "./audience.js";
import { noHomeAreas } from "./home-areas.js";
import type { CampaignBook, HomeFinder, LineItem } from "./model.js";
import { placeOfDay, type Roster } from "./roster.js";
import { Demand, NO_AUDIENCE } from "./table.js";
import type { GrowingColumns } from "./table-columns.js";
import { entryOf } from "./table-columns.js";

/** An audience that must be certified before the line items that use it can bid. */
export type AudienceNeeded = {
  readonly agency: AgencyId;
  readonly digest: string;
  readonly audience: CanonicalAudience;
  readonly lineItems: readonly LineItemId[];
};

/** What decides whether an audience answers in a World: as in CompileInput. */
type Standing = {
  readonly book: Pick<CampaignBook, "agencies">;
  readonly projection: Places;
  readonly certificates: ReadonlySet<string>;
  readonly roster?: Roster;
};
type Needed = AudienceNeeded & { readonly lineItems: LineItemId[]; readonly index: number };

/** The audiences of a table, each agency's once; each holds certificates of its own. */
export class Audiences {
  private readonly needed = new Map<string, Needed>();
  private readonly armsByRule = new Map<string, Arms>();
  private readonly digests = new Map<CanonicalAudience, Map<AgencyId, string>>();
  private readonly homeAreas: HomeFinder;

  constructor(homeAreas: HomeFinder = noHomeAreas) {
    this.homeAreas = homeAreas;
  }

  /** As `armsAtHome`, once for line items that say the same. */
  armsOf(lineItem: LineItem): Arms {
    const { audience, price } = lineItem;
    if (audience === null && price.personModifiers.length === 0) return everybody;
    const clause = this.homeAreas.clauseOf(lineItem);
    if (!clause.ok) return clause;
    const rule = JSON.stringify([audience, price.personModifiers, clause.areas]);
    return entryOf(this.armsByRule, rule, () => armsOf(lineItem, clause.areas));
  }

  add(agency: AgencyId, audience: CanonicalAudience, lineItem: LineItemId): Needed {
    const digest = this.digestOf(agency, audience);
    let needed = this.needed.get(digest);
    if (needed === undefined) {
      needed = { agency, digest, audience, lineItems: [], index: this.needed.size };
      this.needed.set(digest, needed);
    }
    if (needed.lineItems.at(-1) !== lineItem) needed.lineItems.push(lineItem);
    return needed;
  }

  private digestOf(agency: AgencyId, audience: CanonicalAudience): string {
    const byAgency = entryOf(this.digests, audience, () => new Map<AgencyId, string>());
    return entryOf(byAgency, agency, () => audienceDigest(agency, audience));
  }

  /** In index order. */
  list(): readonly AudienceNeeded[] {
    return [...this.needed.values()].map(({ agency, digest, audience, lineItems }) => ({
      ...{ agency, digest, audience, lineItems },
    }));
  }

  writeTo(columns: GrowingColumns, { book, projection, certificates, roster }: Standing): void {
    const agencyIndex = new Map(book.agencies.map(({ id }, index) => [id, index]));
    // What is not placed is never live; it reads a demand that everybody meets.
    columns.demand.push(Demand.LAST_OF_TERM | Demand.LAST_OF_AUDIENCE, 0, 0);
    for (const { agency, digest, audience } of this.needed.values()) {
      const known = audience.terms.length > 0 && isPlaced(audience, agency, projection);
      const place = placeOfDay(roster, digest);
      columns.audienceLive.push(known && certificates.has(digest) && place >= 0 ? 1 : 0);
      columns.audienceAgency.push(agencyIndex.get(agency) ?? 0);
      columns.audiencePlace.push(Math.max(0, place));
      columns.audienceDemand.push(known ? columns.demand.length : 0);
      if (!known) continue;
      const placeOf = (name: string) => placeFor(projection, name, agency);
      for (const term of audience.terms) writeTerm(term, placeOf, columns.demand);
      markLast(columns.demand, Demand.LAST_OF_AUDIENCE);
    }
  }
}

/** Whether memory holds every segment of an audience, and the agency may use it. */
export const isPlaced = (
  audience: CanonicalAudience,
  agency: AgencyId,
  projection: Places,
): boolean =>
  audience.terms.every((term) =>
    [...term.all, ...term.none].every((name) => placeFor(projection, name, agency) !== undefined),
  );

const everybody: Arms = { ok: true, arms: [{ audience: null, factorPermille: 1000 }] };

function writeTerm(
  term: AudienceTerm,
  placeOf: (name: string) => Place | undefined,
  demand: number[],
): void {
  const words = new Map<number, { ones: number; zeros: number }>();
  const mark = (name: string, side: "ones" | "zeros"): void => {
    const place = placeOf(name);
    if (place === undefined) return;
    const masks = words.get(place.word) ?? { ones: 0, zeros: 0 };
    masks[side] = (masks[side] | (1 << place.bit)) >>> 0;
    words.set(place.word, masks);
  };
  for (const name of term.all) mark(name, "ones");
  for (const name of term.none) mark(name, "zeros");
  // A term without segments is met by everybody.
  if (words.size === 0) words.set(0, { ones: 0, zeros: 0 });
  for (const [word, { ones, zeros }] of [...words].sort(([a], [b]) => a - b)) {
    demand.push(word, (ones ^ zeros) >>> 0, ones);
  }
  markLast(demand, Demand.LAST_OF_TERM);
}

function markLast(demand: number[], mark: number): void {
  demand[demand.length - 3] = (demand.at(-3) ?? 0) | mark;
}

/** The column value of an arm's audience. */
export const audienceValue = (needed: { readonly index: number } | null): number =>
  needed === null ? NO_AUDIENCE : needed.index;
