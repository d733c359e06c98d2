import type { Json } from "./accept-json.js";
import { has, numberOf, numbersOf, objectOf, objectsOf, textOf, textsOf } from "./accept-json.js";
import type { ParseJson } from "./accept-native.js";
import { nativeProblems } from "./accept-native.js";

export const mediaNames = ["banner", "video", "audio", "native"] as const;

/** The markup, size and media type of a bid against its imp. */
export function mediaProblems(imp: Json, bid: Json, version: string, parse: ParseJson): string[] {
  const mtype = bid["mtype"];
  const name = typeof mtype === "number" ? mediaNames[mtype - 1] : undefined;
  if (name === undefined) return ["mtype: missing, or not 1 banner, 2 video, 3 audio, 4 native"];
  if (!has(imp, name)) return [`mtype: ${name} was not offered by the imp`];
  const adm = textOf(bid["adm"]);
  if (adm === "") return ["adm: missing"];
  const media = objectOf(imp[name]);
  const problems = [...secureProblems(imp, adm), ...apiProblems(media, bid)];
  if (name === "native") return [...problems, ...nativeProblems(imp, adm, parse)];
  if (name === "banner") return [...problems, ...bannerProblems(imp, media, bid)];
  return [...problems, ...vastProblems(media, bid, adm, version)];
}

/** What Prebid Server looks for; it reads text, not addresses. */
function secureProblems(imp: Json, adm: string): string[] {
  if (imp["secure"] !== 1) return [];
  return /http:|http%3A/i.test(adm) ? ["adm: an http address where the imp is secure"] : [];
}

function apiProblems(media: Json, bid: Json): string[] {
  const offered = numbersOf(media["api"]);
  const used = [...numbersOf(bid["apis"]), ...(has(bid, "api") ? [numberOf(bid["api"])] : [])];
  return used
    .filter((api) => !offered.includes(api))
    .map((api) => `apis: ${api} is not supported by the imp`);
}

function bannerProblems(imp: Json, banner: Json, bid: Json): string[] {
  const { w, h } = bid;
  if (!Number.isInteger(w) || !Number.isInteger(h)) return ["w, h: a banner needs both"];
  const formats = [banner, ...objectsOf(banner["format"])];
  const fixed = formats.filter((format) => numberOf(format["w"]) > 0 && numberOf(format["h"]) > 0);
  const flexible = formats.some((format) => has(format, "wratio"));
  if ((fixed.length === 0 && imp["instl"] === 1) || flexible) return [];
  return fixed.some((format) => format["w"] === w && format["h"] === h)
    ? []
    : [`w, h: ${String(w)}x${String(h)} is none of the banner's formats`];
}

function vastProblems(media: Json, bid: Json, adm: string, version: string): string[] {
  const problems: string[] = [];
  if (!/^\s*(?:<\?xml[^>]*\?>\s*)?<VAST[\s>][\s\S]*<\/VAST>\s*$/.test(adm)) {
    problems.push("adm: not a VAST document");
  }
  if (!/<Impression[\s>]/.test(adm)) problems.push("adm: a VAST without Impression");
  if (has(bid, "nurl")) problems.push("nurl: clients take it for the VAST's address");
  const protocols = numbersOf(media["protocols"]);
  if (protocols.length > 0 && !protocols.includes(numberOf(bid["protocol"]))) {
    problems.push(`protocol: ${String(bid["protocol"])} is not among the imp's`);
  }
  const mimes = textsOf(media["mimes"]);
  const types = [...adm.matchAll(/<MediaFile [^>]*type="([^"]+)"/g)].map((match) => match[1] ?? "");
  if (mimes.length > 0 && types.length > 0 && !types.some((type) => mimes.includes(type))) {
    problems.push("adm: no media file of a type that the imp takes");
  }
  return version === "2.6" ? [...problems, ...durationProblems(media, bid)] : problems;
}

function durationProblems(media: Json, bid: Json): string[] {
  const seconds = numberOf(bid["dur"], -1);
  if (seconds < 0) return ["dur: missing"];
  const exact = numbersOf(media["rqddurs"]);
  if (exact.length > 0) return exact.includes(seconds) ? [] : [`dur: ${seconds} not in rqddurs`];
  const most = numberOf(media["maxduration"]) || numberOf(media["poddur"]) || Infinity;
  return seconds >= numberOf(media["minduration"]) && seconds <= most
    ? []
    : [`dur: ${seconds} s is outside the imp's bounds`];
}
