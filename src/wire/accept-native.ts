import type { Json } from "./accept-json.js";
import { has, isObject, numberOf, objectOf, objectsOf, textOf } from "./accept-json.js";

export type ParseJson = (text: string) => unknown;

/** A native answer (adm) against the native request of the imp: Native 1.2 sections 4 and 5. */
export function nativeProblems(imp: Json, adm: string, parse: ParseJson): string[] {
  const asked = requestOf(objectOf(imp["native"]), parse);
  const answer = unwrapped(parsed(adm, parse));
  if (answer === null) return ["adm: not a JSON object, as a native answer must be"];
  if (asked === null) return ["native: the imp has no readable request"];
  const assets = objectsOf(answer["assets"]);
  const wanted = objectsOf(asked["assets"]);
  const byId = new Map(assets.map((asset) => [asset["id"], asset]));
  return [
    ...(assets.length === 0 ? ["adm: no assets"] : []),
    ...(byId.size < assets.length ? ["adm: two assets have one id"] : []),
    ...(textOf(objectOf(answer["link"])["url"]) === "" ? ["adm: no link.url"] : []),
    ...wanted
      .filter((asset) => asset["required"] === 1 && !byId.has(asset["id"]))
      .map((asset) => `adm: required asset ${String(asset["id"])} is missing`),
    ...assets.flatMap((asset) => {
      const request = wanted.find((candidate) => candidate["id"] === asset["id"]);
      return request === undefined
        ? [`adm: asset ${String(asset["id"])} was not asked for`]
        : assetProblems(request, asset);
    }),
  ];
}

function assetProblems(asked: Json, given: Json): string[] {
  const kind = ["title", "img", "data", "video"].find((name) => has(asked, name)) ?? "";
  const id = String(asked["id"]);
  if (!isObject(given[kind])) return [`adm: asset ${id} is not the ${kind} that was asked for`];
  const wanted = objectOf(asked[kind]);
  const value = objectOf(given[kind]);
  if (kind === "img") {
    const small = ["w", "h"].filter(
      (side) => numberOf(value[side], Infinity) < numberOf(wanted[`${side}min`]),
    );
    const problems = small.map((side) => `adm: image ${id} is below the minimum ${side}`);
    return textOf(value["url"]) === "" ? [...problems, `adm: image ${id} has no url`] : problems;
  }
  const text = kind === "title" ? textOf(value["text"]) : textOf(value["value"]);
  const most = numberOf(wanted["len"], Infinity);
  if (kind === "video" || (text !== "" && (most <= 0 || [...text].length <= most))) return [];
  return [`adm: the ${kind} of asset ${id} is empty or longer than ${most}`];
}

/** The request is JSON text, by older senders an object; 1.0 wraps it in "native". */
function requestOf(native: Json, parse: ParseJson): Json | null {
  const raw = native["request"];
  if (typeof raw === "string") return unwrapped(parsed(raw, parse));
  return unwrapped(has(native, "request") ? raw : native["request_native"]);
}

const unwrapped = (value: unknown): Json | null => {
  if (!isObject(value)) return null;
  return isObject(value["native"]) ? value["native"] : value;
};

function parsed(text: string, parse: ParseJson): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
