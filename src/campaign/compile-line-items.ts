import type { CreativeId } from "../base/ids.js";
import { KeyKind, Media } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { CapPlaces, capsOf } from "./caps.js";
import type { Audiences } from "./compile-audiences.js";
import { audienceValue, isPlaced } from "./compile-audiences.js";
import { shapesOf } from "./compile-creatives.js";
import { writeFigures } from "./compile-figures.js";
import type { CompileInput, CompileProblem } from "./compile-input.js";
import type { Predicate, Predicates } from "./compile-predicates.js";
import { bySelectivity, sizeValueOf } from "./compile-predicates.js";
import type { Advertiser, Campaign, LineItem } from "./model.js";
import { placeOfDay } from "./roster.js";
import { Dimension, Live, shapeAccess, WithoutId } from "./table.js";
import type { GrowingColumns, Postings } from "./table-columns.js";

type Work = {
  readonly input: CompileInput;
  readonly columns: GrowingColumns;
  readonly postings: Postings;
  readonly audiences: Audiences;
  readonly predicates: Predicates;
};

type ArmsLive = typeof Live.LIVE | typeof Live.UNCERTIFIED | typeof Live.OPENS_TOMORROW;

type Owner = { readonly campaign: Campaign; readonly advertiser: Advertiser };

/** Dimensions of access keys, the first that a line item includes is its own (table.ts). */
const accessDimensions: readonly number[] = [
  Dimension.DEAL,
  Dimension.PLACEMENT,
  Dimension.PROPERTY,
  KeyKind.SITE_APP,
  KeyKind.PUBLISHER,
  Dimension.KEY_VALUE,
];
/** Above this many keys a line item is posted without its countries. */
const shapeKeysMax = 512;

/** Writes the line item columns and the posting lists. */
export class LineItems {
  readonly problems: CompileProblem[] = [];
  /** By index: what `lineItemLive` would be of one that is not paused. */
  readonly unpaused: number[] = [];
  private readonly work: Work;
  private readonly capPlaceOf: NonNullable<CompileInput["capPlaceOf"]>;
  private readonly owners = new Map<number, Owner>();
  private readonly agencyIndex: ReadonlyMap<number, number>;
  private readonly creativeIndex: ReadonlyMap<number, number>;

  constructor(work: Work) {
    this.work = work;
    const own = new CapPlaces();
    this.capPlaceOf = work.input.capPlaceOf ?? ((level, id, sec) => own.placeOf(level, id, sec));
    const { book } = work.input;
    const advertisers = new Map(book.advertisers.map((one) => [one.id as number, one]));
    for (const campaign of book.campaigns) {
      const advertiser = advertisers.get(campaign.advertiser);
      if (advertiser !== undefined) this.owners.set(campaign.id, { campaign, advertiser });
    }
    this.agencyIndex = new Map(book.agencies.map(({ id }, index) => [id, index]));
    this.creativeIndex = new Map(book.creatives.map(({ id }, index) => [id, index]));
  }

  add(lineItem: LineItem): void {
    const owner = this.owners.get(lineItem.campaign);
    const agencyIndex = this.agencyIndex.get(owner?.advertiser.agency ?? 0);
    if (owner === undefined || agencyIndex === undefined) {
      this.problem(lineItem, "its campaign, advertiser or agency is missing");
      return;
    }
    const { columns, input } = this.work;
    const { campaign, advertiser } = owner;
    const index = columns.lineItemId.length;
    columns.lineItemId.push(lineItem.id);
    columns.lineItemCampaign.push(campaign.id);
    columns.lineItemAdvertiser.push(advertiser.id);
    columns.lineItemAgency.push(advertiser.agency);
    columns.lineItemAgencyIndex.push(agencyIndex);
    columns.lineItemAllowance.push(input.allowancePlaceOf(lineItem.id));
    const counted = countsImpressions(lineItem, campaign, advertiser);
    columns.lineItemImpressions.push(
      counted ? (input.impressionPlaceOf?.(lineItem.id) ?? -1) + 1 : 0,
    );
    columns.lineItemStartMs.push(campaign.startMs);
    columns.lineItemEndMs.push(campaign.endMs);
    columns.lineItemCurrency.push(advertiser.currency);
    this.addPrice(lineItem, campaign, input.cpmMicrosMax?.(advertiser.currency));
    this.addCaps(lineItem, owner);
    const contextual = lineItem.withoutId === "contextual";
    columns.lineItemWithoutId.push(contextual ? WithoutId.CONTEXTUAL : WithoutId.SKIP);
    const creatives = this.addCreatives(lineItem, advertiser);
    const arms = this.addArms(lineItem, advertiser);
    const included = this.addPredicates(lineItem, campaign);
    const live = liveOf(arms, creatives.approved, included !== null);
    this.unpaused.push(live);
    columns.lineItemLive.push(lineItem.paused ? Live.PAUSED : live);
    this.post(lineItem, index, included ?? [], creatives.indexes);
  }

