import { parseDayPart, weekHours } from "./daypart.js";
import type { LintContext } from "./lint-context.js";
import type { LineItem } from "./model.js";
import type { Facets } from "./targeting.js";
import { domainAndParents } from "./text-key.js";
import { offsetSecAt } from "./zone.js";

/** Rules that can never match, and values that contradict each other. */
export function lintTargeting(context: LintContext, lineItem: LineItem): void {
  const { include, exclude } = lineItem.targeting;
  for (const facet of Object.keys(include)) lintBothSides(context, lineItem, facet);
  lintCountries(context, lineItem);
  lintInventory(context, lineItem, include);
  lintVideoOnly(context, lineItem, include);
  lintDevices(context, lineItem, include);
  if (include.dayParts !== undefined || exclude.dayParts !== undefined) {
    lintDayParts(context, lineItem);
  }
}

/** The values of a facet as comparable texts; key-values as "key=value". */
function valuesOf(facets: Facets, facet: string): readonly string[] {
  const value = (facets as Readonly<Record<string, unknown>>)[facet];
  if (value === undefined) return [];
  if (typeof value === "boolean") return [String(value)];
  if (facet === "keyValues") {
    const pairs = value as NonNullable<Facets["keyValues"]>;
    return Object.entries(pairs).flatMap(([key, list]) => list.map((one) => `${key}=${one}`));
  }
  return (value as readonly string[]).map((text) => text.toLowerCase());
}

function lintBothSides(context: LintContext, lineItem: LineItem, facet: string): void {
  if (facet === "dayParts") return;
  const excluded = new Set(valuesOf(lineItem.targeting.exclude, facet));
  const included = valuesOf(lineItem.targeting.include, facet);
  const covered = included.filter((value) =>
    facet === "sites"
      ? domainAndParents(value).some((domain) => excluded.has(domain))
      : excluded.has(value),
  );
  if (covered.length === 0) return;
  const path = ["targeting", "exclude", facet];
  const beside = facet === "sites" ? lineItem.targeting.include.apps : undefined;
  if (covered.length === included.length && beside === undefined) {
    const message =
      `can never match: every included value of ${facet} is excluded as well: ` +
      "take it out of one of the two";
    context.error("lineItem", lineItem.id, path, message);
    return;
  }
  const message = `${covered[0]} is included and excluded: it is excluded; take it out of include`;
  context.warn("lineItem", lineItem.id, path, message);
}

const byCountry = ["regions", "cities", "zips"] as const;

/** Regions, cities and zips outside the countries that are let in. */
function lintCountries(context: LintContext, lineItem: LineItem): void {
  const { include, exclude } = lineItem.targeting;
  const letIn = (country: string): boolean =>
    (include.countries === undefined || include.countries.includes(country)) &&
    exclude.countries?.includes(country) !== true;
  for (const facet of byCountry) {
    const values = include[facet];
    if (values === undefined) continue;
    const outside = values.filter((value) => !letIn(value.slice(0, value.indexOf("/"))));
    if (outside.length === 0) continue;
    const path = ["targeting", "include", facet, values.indexOf(outside[0]!)];
    const country = outside[0]!.slice(0, outside[0]!.indexOf("/"));
    const what = `${outside[0]} lies in ${country}, which the countries leave out: add ${country}`;
    if (outside.length === values.length) {
      context.error("lineItem", lineItem.id, path, `can never match: ${what}, or drop it`);
    } else {
      context.warn("lineItem", lineItem.id, path, `${what}, or drop it`);
    }
  }
}

/** Sites are seen on websites, apps in apps: what `inventory` must not contradict. */
function lintInventory(context: LintContext, lineItem: LineItem, include: Facets): void {
  const { inventory } = include;
  const left = (kind: string): boolean =>
    (inventory === undefined || inventory.includes(kind)) &&
    lineItem.targeting.exclude.inventory?.includes(kind) !== true;
  const wants = { site: include.sites !== undefined, app: include.apps !== undefined };
  const possible = (wants.site && (left("site") || left("dooh"))) || (wants.app && left("app"));
  if ((!wants.site && !wants.app) || possible) return;
  const listed = wants.site ? "sites" : "apps";
  const kind = wants.site ? "site" : "app";
  context.error(
    "lineItem",
    lineItem.id,
    ["targeting", "include", listed],
    `can never match: ${listed} are listed but inventory leaves ${kind} out: add ${kind} to it`,
  );
}

