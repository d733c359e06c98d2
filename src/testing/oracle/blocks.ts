import type { CreativeModel } from "../../campaign/model.js";
import type { Doubt, Plain } from "./plain.js";
import { countAt, has, isPlain, numberAt, objectAt, textAt, textsAt } from "./plain.js";

/** "http://www.Ford.com/x" and "www.ford.com" both name the host www.ford.com. */
const hostOf = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, "")
    .replace(/[/?#:].*$/, "")
    .replace(/\.$/, "");

const isOrIsBelow = (domain: string, blocked: string): boolean =>
  domain === blocked || domain.endsWith(`.${blocked}`);

/** Why the whole request's block lists keep a creative out; null = they do not. */
export function blockedBy(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  return (
    domainBlock(request, creative, doubt) ??
    categoryBlock(request, creative, doubt) ??
    appBlock(request, creative, doubt) ??
    languageBlock(request, creative, doubt) ??
    dsaBlock(request, creative, doubt)
  );
}

function domainBlock(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  for (const entry of textsAt(request, "badv", doubt)) {
    const plain = entry.toLowerCase();
    for (const domain of creative.domains) {
      if (isOrIsBelow(domain, plain) || isOrIsBelow(domain, meantBy(entry))) return "badv";
      if (!/^[a-z0-9.-]*$/.test(plain)) doubt.add("badv holds what is no domain");
    }
  }
  return null;
}

/**
 * The domain that an entry means, however it is spelt: an address, "www.", "*.", closing dots,
 * blanks.
 */
const meantBy = (entry: string): string =>
  hostOf(entry)
    .replace(/^\*\./, "")
    .replace(/\.+$/, "")
    .replace(/^www\./, "");

/** A blocked parent blocks its children: "IAB25" also means "IAB25-3" (taxonomy 1). */
const isCategoryOrBelow = (category: string, listed: string): boolean =>
  category === listed || category.startsWith(`${listed}-`);

function categoryBlock(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const taxonomy = countAt(request, "cattax", doubt) ?? 1;
  const own = creative.categories.filter((category) => category.taxonomy === taxonomy);
  const blocked = textsAt(request, "bcat", doubt);
  const allowed = textsAt(request, "acat", doubt);
  if (own.length === 0 && blocked.length + allowed.length > 0) {
    doubt.add("a creative without categories in the request's taxonomy");
  }
  for (const { id } of own) {
    if (blocked.some((entry) => isCategoryOrBelow(id, entry))) return "bcat";
    const folded = blocked.map((entry) => entry.trim().toLowerCase());
    if (folded.some((entry) => isCategoryOrBelow(id.toLowerCase(), entry))) {
      doubt.add("bcat in another letter case, or with spaces");
    }
  }
  if (taxonomy !== 1 && own.length > 0 && blocked.length > 0) {
    doubt.add("parents in taxonomies other than 1");
  }
  if (allowed.length > 0 && own.length > 0) {
    if (!own.every(({ id }) => allowed.some((entry) => isCategoryOrBelow(id, entry)))) {
      if (own.some(({ id }) => allowed.includes(id)))
        doubt.add("acat names some of the categories");
      else return "acat";
    } else if (!own.every(({ id }) => allowed.includes(id))) doubt.add("acat names a parent");
  }
  return null;
}

function appBlock(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  if (creative.bundle === "") return null;
  const own = creative.bundle.toLowerCase();
  const blocked = textsAt(request, "bapp", doubt);
  return blocked.some((bundle) => bundle.trim().toLowerCase() === own) ? "bapp" : null;
}

function languageBlock(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const byLetters = textsAt(request, "wlang", doubt);
  const languages = byLetters.length > 0 ? byLetters : textsAt(request, "wlangb", doubt);
  if (languages.length === 0) return null;
  if (creative.language === "") {
    doubt.add("wlang and a creative without a language");
    return null;
  }
  const primary = languages.map((tag) => tag.toLowerCase().split(/[-_]/)[0]);
  return primary.includes(creative.language.toLowerCase().split("-")[0]) ? null : "wlang";
}

/**
 * regs.ext.dsa (or regs.dsa): 2 and 3 demand the transparency fields; who renders them must agree.
 */
function dsaBlock(request: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const regs = objectAt(request, "regs");
  const dsa = has(regs, "dsa") ? regs["dsa"] : objectAt(regs, "ext")["dsa"];
  if (dsa === undefined || dsa === null) return null;
  if (!isPlain(dsa)) {
    doubt.add("wrong type: dsa");
    return null;
  }
  const required = countAt(dsa, "dsarequired", doubt) ?? 0;
  if (required !== 2 && required !== 3) return null;
  if (creative.dsa === null) return "dsa";
  const pubRender = countAt(dsa, "pubrender", doubt);
  if (pubRender === 0 && !creative.dsa.adRender) return "dsa: nobody renders";
  if (pubRender === 2 && creative.dsa.adRender) return "dsa: both render";
  return null;
}

/** Whether our seat may bid: wseat lets in, bseat keeps out. Empty lists say nothing. */
export function seatBlock(from: Plain, seat: string, doubt: Doubt): string | null {
  const letIn = textsAt(from, "wseat", doubt);
  const blocked = textsAt(from, "bseat", doubt);
  const isIn = (list: readonly string[]): boolean =>
    list.some((entry) => entry.toLowerCase() === seat.toLowerCase());
  if (isIn(letIn) !== letIn.includes(seat)) doubt.add("wseat in another letter case");
  if (isIn(blocked) !== blocked.includes(seat)) doubt.add("bseat in another letter case");
  if (letIn.length > 0 && !isIn(letIn)) return "wseat";
  return blocked.includes(seat) ? "bseat" : null;
}

/** source.schain with its older places. */
export function schainOf(request: Plain): unknown {
  const source = objectAt(request, "source");
  if (has(source, "schain")) return source["schain"];
  const sourceExt = objectAt(source, "ext");
  return has(sourceExt, "schain") ? sourceExt["schain"] : objectAt(request, "ext")["schain"];
}

export function schainBlock(request: Plain, required: boolean, doubt: Doubt): string | null {
  if (!required) return null;
  const chain = schainOf(request);
  if (chain === undefined || chain === null) return "schain missing";
  if (!isPlain(chain)) return "schain is no object";
  if (numberAt(chain, "complete") !== 1) return "schain incomplete";
  const nodes = chain["nodes"];
  if (!Array.isArray(nodes) || nodes.length === 0) return "schain without nodes";
  const whole = nodes.every((node) => textAt(node, "asi") && textAt(node, "sid"));
  if (!whole) doubt.add("schain with odd nodes");
  return null;
}