  private problem(lineItem: LineItem, what: string): void {
    this.problems.push({ lineItem: lineItem.id, what });
  }

  private addCaps(lineItem: LineItem, owner: Owner): void {
    const { columns } = this.work;
    const start = columns.capPlace.length;
    for (const { level, id, impressions, windowSec } of capsOf(lineItem, owner)) {
      columns.capPlace.push(this.capPlaceOf(level, id, windowSec));
      columns.capImpressions.push(impressions);
      columns.capWindowSec.push(windowSec);
    }
    columns.lineItemCapStart.push(start);
    columns.lineItemCapCount.push(columns.capPlace.length - start);
  }

  private addPrice(lineItem: LineItem, campaign: Campaign, ceilingMicros?: number): void {
    const { columns, predicates } = this.work;
    const { price } = lineItem;
    writeFigures(columns, columns.lineItemBaseMicros.length, lineItem, ceilingMicros);
    const start = columns.modPredicate.length;
    for (const { when, factorPermille } of price.contextModifiers) {
      for (const predicate of predicates.of(when)) {
        const index = predicates.intern(predicate, campaign.timeZone);
        if (index < 0) continue;
        columns.modPredicate.push(index);
        columns.modFactorPermille.push(factorPermille);
      }
    }
    columns.lineItemModStart.push(start);
    columns.lineItemModCount.push(columns.modPredicate.length - start);
  }

  /** The line item's creatives that exist and are its advertiser's. */
  private addCreatives(
    lineItem: LineItem,
    advertiser: Advertiser,
  ): { indexes: number[]; approved: boolean } {
    const { columns } = this.work;
    const indexes: number[] = [];
    let approved = false;
    columns.lineItemCreativeStart.push(columns.lineItemCreative.length);
    for (const { id, weight } of lineItem.creatives) {
      const index = this.creativeOf(id, advertiser);
      if (index < 0) continue;
      indexes.push(index);
      approved ||= columns.creativeApproved[index] !== 0;
      columns.lineItemCreative.push(index);
      columns.lineItemCreativeWeight.push(weight);
    }
    columns.lineItemCreativeCount.push(indexes.length);
    if (!approved) this.problem(lineItem, "no exchange has approved a creative of it");
    return { indexes, approved };
  }

  private creativeOf(id: CreativeId, advertiser: Advertiser): number {
    const index = this.creativeIndex.get(id) ?? -1;
    return index >= 0 && this.work.columns.creativeAdvertiser[index] === advertiser.id ? index : -1;
  }

  /** LIVE when every arm is certified and has a place of the day: else nobody is bid for. */
  private addArms(lineItem: LineItem, advertiser: Advertiser): ArmsLive {
    const { columns, audiences, input } = this.work;
    const start = columns.armAudience.length;
    columns.lineItemArmStart.push(start);
    const arms = audiences.armsOf(lineItem);
    let certified = arms.ok && arms.arms.length > 0;
    let placed = true;
    if (!arms.ok) this.problem(lineItem, arms.why);
    else if (arms.arms.length === 0) this.problem(lineItem, "its audience contradicts itself");
    for (const { audience, factorPermille } of arms.ok ? arms.arms : []) {
      const needed =
        audience === null ? null : audiences.add(advertiser.agency, audience, lineItem.id);
      columns.armAudience.push(audienceValue(needed));
      columns.armFactorPermille.push(factorPermille);
      if (needed === null) continue;
      certified &&=
        input.certificates.has(needed.digest) &&
        isPlaced(needed.audience, needed.agency, input.projection);
      placed &&= placeOfDay(input.roster, needed.digest) >= 0;
    }
    columns.lineItemArmCount.push(columns.armAudience.length - start);
    if (arms.ok && arms.arms.length > 0 && !certified) {
      this.problem(lineItem, "an audience of it has no certificate in this snapshot");
    }
    if (!certified) return Live.UNCERTIFIED;
    if (placed) return Live.LIVE;
    this.problem(lineItem, "an audience of it is new today and opens with the next UTC day");
    return Live.OPENS_TOMORROW;
  }