const timedFacets = [
  ...["videoPlacements", "oldVideoPlacements", "startDelays", "skippable"],
  ...["linearity", "playback", "pod"],
];

function lintVideoOnly(context: LintContext, lineItem: LineItem, include: Facets): void {
  const { media } = include;
  if (media === undefined || media.includes("video") || media.includes("audio")) return;
  const facet = Object.keys(include).find((name) => timedFacets.includes(name));
  if (facet === undefined) return;
  const message =
    `can never match: ${facet} is known of video and audio only, but media is ` +
    `${media.join(", ")}: add video, or drop ${facet}`;
  context.error("lineItem", lineItem.id, ["targeting", "include", facet], message);
}

const handheld = ["mobile", "phone", "tablet"];
const television = ["tv", "connectedDevice", "setTopBox"];
/** Device types on which a system runs; systems that run anywhere are not listed. */
const devicesOfSystem: Readonly<Record<string, readonly string[]>> = {
  ios: [...handheld, "connectedDevice"],
  macos: ["pc"],
  tvos: television,
  roku: television,
  webos: [...television, "outOfHome"],
  tizen: [...television, "outOfHome"],
};

function lintDevices(context: LintContext, lineItem: LineItem, include: Facets): void {
  const { os, deviceTypes } = include;
  if (os === undefined || deviceTypes === undefined) return;
  const meet = os.some((system) => {
    const runsOn = devicesOfSystem[system];
    return runsOn === undefined || runsOn.some((type) => deviceTypes.includes(type));
  });
  if (meet) return;
  const message =
    `hardly ever matches: ${os.join(", ")} does not run on ${deviceTypes.join(", ")}: ` +
    "change one of the two";
  context.warn("lineItem", lineItem.id, ["targeting", "include", "deviceTypes"], message);
}

/** The hours of the week that day-parts leave, and whether the flight has any of them. */
function lintDayParts(context: LintContext, lineItem: LineItem): void {
  const { include, exclude } = lineItem.targeting;
  const wanted = include.dayParts === undefined ? everyHour : hoursOf(include.dayParts);
  const unwanted = hoursOf(exclude.dayParts ?? []);
  const left = new Set([...wanted].filter((hour) => !unwanted.has(hour)));
  const side = include.dayParts === undefined ? "exclude" : "include";
  const path = ["targeting", side, "dayParts"];
  if (left.size === 0) {
    const message = "can never match: no hour is left of the day-parts: exclude fewer";
    context.error("lineItem", lineItem.id, path, message);
    return;
  }
  const campaign = context.campaigns.get(lineItem.campaign);
  if (campaign === undefined || campaign.endMs <= campaign.startMs) return;
  if (flightHas(campaign.startMs, campaign.endMs, campaign.timeZone, left)) return;
  const message =
    "can never match: the flight holds none of these hours of the week: " +
    "change the days or the flight";
  context.error("lineItem", lineItem.id, path, message);
}

const everyHour: ReadonlySet<number> = new Set(Array.from({ length: weekHours }, (_, i) => i));

function hoursOf(dayParts: readonly string[]): ReadonlySet<number> {
  return new Set(
    dayParts.flatMap((text) => {
      const part = parseDayPart(text);
      return part.ok ? part.hours : [];
    }),
  );
}

const hourMs = 3_600_000;
/** Thursday 1970-01-01 is 72 hours after Monday 00:00. */
const epochHour = 72;

function flightHas(
  startMs: number,
  endMs: number,
  zone: string,
  hours: ReadonlySet<number>,
): boolean {
  // A week and a day hold every hour of the week, changes of clocks included.
  const until = Math.min(endMs, startMs + 8 * 24 * hourMs);
  for (let at = startMs; at < until; at += hourMs / 2) {
    const localSec = at / 1000 + offsetSecAt(zone, Math.floor(at / 1000));
    if (hours.has((Math.floor(localSec / 3600) + epochHour) % weekHours)) return true;
  }
  return false;
}
