import type { Json } from "./accept-json.js";
import { has, numberOf, numbersOf, objectOf, textOf, textsOf } from "./accept-json.js";

/**
 * Block lists of the request and of the imp against one bid (OpenRTB 2.6 sections 3.2.1 to 3.2.9).
 */
export function blockProblems(request: Json, media: Json, bid: Json): string[] {
  return [
    ...categoryProblems(request, bid),
    ...advertiserProblems(request, bid),
    ...attributeProblems(media, bid),
    ...languageProblems(request, bid),
    ...bannerTypeProblems(media, bid),
  ];
}

/** Only ids of one taxonomy can be compared; 1 is the default on both sides. */
function categoryProblems(request: Json, bid: Json): string[] {
  if (numberOf(request["cattax"], 1) !== numberOf(bid["cattax"], 1)) return [];
  const own = textsOf(bid["cat"]);
  const blocked = textsOf(request["bcat"]).filter((id) => own.some((cat) => within(cat, id, "-")));
  const allowed = textsOf(request["acat"]);
  const problems = blocked.map((id) => `cat: ${id} is blocked by bcat`);
  if (allowed.length > 0 && !allowed.some((id) => own.some((cat) => within(cat, id, "-")))) {
    problems.push("cat: none is in acat");
  }
  return problems;
}

const within = (id: string, parent: string, joint: string): boolean =>
  id === parent || id.startsWith(parent + joint);

function advertiserProblems(request: Json, bid: Json): string[] {
  const domains = textsOf(bid["adomain"]).map((domain) => domain.toLowerCase());
  const bundle = textOf(bid["bundle"]);
  return [
    ...textsOf(request["badv"])
      .filter((blocked) => domains.some((domain) => underDomain(domain, blocked)))
      .map((blocked) => `adomain: ${blocked} is blocked by badv`),
    ...(bundle !== "" && textsOf(request["bapp"]).includes(bundle)
      ? [`bundle: ${bundle} is blocked by bapp`]
      : []),
  ];
}

export const underDomain = (domain: string, parent: string): boolean =>
  domain === parent.toLowerCase() || domain.endsWith(`.${parent.toLowerCase()}`);

function attributeProblems(media: Json, bid: Json): string[] {
  const blocked = numbersOf(media["battr"]);
  const problems = numbersOf(bid["attr"])
    .filter((attribute) => blocked.includes(attribute))
    .map((attribute) => `attr: ${attribute} is blocked by battr`);
  if (media["skip"] === 0 && numbersOf(bid["attr"]).includes(16)) {
    problems.push("attr: 16 (skippable) where the publisher allows no skipping");
  }
  return problems;
}

function languageProblems(request: Json, bid: Json): string[] {
  const allowed = textsOf(request["wlang"]).map(primary);
  const language = primary(textOf(bid["language"]));
  return language === "" || allowed.length === 0 || allowed.includes(language)
    ? []
    : [`language: ${language} is not in wlang`];
}

const primary = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] as string;

/** The answer does not say the banner type: the markup does, as far as it can be told. */
function bannerTypeProblems(media: Json, bid: Json): string[] {
  const blocked = numbersOf(media["btype"]);
  const adm = textOf(bid["adm"]);
  if (blocked.length === 0 || numberOf(bid["mtype"]) !== 1) return [];
  const script = /<script/i.test(adm);
  const frame = /<iframe/i.test(adm);
  return [
    ...(blocked.includes(3) && script ? ["adm: a script where btype blocks JavaScript ads"] : []),
    ...(blocked.includes(4) && frame ? ["adm: a frame where btype blocks iframe ads"] : []),
    ...(blocked.includes(1) && blocked.includes(2) && !script && !frame
      ? ["adm: plain HTML where btype blocks text and banner ads"]
      : []),
  ];
}

/** regs.ext.dsa against bid.ext.dsa (notes of the IAB Tech Lab's DSA extension). */
export function dsaProblems(request: Json, bid: Json): string[] {
  const asked = objectOf(objectOf(objectOf(request["regs"])["ext"])["dsa"]);
  const ext = objectOf(bid["ext"]);
  const told = objectOf(ext["dsa"]);
  const required = numberOf(asked["dsarequired"], -1);
  const needed = required === 2 || required === 3;
  if (!has(ext, "dsa")) return needed ? ["ext.dsa: missing where dsarequired asks for it"] : [];
  const problems = ["behalf", "paid"]
    .filter((name) => textOf(told[name]).length > 100)
    .map((name) => `ext.dsa.${name}: longer than 100 characters`);
  if (!needed) return problems;
  const ourRender = numberOf(told["adrender"]) === 1;
  const theirRender = numberOf(asked["pubrender"], -1);
  if (theirRender === 0 && !ourRender) problems.push("ext.dsa.adrender: nobody renders");
  if (theirRender === 2 && ourRender) problems.push("ext.dsa.adrender: both render");
  return problems;
}
