import { insecureAddresses } from "./macros.js";
import type { Advertiser, CreativeModel, Dsa, Markup, MediaFile, Size, Timed } from "./model.js";
import type { CreativeForm } from "./schema-creative.js";
import { bannerTypes, nativeData } from "./schema-creative.js";
import { categoryFrom } from "./text-key.js";

/** A creative as the model wants it: defaults filled in, what follows from the markup derived. */
export function creativeFrom(form: CreativeForm, advertiser: Advertiser): CreativeModel {
  const markup = markupFrom(form);
  return {
    id: form.id as CreativeModel["id"],
    advertiser: advertiser.id,
    name: form.name,
    markup,
    sizes: sizesOf(form, markup),
    landingPage: form.landingPage,
    domains: form.domains ?? advertiser.domains,
    categories: (form.categories ?? []).map(categoryFrom),
    attributes: ascending(attributesOf(form)),
    apis: ascending(form.apis ?? []),
    bannerType: bannerTypeOf(form),
    mimes: mimesOf(form),
    language: form.language ?? "",
    bundle: form.bundle ?? "",
    expandable: "expandable" in form && form.expandable === true,
    secure: !hasInsecureAddress(markup),
    dsa: form.dsa === undefined ? null : dsaFrom(form.dsa),
    approvedBy: form.approveAll === true ? "all" : approvedBy(form.approvals ?? {}),
  };
}

const approvedBy = (approvals: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(approvals)
    .filter(([, verdict]) => verdict === "approved")
    .map(([exchange]) => exchange)
    .sort();

const ascending = (values: readonly number[]): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

/** AdCOM attribute 16: the ad itself can be skipped. */
const skippable = 16;
function attributesOf(form: CreativeForm): readonly number[] {
  const stated = form.attributes ?? [];
  return "skipAfterSec" in form && form.skipAfterSec !== undefined
    ? [...stated, skippable]
    : stated;
}

const sizeFrom = (text: string): Size => {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return { width, height };
};

function sizesOf(form: CreativeForm, markup: Markup): readonly Size[] {
  if (markup.kind === "vastInline") {
    if (markup.medium === "audio") return [];
    const frames = markup.mediaFiles.filter((file) => file.width > 0 && file.height > 0);
    return unique(frames.map(({ width, height }) => ({ width, height })));
  }
  return "sizes" in form ? unique((form.sizes ?? []).map(sizeFrom)) : [];
}

const unique = (sizes: readonly Size[]): readonly Size[] => [
  ...new Map(sizes.map((size) => [`${size.width}x${size.height}`, size])).values(),
];

function markupFrom(form: CreativeForm): Markup {
  switch (form.format) {
    case "html":
      return { kind: "html", html: form.html };
    case "thirdPartyTag":
      return { kind: "thirdPartyTag", tag: form.tag };
    case "vastInline": {
      const mediaFiles = form.mediaFiles.map(mediaFileFrom);
      const bitrateKbps = mediaFiles[0]?.bitrateKbps ?? 0;
      const timed = timedFrom(form, bitrateKbps);
      return { kind: "vastInline", ...timed, title: form.title, mediaFiles };
    }
    case "vastWrapper":
      return { kind: "vastWrapper", ...timedFrom(form, form.bitrateKbps ?? 0), url: form.url };
    case "native":
      return nativeFrom(form);
  }
}

function nativeFrom(form: Extract<CreativeForm, { format: "native" }>): Markup {
  const data: Record<number, string> = {};
  for (const [name, type] of Object.entries(nativeData)) {
    const text = form.data?.[name as keyof typeof nativeData];
    if (text !== undefined) data[type] = text;
  }
  return {
    kind: "native",
    title: form.title,
    icon: form.icon ?? null,
    main: form.image ?? null,
    data,
    privacy: form.privacyUrl ?? "",
  };
}

type MediaFileForm = Extract<CreativeForm, { format: "vastInline" }>["mediaFiles"][number];
const mediaFileFrom = (file: MediaFileForm): MediaFile => ({
  url: file.url,
  mime: file.mime,
  width: file.width ?? 0,
  height: file.height ?? 0,
  bitrateKbps: file.bitrateKbps ?? 0,
});

type TimedForm = Extract<CreativeForm, { format: "vastInline" | "vastWrapper" }>;
const timedFrom = (form: TimedForm, bitrateKbps: number): Timed => ({
  medium: form.medium,
  vast: form.vast,
  protocol: protocolOf(form.vast, form.format === "vastWrapper"),
  durationSec: form.durationSec,
  linearity: form.linearity === "overlay" ? 2 : 1,
  skipAfterSec: form.skipAfterSec ?? -1,
  bitrateKbps,
});

/** AdCOM creative subtypes, audio and video: the inline form of each version, and its wrapper. */
const protocols: Readonly<Record<Timed["vast"], readonly [inline: number, wrapper: number]>> = {
  "2.0": [2, 5],
  "3.0": [3, 6],
  "4.0": [7, 8],
  "4.1": [11, 12],
  "4.2": [13, 14],
  "4.3": [15, 16],
};
export const protocolOf = (vast: Timed["vast"], wrapper: boolean): number =>
  protocols[vast][wrapper ? 1 : 0];

function bannerTypeOf(form: CreativeForm): number {
  if (form.format !== "html" && form.format !== "thirdPartyTag") return 0;
  if (form.bannerType !== undefined) return bannerTypes[form.bannerType];
  const markup = form.format === "html" ? form.html : form.tag;
  if (/<script\b/i.test(markup)) return bannerTypes.javascript;
  return /<iframe\b/i.test(markup) ? bannerTypes.iframe : bannerTypes.xhtml;
}

function mimesOf(form: CreativeForm): readonly string[] {
  switch (form.format) {
    case "html":
    case "thirdPartyTag":
      return form.mimes ?? ["text/html"];
    case "vastInline":
      return [...new Set(form.mediaFiles.map((file) => file.mime))];
    case "vastWrapper":
      return form.mimes;
    case "native":
      return [];
  }
}

const dsaFrom = (dsa: NonNullable<CreativeForm["dsa"]>): Dsa => ({
  behalf: dsa.behalf,
  paid: dsa.paid,
  transparency: dsa.transparency ?? [],
  adRender: dsa.adRender === true,
});

/** Addresses elsewhere are https by their form; only markup can hold others. */
function hasInsecureAddress(markup: Markup): boolean {
  if (markup.kind === "html") return insecureAddresses(markup.html).length > 0;
  return markup.kind === "thirdPartyTag" && insecureAddresses(markup.tag).length > 0;
}
