import { assert } from "../base/assert.js";
import { creativesMax } from "../base/limits.js";
import { KeyKind, Media } from "../base/lists.js";
import type { Steps } from "../base/steps.js";
import type { Exchange } from "./exchange.js";
import type { Category, CreativeModel } from "./model.js";
import { shapeAudio, shapeNative, shapeOfSize, shapeVideo } from "./table.js";
import type { Dictionary, GrowingColumns } from "./table-columns.js";
import { categoryKey, domainAndParents, parentsOf } from "./text-key.js";

const noNative = 0xffff_ffff;
const categorySpace = KeyKind.CATEGORY + 256;

/**
 * The creative columns, in the order of `creatives`. `usable` says by creative index on which
 * exchanges the markup could be compiled (bit e = exchange e); an approval never says more than
 * that. In steps of a few milliseconds.
 */
export function* creativeSteps(
  creatives: readonly CreativeModel[],
  exchanges: readonly Exchange[],
  usable: ArrayLike<number> | null,
  dictionary: Dictionary,
  columns: GrowingColumns,
): Steps<void> {
  assert(creatives.length <= creativesMax, "more creatives than a table holds");
  let natives = 0;
  for (const [index, creative] of creatives.entries()) {
    if (index % creativesAStep === creativesAStep - 1) yield;
    columns.creativeId.push(creative.id);
    columns.creativeAdvertiser.push(creative.advertiser);
    columns.creativeMedia.push(mediaOf(creative));
    columns.creativeSizeStart.push(columns.sizeValue.length);
    columns.creativeSizeCount.push(creative.sizes.length);
    for (const { width, height } of creative.sizes) {
      columns.sizeValue.push(shapeOfSize(width, height));
    }
    writeMarkup(creative, columns);
    columns.creativeApiMask.push(maskOf(creative.apis));
    columns.creativeAttrMask.push(maskOf(creative.attributes));
    columns.creativeBtype.push(creative.bannerType);
    columns.creativeSecure.push(creative.secure ? 1 : 0);
    columns.creativeExpandable.push(creative.expandable ? 1 : 0);
    const { language, bundle } = creative;
    columns.creativeLanguage.push(
      language === "" ? 0 : dictionary.idOf(language, KeyKind.LANGUAGE),
    );
    columns.creativeBundle.push(bundle === "" ? 0 : dictionary.idOf(bundle, KeyKind.BUNDLE));
    const approved = approvalMask(creative, exchanges) & (usable === null ? -1 : usable[index]!);
    columns.creativeApproved.push(approved >>> 0);
    writeLists(creative, dictionary, columns);
    columns.creativeHasDsa.push(creative.dsa === null ? 0 : 1);
    columns.creativeDsaAdvertiserRenders.push(creative.dsa?.adRender === true ? 1 : 0);
    columns.creativeNative.push(creative.markup.kind === "native" ? natives++ : noNative);
  }
}

/** 2 to 4 us each. */
const creativesAStep = 512;

export function mediaOf({ markup }: CreativeModel): Media {
  if (markup.kind === "html" || markup.kind === "thirdPartyTag") return Media.BANNER;
  if (markup.kind === "native") return Media.NATIVE;
  return markup.medium === "video" ? Media.VIDEO : Media.AUDIO;
}

/** The access shapes under which a creative can be bought. */
export function shapesOf(creative: CreativeModel): readonly number[] {
  const media = mediaOf(creative);
  if (media === Media.VIDEO) return [shapeVideo];
  if (media === Media.AUDIO) return [shapeAudio];
  if (media === Media.NATIVE) return [shapeNative];
  return creative.sizes.map(({ width, height }) => shapeOfSize(width, height));
}

/** What VAST says; 0 and -1 for markup without duration. */
function writeMarkup({ markup }: CreativeModel, columns: GrowingColumns): void {
  const timed = markup.kind === "vastInline" || markup.kind === "vastWrapper" ? markup : null;
  columns.creativeDurationSec.push(timed?.durationSec ?? 0);
  columns.creativeProtocol.push(timed?.protocol ?? 0);
  columns.creativeLinearity.push(timed?.linearity ?? 0);
  columns.creativeSkippable.push(timed !== null && timed.skipAfterSec >= 0 ? 1 : 0);
  columns.creativeBitrateKbps.push(timed?.bitrateKbps ?? 0);
}

function writeLists(
  creative: CreativeModel,
  dictionary: Dictionary,
  columns: GrowingColumns,
): void {
  const { refs } = columns;
  const idOf = (category: Category): number =>
    dictionary.cached(`${category.taxonomy}/${category.id}`, categorySpace, () =>
      categoryKey(category),
    );
  const categories = new Set(creative.categories.map(idOf));
  columns.creativeCatStart.push(refs.length);
  columns.creativeTaxonomies.push(maskOf(creative.categories.map(({ taxonomy }) => taxonomy)));
  for (const parent of creative.categories.flatMap(parentsOf)) categories.add(idOf(parent));
  columns.creativeCatCount.push(categories.size);
  refs.push(...categories);
  const domains = new Set(creative.domains.flatMap(domainAndParents));
  columns.creativeDomainStart.push(refs.length);
  columns.creativeDomainCount.push(domains.size);
  for (const domain of domains) refs.push(dictionary.idOf(domain, KeyKind.ADVERTISER_DOMAIN));
  columns.creativeMimeStart.push(refs.length);
  columns.creativeMimeCount.push(creative.mimes.length);
  for (const mime of creative.mimes) refs.push(dictionary.idOf(mime, KeyKind.MIME));
}

const maskOf = (numbers: readonly number[]): number =>
  numbers.reduce((mask, number) => (number < 32 ? mask | (1 << number) : mask), 0) >>> 0;

export function approvalMask(creative: CreativeModel, exchanges: readonly Exchange[]): number {
  const { approvedBy } = creative;
  const approving = exchanges.filter(
    (exchange) => approvedBy === "all" || approvedBy.includes(exchange.name),
  );
  return maskOf(approving.map((exchange) => exchange.index));
}
