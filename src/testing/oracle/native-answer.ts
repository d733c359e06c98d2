import { nativeRequest } from "./native-fit.js";
import type { Plain } from "./plain.js";
import { Doubt, isPlain, numberAt, objectAt, objectsAt, parsed, textAt } from "./plain.js";

/** What is wrong with a native answer against its request (OpenRTB Native 1.2, section 5). */
export function nativeAnswerFaults(native: Plain, adm: string): string[] {
  const request = nativeRequest(native, new Doubt());
  if (request === undefined) return ["a native request that cannot be read was answered"];
  const whole = parsed(adm)?.value;
  if (!isPlain(whole)) return ["the native adm is no JSON object"];
  const wrapped = isWrapped(native);
  const answer = isPlain(whole["native"]) ? whole["native"] : whole;
  const faults: string[] = [];
  if (wrapped !== isPlain(whole["native"]))
    faults.push("the native wrapper differs from the request");
  if ((textAt(objectAt(answer, "link"), "url") ?? "") === "") faults.push("native link is missing");
  const asked = objectsAt(request, "assets");
  const given = objectsAt(answer, "assets");
  for (const asset of given) {
    const match = asked.find(({ id }) => id === asset["id"]);
    if (match === undefined) faults.push(`native asset ${String(asset["id"])} was not asked for`);
    else faults.push(...assetFaults(match, asset));
  }
  for (const asset of asked) {
    if (numberAt(asset, "required") !== 1) continue;
    if (!given.some(({ id }) => id === asset["id"])) {
      faults.push(`required native asset ${String(asset["id"])} is missing`);
    }
  }
  return faults;
}

function isWrapped(native: Plain): boolean {
  const text = textAt(native, "request");
  const value = text === undefined ? native["request"] : parsed(text)?.value;
  return isPlain(value) && isPlain(value["native"]);
}

function assetFaults(asked: Plain, given: Plain): string[] {
  const kind = ["title", "img", "video", "data"].find((name) => isPlain(asked[name]));
  const at = `native asset ${String(asked["id"])}`;
  if (kind === undefined || !isPlain(given[kind])) return [`${at} is of another kind`];
  const want = objectAt(asked, kind);
  const have = objectAt(given, kind);
  if (kind === "title") {
    const text = textAt(have, "text") ?? "";
    const longest = numberAt(want, "len") ?? 0;
    if (text === "" || (longest > 0 && text.length > longest)) return [`${at} has a wrong length`];
  }
  if (kind === "data") {
    const longest = numberAt(want, "len") ?? 0;
    const text = textAt(have, "value") ?? "";
    if (text === "" || (longest > 0 && text.length > longest)) return [`${at} has a wrong length`];
  }
  if (kind === "img") {
    if ((textAt(have, "url") ?? "") === "") return [`${at} has no url`];
    if ((numberAt(have, "w") ?? 1e9) < (numberAt(want, "wmin") ?? 0))
      return [`${at} is too narrow`];
    if ((numberAt(have, "h") ?? 1e9) < (numberAt(want, "hmin") ?? 0)) return [`${at} is too low`];
  }
  return [];
}
