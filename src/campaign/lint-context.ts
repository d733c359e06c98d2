import type { UnixMs } from "../base/units.js";
import { mayUse } from "../index/projection.js";
import { byId } from "./by-id.js";
import type { Ceilings } from "./ceilings-file.js";
import type { DocumentPath } from "./document.js";
import type { Exchange } from "./exchange.js";
import type { Fees } from "./fees.js";
import type { Issue } from "./issue.js";
import type { Advertiser, Campaign, CampaignBook, CreativeModel, LineItem } from "./model.js";
import type { EntityKind, Places } from "./places.js";
import type { DatedRates } from "./rates-file.js";

export type LintOptions = {
  readonly nowMs: UnixMs;
  /**
   * Segments of the snapshot in use with the agencies that may use each (none = everybody); null =
   * no snapshot, so that names cannot be checked.
   */
  readonly segments: ReadonlyMap<string, readonly number[]> | null;
  /**
   * A reload says warning: a segment that fell below the crowd minimum in a new epoch must not
   * block every edit. Default error.
   */
  readonly unknownSegment?: "error" | "warning";
  /** The template compiler's findings about a creative's markup, as sentences. */
  readonly markupProblems?: (creative: CreativeModel) => readonly string[];
};

/** What lint reads, indexed, and where its findings go. */
export class LintContext {
  readonly book: CampaignBook;
  readonly exchanges: readonly Exchange[];
  readonly rates: DatedRates;
  readonly fees: Fees;
  readonly options: LintOptions;
  readonly issues: Issue[] = [];
  readonly advertisers: ReadonlyMap<number, Advertiser>;
  readonly campaigns: ReadonlyMap<number, Campaign>;
  readonly creatives: ReadonlyMap<number, CreativeModel>;
  readonly ceilings: Ceilings | null;
  private readonly places: Places;
  private readonly segmentsByAgency = new Map<number, ReadonlySet<string>>();

  constructor(
    config: {
      readonly book: CampaignBook;
      readonly exchanges: readonly Exchange[];
      readonly rates: DatedRates;
      readonly fees: Fees;
      readonly ceilings?: Ceilings;
      readonly places: Places;
    },
    options: LintOptions,
  ) {
    this.book = config.book;
    this.exchanges = config.exchanges;
    this.rates = config.rates;
    this.fees = config.fees;
    this.ceilings = config.ceilings ?? null;
    this.places = config.places;
    this.options = options;
    this.advertisers = byId(config.book.advertisers);
    this.campaigns = byId(config.book.campaigns);
    this.creatives = byId(config.book.creatives);
  }

  error(kind: EntityKind, id: number | string, path: DocumentPath, message: string): void {
    this.issues.push(this.places.issue("error", [kind, id], path, message));
  }

  warn(kind: EntityKind, id: number | string, path: DocumentPath, message: string): void {
    this.issues.push(this.places.issue("warning", [kind, id], path, message));
  }

  report(
    severity: Issue["severity"],
    lineItem: LineItem,
    path: DocumentPath,
    message: string,
  ): void {
    this.issues.push(this.places.issue(severity, ["lineItem", lineItem.id], path, message));
  }

  /** The advertiser of a line item; undefined only in books that were not resolved. */
  advertiserOf(lineItem: LineItem): Advertiser | undefined {
    const campaign = this.campaigns.get(lineItem.campaign);
    return campaign === undefined ? undefined : this.advertisers.get(campaign.advertiser);
  }

  /** The segments that a line item's agency may use: others' own are as good as not there. */
  segmentsFor(lineItem: LineItem): ReadonlySet<string> | null {
    const { segments } = this.options;
    const agency = this.advertiserOf(lineItem)?.agency ?? 0;
    const known = this.segmentsByAgency.get(agency);
    if (segments === null || known !== undefined) return known ?? null;
    const visible = [...segments].filter(([, agencies]) => mayUse(agencies, agency));
    const names = new Set(visible.map(([name]) => name));
    this.segmentsByAgency.set(agency, names);
    return names;
  }

  /** Exchanges that a line item's targeting lets in. */
  exchangesOf({ targeting: { include, exclude } }: LineItem): readonly Exchange[] {
    return this.exchanges.filter(
      ({ name }) =>
        (include.exchanges === undefined || include.exchanges.includes(name)) &&
        exclude.exchanges?.includes(name) !== true,
    );
  }
}
