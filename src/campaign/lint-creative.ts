import { Media } from "../base/lists.js";
import { mediaOf } from "./compile-creatives.js";
import { sizeValueOf } from "./compile-predicates.js";
import type { LintContext } from "./lint-context.js";
import { insecureAddresses, macrosIn } from "./macros.js";
import type { CreativeModel, LineItem, Markup } from "./model.js";
import { shapeOfSize } from "./table.js";

/** Markup that would break a page or a promise. */
export function lintCreative(context: LintContext, creative: CreativeModel): void {
  const { markup } = creative;
  const text = textOf(markup);
  if (text !== null) {
    const [field, html] = text;
    lintMarkup(context, creative, field, html);
  }
  for (const [field, address] of addressesOf(creative)) {
    const macro = macrosIn(address)[0];
    if (macro === undefined) continue;
    const message = `the macro ${macro.text} is not replaced in ${field}: write the whole address`;
    context.error("creative", creative.id, [field], message);
  }
  for (const what of context.options.markupProblems?.(creative) ?? []) {
    context.error("creative", creative.id, text === null ? [] : [text[0]], what);
  }
}

function lintMarkup(
  context: LintContext,
  creative: CreativeModel,
  field: string,
  html: string,
): void {
  const macros = macrosIn(html);
  for (const problem of new Set(macros.flatMap((macro) => macro.problem ?? []))) {
    context.error("creative", creative.id, [field], problem);
  }
  for (const address of new Set(insecureAddresses(html))) {
    const message = `${address} is not https: write https://, or secure pages never show it`;
    context.error("creative", creative.id, [field], message);
  }
  if (!macros.some((macro) => macro.text.startsWith("{CLICK_URL"))) {
    const message = "clicks are not counted: put {CLICK_URL} where the click leads to";
    context.warn("creative", creative.id, [field], message);
  }
}

function textOf(markup: Markup): readonly [field: string, text: string] | null {
  if (markup.kind === "html") return ["html", markup.html];
  return markup.kind === "thirdPartyTag" ? ["tag", markup.tag] : null;
}

function addressesOf(creative: CreativeModel): readonly (readonly [string, string])[] {
  const { markup } = creative;
  const landing = ["landingPage", creative.landingPage] as const;
  if (markup.kind === "vastInline") {
    return [landing, ...markup.mediaFiles.map(({ url }) => ["mediaFiles", url] as const)];
  }
  if (markup.kind === "vastWrapper") return [landing, ["url", markup.url]];
  if (markup.kind !== "native") return [landing];
  const images = [
    ["icon", markup.icon?.url ?? ""],
    ["image", markup.main?.url ?? ""],
  ] as const;
  return [landing, ...images, ["privacyUrl", markup.privacy]];
}

const mediaWords: Readonly<Record<string, Media>> = {
  banner: Media.BANNER,
  video: Media.VIDEO,
  audio: Media.AUDIO,
  native: Media.NATIVE,
};

/** Creatives of another advertiser, and those that the line item's own media and sizes keep out. */
export function lintLineItemCreatives(context: LintContext, lineItem: LineItem): void {
  const advertiser = context.advertiserOf(lineItem);
  const misfits: (readonly [index: number, why: string])[] = [];
  let approved = false;
  lineItem.creatives.forEach(({ id }, index) => {
    const creative = context.creatives.get(id);
    if (creative === undefined || advertiser === undefined) return;
    if (creative.advertiser !== advertiser.id) {
      const message =
        `creative ${id} is of advertiser ${creative.advertiser}, the line item of ` +
        `${advertiser.id}: use a creative of the same advertiser`;
      context.error("lineItem", lineItem.id, ["creatives", index, "id"], message);
      return;
    }
    const why = misfitOf(creative, lineItem);
    if (why !== "") misfits.push([index, `creative ${id} ${why}`]);
    approved ||= isApproved(context, lineItem, creative);
  });
  const none = misfits.length === lineItem.creatives.length;
  for (const [index, why] of misfits) {
    const path = ["creatives", index, "id"];
    if (none) context.error("lineItem", lineItem.id, path, `can never match: ${why}`);
    else context.warn("lineItem", lineItem.id, path, why);
  }
  if (!approved) {
    const message =
      "no exchange that it targets has approved a creative of it: it cannot bid until one has";
    context.warn("lineItem", lineItem.id, ["creatives"], message);
  }
}

const isApproved = (context: LintContext, lineItem: LineItem, creative: CreativeModel): boolean =>
  context
    .exchangesOf(lineItem)
    .some(({ name }) => creative.approvedBy === "all" || creative.approvedBy.includes(name));

/** Why a creative can never be shown under the line item's targeting, "" = it can. */
function misfitOf(creative: CreativeModel, { targeting }: LineItem): string {
  const { include, exclude } = targeting;
  const medium = mediaOf(creative);
  const word = Object.keys(mediaWords).find((name) => mediaWords[name] === medium) ?? "";
  if (include.media !== undefined && !include.media.includes(word)) {
    return `is ${word}, but the line item targets ${include.media.join(", ")} only`;
  }
  // An exclusion refuses the whole place, also one that offers other media beside it.
  if (exclude.media?.includes(word) === true) {
    return `is ${word}, which the line item excludes`;
  }
  if (medium !== Media.BANNER) return "";
  const wanted = include.sizes?.map(sizeValueOf);
  const refused = new Set(exclude.sizes?.map(sizeValueOf) ?? []);
  const sizes = creative.sizes.map(({ width, height }) => shapeOfSize(width, height));
  const fits = sizes.some(
    (size) => (wanted === undefined || wanted.includes(size)) && !refused.has(size),
  );
  if (fits) return "";
  const has = creative.sizes.map(({ width, height }) => `${width}x${height}`).join(", ");
  const targeted = include.sizes?.join(", ") ?? "others than it has";
  return `has ${has}, but the line item targets ${targeted}: add a size to one of the two`;
}
