import type { LineItemId } from "../base/ids.js";
import type { CurrencyCode } from "../base/units.js";
import type { Places } from "../index/projection.js";
import type { CapLevel } from "./caps.js";
import type { AudienceNeeded } from "./compile-audiences.js";
import type { Exchange } from "./exchange.js";
import type { Agency, CampaignBook, CampaignBudget, CreativeModel } from "./model.js";
import type { DatedRates } from "./rates-file.js";
import type { Roster } from "./roster.js";

export type CompileInput = {
  readonly book: CampaignBook;
  /** In index order: exchange e has `index` e. */
  readonly exchanges: readonly Exchange[];
  /** Segment name -> its bit in this World's index, and whose it is. */
  readonly projection: Places;
  /** Digests (audienceDigest) that are certified for the index's epoch. */
  readonly certificates: ReadonlySet<string>;
  /** The audiences' places of the day; absent (tests, commands): everybody is asked all. */
  readonly roster?: Roster;
  /** The line item's place in the shared allowances; the same for its whole life in a process. */
  readonly allowancePlaceOf: (lineItem: LineItemId) => number;
  /** As above, in impressions, for line items under such a limit. Absent: no limit is kept. */
  readonly impressionPlaceOf?: (lineItem: LineItemId) => number;
  /** The most that a currency's bids may cost, micros of CPM; absent = no ceiling. */
  readonly cpmMicrosMax?: (currency: CurrencyCode) => number;
  /** What currencies are worth, to order line items by price; absent = they stay as they are. */
  readonly rates?: Pick<DatedRates, "codes" | "numerator" | "denominator">;
  /**
   * The place of a cap's rule (bid/cap-rule), the same for its whole life in a process. Absent:
   * places of this table's own.
   */
  readonly capPlaceOf?: (level: CapLevel, id: number, windowSec: number) => number;
  /**
   * From the template compiler, by index into `book.creatives`: bit e = exchange e can show the
   * creative. Absent: no creative has a markup problem.
   */
  readonly usable?: ArrayLike<number>;
};

export type Compiled = {
  /** packTable: read it with tableFrom. */
  readonly table: SharedArrayBuffer;
  /** In creative-index order: that of the book. */
  readonly creatives: readonly CreativeModel[];
  /** In agency-index order: that of the book. */
  readonly agencies: readonly Agency[];
  readonly audiencesNeeded: readonly AudienceNeeded[];
  readonly budgets: readonly CampaignBudget[];
  /** What keeps line items from bidding although their configuration is sound. */
  readonly problems: readonly CompileProblem[];
};
export type CompileProblem = { readonly lineItem: LineItemId; readonly what: string };
