import type { Facets, Targeting } from "../../campaign/targeting.js";
import { namedFacets } from "../../campaign/targeting.js";
import { bannerSizes, mediaObjects } from "./media-fit.js";
import type { Plain } from "./plain.js";
import { Doubt, has, isPlain, numberAt, objectAt, textAt } from "./plain.js";

/** What targeting is judged against. */
export type Scene = { readonly request: Plain; readonly imp: Plain; readonly exchange: string };

/**
 * Why targeting keeps a request out; null = it does not. Facets that take a parser of their own
 * (systems, browsers, day-parts) are left in doubt wherever they could hold.
 */
export function targetingRefusal(scene: Scene, targeting: Targeting, doubt: Doubt): string | null {
  for (const [facet, wanted] of Object.entries(targeting.include)) {
    if (facet === "deals") continue;
    const held = holds(scene, facet as keyof Facets, wanted);
    if (held === false) return `targeting: ${facet}`;
    if (held === undefined) doubt.add(`targeting: ${facet}`);
  }
  for (const [facet, refused] of Object.entries(targeting.exclude)) {
    const held = holds(scene, facet as keyof Facets, refused);
    if (held === true) return `targeting: not ${facet}`;
    if (held === undefined) doubt.add(`targeting: not ${facet}`);
  }
  return null;
}

/** True, false, or undefined where the oracle cannot say. */
export function holds(scene: Scene, facet: keyof Facets, values: unknown): boolean | undefined {
  const { request, imp } = scene;
  const device = objectAt(request, "device");
  const list = Array.isArray(values) ? (values as string[]) : [];
  switch (facet) {
    case "exchanges":
      return list.includes(scene.exchange);
    case "countries":
      return list.some((country) => country.toUpperCase() === countryOf(request));
    case "sizes":
      return offeredSizes(imp).some((size) => list.includes(size));
    case "media":
      return [...mediaObjects(imp).keys()].some((name) => list.includes(name));
    case "inventory":
      return inventoryHolds(request, list);
    case "deviceTypes":
      return numbered(facet, list).includes(numberAt(device, "devicetype") ?? 0);
    case "connections":
      return numbered(facet, list).includes(numberAt(device, "connectiontype") ?? 0);
    case "interstitial":
      if (has(imp, "instl") && ![0, 1].includes(numberAt(imp, "instl") ?? -1)) return undefined;
      return (numberAt(imp, "instl") === 1) === values;
    case "sites":
      return siteHolds(request, list);
    case "apps":
      return list.includes(textAt(objectAt(request, "app"), "bundle") ?? "");
    case "dayParts":
      return undefined;
    case "os":
    case "browsers":
      return has(device, "ua") || has(device, "sua") || has(device, "os") ? undefined : false;
    default:
      return mentioned(scene, values);
  }
}

/** Anything else is false where no value stands anywhere in the request, else in doubt. */
function mentioned(scene: Scene, values: unknown): boolean | undefined {
  if (!Array.isArray(values)) return undefined;
  const all = JSON.stringify(scene.request).toLowerCase();
  const names = (values as string[]).map((value) => value.split("/").at(-1)?.toLowerCase() ?? "");
  if (names.some((name) => /^[a-z]+$/i.test(name) && name.length > 2)) return undefined;
  return names.some((name) => all.includes(name)) ? undefined : false;
}

function countryOf(request: Plain): string | undefined {
  const device = textAt(objectAt(objectAt(request, "device"), "geo"), "country");
  const country = device ?? textAt(objectAt(objectAt(request, "user"), "geo"), "country");
  return country?.toUpperCase();
}

function offeredSizes(imp: Plain): string[] {
  const sizes: string[] = [];
  const doubt = new Doubt();
  for (const media of mediaObjects(imp).values()) sizes.push(...bannerSizes(media, doubt).exact);
  return sizes;
}

function inventoryHolds(request: Plain, list: readonly string[]): boolean | undefined {
  const present = ["site", "app", "dooh"].filter((kind) => isPlain(request[kind]));
  if (present.length > 1) return undefined;
  return present.some((kind) => list.includes(kind));
}

function siteHolds(request: Plain, list: readonly string[]): boolean | undefined {
  const site = objectAt(request, "site");
  const domain = textAt(site, "domain")?.toLowerCase();
  if (domain === undefined) return has(site, "page") ? undefined : false;
  if (!/^[a-z0-9.-]+$/.test(domain)) return undefined;
  return list.some((wanted) => domain === wanted || domain.endsWith(`.${wanted}`));
}

function numbered(facet: "deviceTypes" | "connections", names: readonly string[]): number[] {
  const byName: Readonly<Record<string, number>> = namedFacets[facet].values;
  return names.map((name) => byName[name] ?? -1);
}
