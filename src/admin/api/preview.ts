import { insecureAddresses, macrosIn } from "../../campaign/macros.js";
import type { Json, JsonObject } from "../store/desk-store.js";
import { member } from "./refs.js";

/**
 * What a creative looks like, for the page's sandboxed frame. Macros stand for harmless values: a
 * click leads to the landing page and is counted nowhere. Forms may be half.
 */

export type Preview = {
  readonly format: string;
  readonly html?: string;
  readonly card?: Card;
  readonly vast?: string;
  /** "300x250" */
  readonly sizes: readonly string[];
  readonly problems: readonly string[];
  readonly clickUrl: string;
};

export type Card = {
  readonly title: string;
  readonly icon: string | null;
  readonly image: string | null;
  readonly data: Readonly<Record<string, string>>;
};

const textAt = (form: JsonObject, key: string): string => {
  const value = form[key];
  return typeof value === "string" ? value : "";
};
const listAt = (form: JsonObject, key: string): readonly Json[] => {
  const value = form[key];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
};
const textsAt = (form: JsonObject, key: string): readonly string[] =>
  listAt(form, key).filter((one) => typeof one === "string");

export function previewOf(form: JsonObject): Preview {
  const format = textAt(form, "format");
  const clickUrl = httpsOnly(textAt(form, "landingPage"));
  const sizes = textsAt(form, "sizes");
  const base = { format, sizes, clickUrl };
  switch (format) {
    case "html":
    case "thirdPartyTag": {
      const markup = textAt(form, format === "html" ? "html" : "tag");
      const problems = problemsIn(markup);
      return { ...base, html: filledIn(markup, clickUrl, sizes[0] ?? ""), problems };
    }
    case "native":
      return { ...base, card: cardOf(form), problems: [] };
    case "vastInline":
    case "vastWrapper": {
      const problems = format === "vastInline" ? mediaProblems(form) : [];
      return { ...base, vast: vastOf(form, clickUrl), problems };
    }
    default:
      return { ...base, problems: ["it has no format yet"] };
  }
}

const httpsOnly = (url: string): string => (/^https:\/\/[^\s"'<>]+$/.test(url) ? url : "");

const problemsIn = (markup: string): readonly string[] => [
  ...macrosIn(markup).flatMap(({ problem }) => (problem === null ? [] : [problem])),
  ...insecureAddresses(markup).map(() => "an address in it is not https: secure pages break"),
];

const mediaProblems = (form: JsonObject): readonly string[] =>
  listAt(form, "mediaFiles").flatMap((file, i) =>
    httpsOnly(String(member(file, "url") ?? "")) === ""
      ? [`media file ${i + 1} has no https address`]
      : [],
  );

function filledIn(markup: string, clickUrl: string, size: string): string {
  const [width = "300", height = "250"] = size.split("x");
  const values: Readonly<Record<string, string>> = {
    "{CLICK_URL}": escaped(clickUrl),
    "{CLICK_URL_ENC}": encodeURIComponent(clickUrl),
    ...{ "{CACHEBUSTER}": "1", "{WIDTH}": escaped(width), "{HEIGHT}": escaped(height) },
  };
  return markup.replaceAll(/\{[A-Z_]+\}/g, (macro) => values[macro] ?? macro);
}

function cardOf(form: JsonObject): Card {
  const data = Object.entries((form["data"] ?? {}) as JsonObject);
  const imageAt = (key: string): string | null => {
    const url = httpsOnly(String(member(form[key], "url") ?? ""));
    return url === "" ? null : url;
  };
  return {
    ...{ title: textAt(form, "title"), icon: imageAt("icon"), image: imageAt("image") },
    data: Object.fromEntries(data.map(([name, value]) => [name, String(value)])),
  };
}

export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The ad without its trackers. */
function vastOf(form: JsonObject, clickUrl: string): string {
  const title = `<AdTitle>${escaped(textAt(form, "title"))}</AdTitle>`;
  const creatives = `<Creatives><Creative>${linearOf(form, clickUrl)}</Creative></Creatives>`;
  const body =
    form["format"] === "vastWrapper"
      ? `<Wrapper><VASTAdTagURI>${escaped(textAt(form, "url"))}</VASTAdTagURI></Wrapper>`
      : `<InLine><AdSystem>crowdbid</AdSystem>${title}${creatives}</InLine>`;
  return `<VAST version="${escaped(textAt(form, "vast"))}"><Ad id="preview">${body}</Ad></VAST>`;
}

function linearOf(form: JsonObject, clickUrl: string): string {
  const seconds = Number(form["durationSec"] ?? 0);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const duration = clock.map((part) => String(part).padStart(2, "0")).join(":");
  const files = listAt(form, "mediaFiles").map((file) => {
    const [type, width, height] = ["mime", "width", "height"].map((key) =>
      escaped(String(member(file, key) ?? "")),
    );
    const url = escaped(String(member(file, "url") ?? ""));
    return (
      `<MediaFile delivery="progressive" type="${type}" width="${width}" height="${height}">` +
      `${url}</MediaFile>`
    );
  });
  return (
    `<Linear><Duration>${duration}</Duration><MediaFiles>${files.join("")}</MediaFiles>` +
    `<VideoClicks><ClickThrough>${escaped(clickUrl)}</ClickThrough></VideoClicks></Linear>`
  );
}

/** Scripts run in a frame that has no origin: they reach neither the page nor its cookie. */
export const previewCsp =
  "sandbox allow-scripts; default-src https: data: 'unsafe-inline'; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'self'";

/** The document of the frame. */
export function previewPage(form: JsonObject): string {
  const { html, card, vast, clickUrl } = previewOf(form);
  const body = html ?? (card === undefined ? videoOf(form, vast ?? "") : cardHtml(card, clickUrl));
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Preview</title>' +
    `<style>body{margin:0;font:14px sans-serif}img,video{max-width:100%}</style></head>` +
    `<body>${body}</body></html>`
  );
}

function cardHtml({ title, icon, image, data }: Card, clickUrl: string): string {
  const picture = (url: string | null): string =>
    url === null ? "" : `<img alt="" src="${escaped(url)}">`;
  const lines = Object.values(data).map((text) => `<p>${escaped(text)}</p>`);
  return (
    `<article>${picture(image)}<h1>${picture(icon)} ${escaped(title)}</h1>${lines.join("")}` +
    `<p><a href="${escaped(clickUrl)}" rel="noreferrer">${escaped(clickUrl)}</a></p></article>`
  );
}

function videoOf(form: JsonObject, vast: string): string {
  const sources = listAt(form, "mediaFiles").map((file) => {
    const url = httpsOnly(String(member(file, "url") ?? ""));
    const type = escaped(String(member(file, "mime") ?? ""));
    return url === "" ? "" : `<source src="${escaped(url)}" type="${type}">`;
  });
  const player = sources.length === 0 ? "" : `<video controls>${sources.join("")}</video>`;
  return `${player}<pre>${escaped(vast)}</pre>`;
}
