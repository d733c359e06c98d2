import { crowdMinimumPeople } from "../base/limits.js";
import { type Ceilings, checkCeilings } from "./ceilings-file.js";
import type { Checked, SourceDocument, SourceFile } from "./document.js";
import { checkForm, parseSource } from "./document.js";
import type { Exchange } from "./exchange.js";
import { checkExchanges, checkProfiles } from "./exchange-file.js";
import { checkFees, type Fees, noFees } from "./fees.js";
import { homeAreasOf, type PlacedMarket } from "./home-areas.js";
import type { Issue } from "./issue.js";
import { hasErrors, sortIssues } from "./issue.js";
import type { CampaignBook, HomeFinder } from "./model.js";
import { Places } from "./places.js";
import type { DatedRates } from "./rates-file.js";
import { checkRates, noRates } from "./rates-file.js";
import type { CheckedFile } from "./resolve.js";
import { resolveBook } from "./resolve.js";
import { type CampaignFile, campaignFile } from "./schema-campaign.js";
import { marketFile } from "./schema-market.js";

/**
 * A config folder's files as one checked whole. Layout, by the file's place in the folder:
 *   campaigns/**.yaml, deals.yaml    agencies, advertisers, campaigns, line items, creatives, deals
 *   exchanges/*.yaml                 one exchange each
 *   exchanges/profiles/*.yaml        how a kind of exchange speaks
 *   rates.yaml                       currency rates
 *   fees.yaml                        margins, technical and data fees
 *   ceilings.yaml                    hard limits of prices and days; defaults without it
 *   privacy.yaml                     not read here
 *   markets/*.yaml                   the areas that audiences can be aimed at; else the data bank's
 *   bank.yaml, touchpoints/, segments/    the data bank's (bank/config), not read here
 */
export type LoadedConfig = {
  readonly book: CampaignBook;
  readonly exchanges: readonly Exchange[];
  readonly rates: DatedRates;
  readonly fees: Fees;
  readonly ceilings: Ceilings;
  /** Where each entity stands: for lint. */
  readonly places: Places;
};

/**
 * Issues are sorted; `config` is null when one of them is an error: the caller keeps its last good
 * World.
 */
export type LoadOutcome = {
  readonly config: LoadedConfig | null;
  readonly issues: readonly Issue[];
};

type FileKind =
  | "campaign"
  | "exchange"
  | "profile"
  | "rates"
  | "fees"
  | "ceilings"
  | "market"
  | "other"
  | "unknown";

export function kindOfFile(name: string): FileKind {
  if (/^exchanges\/profiles\/[^/]+\.ya?ml$/.test(name)) return "profile";
  if (/^exchanges\/[^/]+\.ya?ml$/.test(name)) return "exchange";
  if (/^ceilings\.ya?ml$/.test(name)) return "ceilings";
  if (/^rates\.ya?ml$/.test(name)) return "rates";
  if (/^fees\.ya?ml$/.test(name)) return "fees";
  if (/^campaigns\/.+\.ya?ml$/.test(name) || /^deals(\/.+)?\.ya?ml$/.test(name)) return "campaign";
  if (isMarketFile(name)) return "market";
  return /^privacy\.ya?ml$/.test(name) || isBankFile(name) ? "other" : "unknown";
}

/** Read by both: the bank finds people's homes by it, a World what audiences can be aimed at. */
const isMarketFile = (name: string): boolean => /^markets\/.+\.ya?ml$/.test(name);

/** Files that a World depends on. */
export const isBidderFile = (name: string): boolean => !isBankFile(name) || isMarketFile(name);

/** Files that the data bank reads. */
export const isBankFile = (name: string): boolean =>
  /^(?:bank|(?:markets|touchpoints|segments)\/.+)\.ya?ml$/.test(name);

/** All of a config but what is bought: what stays in files where campaigns are kept in a store. */
export type BesideCampaigns = Omit<LoadedConfig, "book"> & {
  /** null: no market says where people live. */
  readonly homeAreas: HomeFinder | null;
};

export type ReadCampaigns = {
  readonly campaigns: readonly CheckedFile[];
  /** Of forms alone: what they refer to among campaigns is not followed. */
  readonly issues: readonly Issue[];
};
export type ReadBeside = {
  /** null: one of the files cannot be used. */
  readonly beside: BesideCampaigns | null;
  readonly issues: readonly Issue[];
};

