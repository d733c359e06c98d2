import { Namespace } from "../../src/base/identifier.js";
import type { SeededRandom } from "../../src/base/random.js";
import { syntheticIdentifier, syntheticSeed } from "../../src/testing/synthetic-index.js";

/** Where a request comes from: what its other fields depend on. */
export type Place = {
  readonly inApp: boolean;
  readonly os: "iOS" | "Android" | "Windows" | "Tizen";
  readonly country: string;
  readonly section: string;
};

const sections = ["news", "sport", "weather", "cooking", "travel", "cars", "music", "games"];
const countries = ["USA", "USA", "USA", "USA", "USA", "DEU", "FRA", "GBR", "IND", "BRA", "JPN"];

export function placeOf(random: SeededRandom): Place {
  const draw = random.below(20);
  const os = draw < 8 ? "iOS" : draw < 15 ? "Android" : draw < 19 ? "Windows" : "Tizen";
  return {
    inApp: os === "Tizen" || (os !== "Windows" && random.below(2) === 0),
    os,
    country: random.pick(countries),
    section: random.pick(sections),
  };
}

export function inventoryOf({ inApp, section }: Place, random: SeededRandom): object {
  const publisher = { id: `pub-${random.below(5000)}` };
  const cat = [`IAB${1 + random.below(22)}`];
  if (inApp) {
    const bundle = `example.app${random.below(10_000)}`;
    return { app: { id: `a${random.below(3000)}`, name: section, bundle, cat, publisher } };
  }
  const domain = `site-${random.below(20_000)}.example`;
  const page = `https://${domain}/${section}/${random.below(100_000)}.html`;
  return { site: { id: `s${random.below(3000)}`, domain, page, cat, publisher } };
}

const webKit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0";
const agents = {
  iOS: `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${webKit} Mobile/15E148`,
  Android: `Mozilla/5.0 (Linux; Android 14; Pixel 8) ${chrome} Mobile Safari/537.36`,
  Windows: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Safari/537.36`,
  Tizen: "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 SamsungBrowser/2.1",
} as const;
const kinds = { iOS: 4, Android: 4, Windows: 2, Tizen: 3 } as const;
const namespaces = {
  ...{ iOS: Namespace.IDFA, Android: Namespace.AAID, Windows: null, Tizen: Namespace.TIFA },
} as const;

export function deviceOf({ os, country }: Place, random: SeededRandom, people: number): object {
  const namespace = namespaces[os];
  return {
    ua: agents[os],
    ip: `203.0.113.${random.below(250)}`,
    devicetype: kinds[os],
    os,
    language: "en",
    geo: { country },
    ...(namespace === null ? {} : { ifa: identifierOf(namespace, random, people) }),
    ...(os === "iOS" ? { ext: { atts: 3 } } : {}),
  };
}

export const hex = (random: SeededRandom, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join("");

const strangerUuid = (random: SeededRandom): string =>
  [8, 4, 4, 4, 12].map((digits) => hex(random, digits)).join("-");

/** Seven of ten are known, few of them often: rank r of the people has weight 1/r. */
function identifierOf(namespace: Namespace, random: SeededRandom, people: number): string {
  if (random.below(10) >= 7) return strangerUuid(random);
  for (;;) {
    const person = Math.max(1, Math.floor(people ** random.fraction()));
    for (const which of [0, 1]) {
      const identifier = syntheticIdentifier(syntheticSeed, person, which);
      if (identifier?.namespace === namespace) return identifier.value;
    }
  }
}
