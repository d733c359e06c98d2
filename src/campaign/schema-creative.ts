import { z } from "zod";
import {
  exchangeName,
  flag,
  hint,
  host,
  httpsUrl,
  idOf,
  list,
  matching,
  mime,
  object,
  oneOf,
  size,
  textOf,
  wholeNumber,
} from "./schema-words.js";

/** Native data asset types (OpenRTB Native 1.2 section 7.4). */
export const nativeData = {
  sponsored: 1,
  description: 2,
  rating: 3,
  likes: 4,
  downloads: 5,
  price: 6,
  salePrice: 7,
  phone: 8,
  address: 9,
  description2: 10,
  displayUrl: 11,
  ctaText: 12,
} as const;

export const bannerTypes = { xhtmlText: 1, xhtml: 2, javascript: 3, iframe: 4 } as const;
const names = <T extends Record<string, number>>(table: T) =>
  Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];

const dsa = object({
  behalf: textOf("on whose behalf the ad is shown", 100),
  paid: textOf("who paid for the ad", 100),
  transparency: list(
    object({ domain: host, params: list(wholeNumber(1, 1000, "a parameter"), "1", 20) }),
    "{domain: brand.example, params: [1]}",
    10,
  ).optional(),
  adRender: flag.optional(),
});

const approvals = z.record(exchangeName, oneOf(["approved", "pending", "rejected"]), {
  error: hint("exchanges with their verdict, such as {openrtb26: approved}"),
});

const common = {
  id: idOf("the creative"),
  advertiser: idOf("its advertiser"),
  name: textOf("a name"),
  landingPage: httpsUrl,
  domains: list(host, "brand.example", 20).optional(),
  categories: list(
    matching(
      /^(?:[1-9]\d{0,3}\/)?[A-Za-z0-9._-]+$/,
      'an IAB 1.0 category such as "IAB17", or taxonomy, slash and id such as "7/483"',
    ),
    "IAB17",
    50,
  ).optional(),
  attributes: list(wholeNumber(1, 31, "an AdCOM creative attribute"), "6", 31).optional(),
  apis: list(wholeNumber(1, 31, "an AdCOM API framework"), "7", 31).optional(),
  language: matching(/^[a-z]{2}$/, 'a language of two letters such as "fr"').optional(),
  bundle: textOf("the bundle of the advertised app").optional(),
  dsa: dsa.optional(),
  approvals: approvals.optional(),
  /** Every exchange: for the demo and for tests. */
  approveAll: flag.optional(),
};

const markupMax = 64 * 1024;
const markup = (what: string) =>
  z
    .string({ error: hint(`${what} as text (use | for several lines)`) })
    .min(1, { error: `is empty: write ${what}` })
    .max(markupMax, { error: `is longer than ${markupMax} characters: shorten it` });

const banner = {
  ...common,
  sizes: list(size, '"300x250"', 100),
  bannerType: oneOf(names(bannerTypes)).optional(),
  mimes: list(mime, "text/html", 20).optional(),
  expandable: flag.optional(),
};

const timed = {
  ...common,
  medium: oneOf(["video", "audio"]),
  vast: oneOf(["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"]),
  durationSec: wholeNumber(1, 3600, "the duration in seconds"),
  linearity: oneOf(["linear", "overlay"]).optional(),
  skipAfterSec: wholeNumber(0, 3600, "the seconds after which a viewer may skip").optional(),
};

const pixels = (what: string) => wholeNumber(1, 9999, `${what} in pixels`);
const mediaFile = object({
  url: httpsUrl,
  mime,
  width: pixels("its width").optional(),
  height: pixels("its height").optional(),
  bitrateKbps: wholeNumber(1, 200_000, "its bitrate in kbit/s").optional(),
});

const image = object({ url: httpsUrl, width: pixels("its width"), height: pixels("its height") });
const nativeDataShape = Object.fromEntries(
  names(nativeData).map((name) => [name, textOf("a text").optional()]),
) as { [K in keyof typeof nativeData]: z.ZodOptional<z.ZodString> };

export const creative = z.discriminatedUnion(
  "format",
  [
    object({ ...banner, format: z.literal("html"), html: markup("the HTML") }),
    object({ ...banner, format: z.literal("thirdPartyTag"), tag: markup("the tag") }),
    object({
      ...timed,
      format: z.literal("vastInline"),
      title: textOf("the ad's title"),
      mediaFiles: list(mediaFile, "{url: ..., mime: video/mp4}", 50),
    }),
    object({
      ...timed,
      format: z.literal("vastWrapper"),
      url: httpsUrl,
      sizes: list(size, '"640x360"', 20).optional(),
      mimes: list(mime, "video/mp4", 20),
      bitrateKbps: wholeNumber(1, 200_000, "the bitrate in kbit/s").optional(),
    }),
    object({
      ...common,
      format: z.literal("native"),
      title: textOf("the title", 140),
      icon: image.optional(),
      image: image.optional(),
      data: object(nativeDataShape).optional(),
      privacyUrl: httpsUrl.optional(),
    }),
  ],
  { error: hint("the format: html, thirdPartyTag, vastInline, vastWrapper or native") },
);
export type CreativeForm = z.output<typeof creative>;