/** Never throws for any text: what is wrong with a file is an issue. */
export function loadConfig(files: readonly SourceFile[]): LoadOutcome {
  const { campaigns, issues: campaignIssues } = readCampaigns(files);
  const { beside, issues: besideIssues } = readBeside(files);
  const issues = [...besideIssues, ...campaignIssues];
  // References are followed only when every file is there to be referred to.
  if (beside === null || hasErrors(issues)) return { config: null, issues: sortIssues(issues) };
  const { homeAreas, ...rest } = beside;
  const resolved = resolveBook(campaigns, rest.exchanges, rest.places, issues);
  const book = homeAreas === null ? resolved : { ...resolved, homeAreas };
  const config = hasErrors(issues) ? null : { book, ...rest };
  return { config, issues: sortIssues(issues) };
}

type Parse = (file: SourceFile) => SourceDocument;

/** campaigns/ and deals.yaml. Never throws; `parse` may remember texts that it saw before. */
export function readCampaigns(
  files: readonly SourceFile[],
  parse: Parse = parseSource,
): ReadCampaigns {
  const issues: Issue[] = [];
  const documents = byName(files).flatMap((file) =>
    kindOfFile(file.name) === "campaign" ? parsed(file, parse, issues) : [],
  );
  return { campaigns: checkCampaigns(documents, issues), issues };
}

/** All others that a bidder reads. Never throws. */
export function readBeside(files: readonly SourceFile[]): ReadBeside {
  const issues: Issue[] = [];
  const documents = { exchange: [], profile: [], rates: [], fees: [], ceilings: [], market: [] };
  for (const file of byName(files)) {
    const kind = kindOfFile(file.name);
    if (kind === "unknown") issues.push(misplaced(file));
    if (kind === "other" || kind === "unknown" || kind === "campaign") continue;
    (documents[kind] as SourceDocument[]).push(...parsed(file, parseSource, issues));
  }
  return { beside: checkBeside(documents, issues), issues };
}

const byName = (files: readonly SourceFile[]): readonly SourceFile[] =>
  [...files].sort((a, b) => (a.name < b.name ? -1 : 1));

function parsed(file: SourceFile, parse: Parse, issues: Issue[]): readonly SourceDocument[] {
  const document = parse(file);
  issues.push(...document.issues);
  return document.issues.length === 0 ? [document] : [];
}

function checkBeside(
  documents: Readonly<
    Record<Exclude<FileKind, "campaign" | "other" | "unknown">, readonly SourceDocument[]>
  >,
  issues: Issue[],
): BesideCampaigns | null {
  const { profile, exchange, market } = documents;
  const places = new Places();
  const profiles = checkProfiles(profile, issues);
  const exchanges = checkExchanges(exchange, profiles, places, issues);
  const [ratesFile, feesFile] = [documents.rates[0], documents.fees[0]];
  const rates = ratesFile === undefined ? noRates : checkRates(ratesFile, issues);
  const fees = feesFile === undefined ? noFees : checkFees(feesFile, places, issues);
  const ceilings = checkCeilings(documents.ceilings[0], rates ?? noRates, issues);
  const markets = checkMarkets(market, issues);
  if (hasErrors(issues) || rates === null || fees === null || ceilings === null) return null;
  const areas = homeAreasOf(markets, crowdMinimumPeople, issues);
  if (hasErrors(issues)) return null;
  const homeAreas = markets.length === 0 ? null : areas;
  return { exchanges, rates, fees, ceilings, places, homeAreas };
}

/** By document: one that was not edited is not looked at again. */
const checkedFiles = new WeakMap<SourceDocument, Checked<CampaignFile>>();

function checkCampaigns(documents: readonly SourceDocument[], issues: Issue[]): CheckedFile[] {
  return documents.flatMap((document) => {
    const checked = checkedFiles.get(document) ?? checkForm(document, campaignFile);
    checkedFiles.set(document, checked);
    if (checked.ok) return [{ document, file: checked.value }];
    issues.push(...checked.issues);
    return [];
  });
}

function checkMarkets(documents: readonly SourceDocument[], issues: Issue[]): PlacedMarket[] {
  return documents.flatMap((document) => {
    const checked = checkForm(document, marketFile);
    if (checked.ok) return [{ document, form: checked.value }];
    issues.push(...checked.issues);
    return [];
  });
}

const misplaced = ({ path }: SourceFile): Issue => ({
  severity: "warning",
  file: path,
  line: 1,
  column: 1,
  message:
    "is not read: move it to campaigns/, exchanges/ or exchanges/profiles/, " +
    "or name it deals.yaml, rates.yaml, fees.yaml, ceilings.yaml or privacy.yaml",
});