  /** The included predicates, for access; null when the table cannot hold one of them. */
  private addPredicates(lineItem: LineItem, campaign: Campaign): readonly Predicate[] | null {
    const { columns, predicates } = this.work;
    const { targeting } = lineItem;
    const included = predicates.of(targeting.include);
    const all = [...included, ...predicates.of(targeting.exclude, true)].sort(bySelectivity);
    columns.lineItemPredStart.push(columns.predRefs.length);
    columns.lineItemPredCount.push(all.length);
    let fits = true;
    for (const predicate of all) {
      const index = predicates.intern(predicate, campaign.timeZone);
      fits &&= index >= 0;
      columns.predRefs.push(Math.max(index, 0));
    }
    if (!fits) this.problem(lineItem, "its day-parts need one time zone more than a table holds");
    const dealsOnly = targeting.include.deals !== undefined && lineItem.openAuction !== true;
    columns.lineItemDealOnly.push(dealsOnly ? 1 : 0);
    return fits ? included : null;
  }

  /** Posts the line item under its access keys. */
  private post(
    lineItem: LineItem,
    index: number,
    included: readonly Predicate[],
    creatives: readonly number[],
  ): void {
    const { postings } = this.work;
    for (const dimension of accessDimensions) {
      // Beside its deals it also buys where none is offered: deals are no key then.
      if (dimension === Dimension.DEAL && lineItem.openAuction === true) continue;
      const candidates = included.filter((predicate) => predicate.dimension === dimension);
      if (candidates.length === 0) continue;
      candidates.sort((a, b) => a.values.length - b.values.length);
      for (const value of candidates[0]!.values) postings.add(value, dimension, index);
      return;
    }
    const { include } = lineItem.targeting;
    const shapes = new Set(this.shapesOf(creatives, include));
    const countries = (include.countries ?? []).map(packAlpha3);
    const scoped = countries.length > 0 && countries.length * shapes.size <= shapeKeysMax;
    for (const shape of shapes) {
      for (const country of scoped ? countries : [0]) {
        postings.add(shape, (shapeAccess | country) >>> 0, index);
      }
    }
  }

  /** Shapes of the creatives that the line item's own media and sizes let in. */
  private shapesOf(
    creatives: readonly number[],
    { media, sizes }: LineItem["targeting"]["include"],
  ): number[] {
    const { columns, input } = this.work;
    const wanted = sizes === undefined ? null : new Set(sizes.map(sizeValueOf));
    return creatives.flatMap((index) => {
      const medium = columns.creativeMedia[index]!;
      if (media !== undefined && !media.some((name) => mediaBits[name] === medium)) return [];
      const shapes = shapesOf(input.book.creatives[index]!);
      if (wanted === null || medium !== Media.BANNER) return shapes;
      return shapes.filter((shape) => wanted.has(shape));
    });
  }
}

const mediaBits: Readonly<Record<string, Media>> = {
  banner: Media.BANNER,
  video: Media.VIDEO,
  audio: Media.AUDIO,
  native: Media.NATIVE,
};

/** Whether a level of the line item has a limit in impressions. */
export const countsImpressions = (
  lineItem: LineItem,
  campaign: Campaign,
  advertiser: Advertiser,
): boolean =>
  [lineItem.budget, campaign.budget, advertiser.budget].some(
    (budget) => budget?.totalImpressions !== undefined || budget?.dailyImpressions !== undefined,
  );

function liveOf(arms: ArmsLive, approved: boolean, fits: boolean): number {
  if (!fits) return Live.HELD;
  if (arms !== Live.LIVE) return arms;
  return approved ? Live.LIVE : Live.NO_CREATIVE;
}
