import { ChannelKind, KeyKind } from "../base/lists.js";
import { unpackAlpha3 } from "../base/units.js";
import type { BidRequest, ImpRecord } from "../bid/request.js";
import { Dimension } from "../campaign/table.js";
import { shown } from "./explain-words.js";

/**
 * The request's own words for what the decision reads as numbers and keys: for explain only, off
 * the bid path. Asks for fields of context, never for one about a person (user, identifiers,
 * address, position).
 */
export type PlainRequest = {
  readonly root: unknown;
  readonly request: BidRequest;
};

const utf8 = new TextDecoder();

/** Parses bytes that the decoder has accepted as JSON in UTF-8. */
export const plainRequestOf = (bytes: Uint8Array, request: BidRequest): PlainRequest => ({
  root: JSON.parse(utf8.decode(bytes)) as unknown,
  request,
});

/** The value at a path of own keys, undefined where a step is missing. */
export function valueAt(from: unknown, ...path: readonly string[]): unknown {
  let at = from;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/**
 * Texts (and numbers, which sellers send as ids) of a value or list of values, as they may be
 * shown.
 */
export const textsOf = (value: unknown): string[] =>
  listOf(value)
    .filter((one) => typeof one === "string" || typeof one === "number")
    .map((one) => shown(String(one)));

/**
 * The JSON object of an imp: the decoder leaves imps out, so that places do not match, but ids do.
 */
export function plainImp({ root, request }: PlainRequest, imp: ImpRecord): unknown {
  const raw = utf8.decode(request.bytes.subarray(imp.id.start, imp.id.end));
  const id: unknown = JSON.parse(`"${raw}"`);
  const imps = valueAt(root, "imp");
  return listOf(imps).find((one) => valueAt(one, "id") === id);
}

/** site, app or dooh: the one that the decoder has chosen. */
function channelOf({ root, request }: PlainRequest): unknown {
  switch (request.channelKind) {
    case ChannelKind.SITE:
      return valueAt(root, "site");
    case ChannelKind.APP:
      return valueAt(root, "app");
    case ChannelKind.DOOH:
      return valueAt(root, "dooh");
    default:
      return undefined;
  }
}

const deviceFields = new Map<number, readonly string[]>([
  [KeyKind.MAKE, ["make"]],
  [KeyKind.MODEL, ["model"]],
  [KeyKind.CARRIER, ["carrier", "mccmnc"]],
  [KeyKind.LANGUAGE, ["language", "langb"]],
]);
const geoFields = new Map<number, string>([
  [KeyKind.REGION, "region"],
  [KeyKind.METRO, "metro"],
  [KeyKind.CITY, "city"],
  [KeyKind.ZIP, "zip"],
]);
const contentFields = new Map<number, readonly string[]>([
  [KeyKind.GENRE, ["genre"]],
  [KeyKind.SERIES, ["series"]],
  [KeyKind.CONTENT_RATING, ["contentrating"]],
  [KeyKind.CONTENT_LANGUAGE, ["language", "langb"]],
  [KeyKind.CONTENT_TITLE, ["title"]],
]);

/** What the request says in a text dimension; `key` names the pair of a key-value. */
export function textsSeen(
  plain: PlainRequest,
  imp: ImpRecord,
  dimension: number,
  key = "",
): string[] {
  const { root, request } = plain;
  const channel = channelOf(plain);
  const device = valueAt(root, "device");
  const geo = geoFields.get(dimension);
  if (geo !== undefined) {
    // Of user.geo, which may be a home, only the country is told.
    const fromDevice = request.country === 0 || valueAt(device, "geo", "country") !== undefined;
    const stated = fromDevice ? textsOf(valueAt(device, "geo", geo)) : [];
    const country = dimension === KeyKind.METRO ? "" : unpackAlpha3(request.country);
    return country === "" ? stated : stated.map((text) => `${country}/${text}`);
  }
  const inDevice = deviceFields.get(dimension);
  if (inDevice !== undefined) return inDevice.flatMap((name) => textsOf(valueAt(device, name)));
  const inContent = contentFields.get(dimension);
  if (inContent !== undefined) {
    return inContent.flatMap((name) => textsOf(valueAt(channel, "content", name)));
  }
  switch (dimension) {
    case Dimension.PROPERTY:
      return propertySeen(plain, channel);
    case KeyKind.PUBLISHER:
      return textsOf(valueAt(channel, "publisher", "id"));
    case KeyKind.SITE_APP:
      return textsOf(valueAt(channel, "id"));
    case KeyKind.CATEGORY:
      return categoriesSeen(channel);
    case KeyKind.KEYWORD:
      return [channel, valueAt(channel, "content")].flatMap(keywordsSeen);
    case KeyKind.CHANNEL:
      return originSeen(valueAt(channel, "content", "channel"));
    case KeyKind.NETWORK:
      return originSeen(valueAt(channel, "content", "network"));
    case Dimension.PLACEMENT: {
      const own = plainImp(plain, imp);
      return [...textsOf(valueAt(own, "tagid")), ...textsOf(valueAt(own, "ext", "gpid"))];
    }
    case Dimension.KEY_VALUE: {
      const places = [
        valueAt(plainImp(plain, imp), "ext", "data"),
        valueAt(channel, "ext", "data"),
      ];
      return places.flatMap((data) => textsOf(valueAt(data, key)));
    }
    default:
      return [];
  }
}

/**
 * The site's domain (its page's host where there is none) or the app's bundle, as the decoder found
 * it.
 */
function propertySeen({ request }: PlainRequest, channel: unknown): string[] {
  if (request.channelKind === ChannelKind.DOOH) return [];
  const { start, end } = request.property;
  if (end > start) return [shown(utf8.decode(request.bytes.subarray(start, end)))];
  return textsOf(valueAt(channel, "bundle"));
}

function categoriesSeen(channel: unknown): string[] {
  const of = (from: unknown, names: readonly string[]): string[] => {
    const taxonomy = valueAt(from, "cattax") ?? 1;
    const texts = names.flatMap((name) => textsOf(valueAt(from, name)));
    return taxonomy === 1 ? texts : texts.map((text) => `${String(taxonomy)}/${text}`);
  };
  const content = of(valueAt(channel, "content"), ["cat"]);
  return [...of(channel, ["cat", "sectioncat", "pagecat"]), ...content];
}

const keywordsSeen = (from: unknown): string[] => [
  ...listOf(valueAt(from, "keywords"))
    .flatMap((text) => (typeof text === "string" ? text.split(",") : []))
    .map((text) => shown(text.trim())),
  ...textsOf(valueAt(from, "kwarray")),
];

const originSeen = (origin: unknown): string[] =>
  ["name", "id", "domain"].flatMap((name) => textsOf(valueAt(origin, name)));
