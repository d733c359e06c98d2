import type { JsonObject } from "../../store/desk-store.js";
import { withValue } from "../form-path.js";
import type { FieldKind } from "./field-text.js";

/** A box of a form: what it is called, where its value stands, what may be written. */
export type FormField = {
  readonly field: string;
  readonly label: string;
  readonly kind: FieldKind;
  readonly hint?: string;
  /** Of one of several words. */
  readonly example?: string;
  /** One of these; "" = leave it out. */
  readonly options?: readonly string[];
  readonly required?: boolean;
};

export const creativeFormats = {
  html: "Banner, our HTML",
  thirdPartyTag: "Banner, tag of an ad server",
  vastInline: "Video or audio, our files",
  vastWrapper: "Video or audio, VAST of an ad server",
  native: "Native",
} as const;
export type CreativeFormat = keyof typeof creativeFormats;

const box = (
  field: string,
  label: string,
  kind: FieldKind = "text",
  more: Omit<FormField, "field" | "label" | "kind"> = {},
): FormField => ({ field, label, kind, ...more });
const needed = { required: true };

const banner = [
  box("sizes", "Sizes", "words", { ...needed, example: "300x250" }),
  box("bannerType", "Banner type", "text", {
    options: ["", "xhtmlText", "xhtml", "javascript", "iframe"],
  }),
  box("expandable", "May expand", "check"),
];
const macros =
  "{CLICK_URL} where the click leads to, {CLICK_URL_ENC} inside another address; " +
  "also {CACHEBUSTER}, {WIDTH}, {HEIGHT}";
const timed = [
  box("medium", "Medium", "text", { ...needed, options: ["video", "audio"] }),
  box("vast", "VAST version", "text", {
    ...needed,
    options: ["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"],
  }),
  box("durationSec", "Duration in seconds", "number", needed),
  box("skipAfterSec", "May be skipped after seconds", "number"),
  box("linearity", "Linearity", "text", { options: ["", "linear", "overlay"] }),
];
const picture = (field: string, label: string) => [
  box(`${field}.url`, `${label}: address`),
  box(`${field}.width`, `${label}: width in pixels`, "number"),
  box(`${field}.height`, `${label}: height in pixels`, "number"),
];

export const fieldsByFormat: Readonly<Record<CreativeFormat, readonly FormField[]>> = {
  html: [...banner, box("html", "HTML", "area", { ...needed, hint: macros })],
  thirdPartyTag: [...banner, box("tag", "Tag", "area", { ...needed, hint: macros })],
  vastInline: [
    ...timed,
    box("title", "Title of the ad", "text", needed),
    box("mediaFiles", "Media files", "media", {
      ...needed,
      hint: "a line each: https address, type, size, kbit/s: https://... video/mp4 1280x720 1500",
    }),
  ],
  vastWrapper: [
    ...timed,
    box("url", "Address of the VAST document", "text", needed),
    box("mimes", "Types that it answers", "words", { ...needed, example: "video/mp4" }),
    box("sizes", "Sizes", "words", { example: "640x360" }),
    box("bitrateKbps", "Bitrate in kbit/s", "number"),
  ],
  native: [
    box("title", "Title", "text", needed),
    ...picture("image", "Image"),
    ...picture("icon", "Icon"),
    box("data.sponsored", "Sponsored by"),
    box("data.description", "Description"),
    box("data.ctaText", "Words of the button"),
    box("data.rating", "Rating, 0 to 5"),
    box("data.price", "Price"),
    box("data.displayUrl", "Address that is shown"),
    box("privacyUrl", "Privacy page"),
  ],
};

export const commonFields: readonly FormField[] = [
  box("name", "Name", "text", needed),
  box("landingPage", "Landing page", "text", { ...needed, hint: "https address of the click" }),
  box("domains", "Advertiser domains", "words", {
    ...{ example: "brand.example", hint: "empty: those of the advertiser" },
  }),
  box("categories", "Categories", "words", {
    ...{ example: "IAB17", hint: "IAB 1.0, or of a taxonomy such as 7/483" },
  }),
  box("attributes", "Attributes", "numbers", { hint: "AdCOM creative attributes, 1 to 31" }),
  box("apis", "API frameworks", "numbers", { hint: "AdCOM API frameworks, 1 to 31" }),
  box("language", "Language", "text", { hint: "two letters" }),
  box("bundle", "Bundle of the advertised app"),
  box("dsa.behalf", "Shown on behalf of", "text", { hint: "for the Digital Services Act" }),
  box("dsa.paid", "Paid by"),
];

/** The form with another format: what only other formats have is left out, all else stays. */
export function inFormat(form: JsonObject, format: CreativeFormat): JsonObject {
  const keep = new Set(fieldsByFormat[format].map(({ field }) => field));
  let next = withValue(form, "format", format);
  for (const { field } of Object.values(fieldsByFormat).flat()) {
    if (!keep.has(field)) next = withValue(next, field, undefined);
  }
  return next;
}
