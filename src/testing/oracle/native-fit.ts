import type { Native, NativeImage } from "../../campaign/model.js";
import type { Doubt, Plain } from "./plain.js";
import { has, isPlain, numberAt, objectAt, objectsAt, parsed, textAt } from "./plain.js";

/**
 * imp.native.request as an object: the bare form of 1.1 and later, or what 1.0 wraps in
 * {"native":{}}.
 */
export function nativeRequest(native: Plain, doubt: Doubt): Plain | undefined {
  const text = textAt(native, "request");
  if (text === undefined && isPlain(native["request"])) {
    doubt.add("native.request is an object, not text");
  }
  const value = text === undefined ? native["request"] : parsed(text)?.value;
  if (!isPlain(value)) return undefined;
  return isPlain(value["native"]) ? value["native"] : value;
}

/** Why a native creative cannot fill a request's required assets; null = it can. */
export function nativeRefusal(native: Plain, creative: Native, doubt: Doubt): string | null {
  const request = nativeRequest(native, doubt);
  if (request === undefined) return "native.request cannot be read";
  const assets = objectsAt(request, "assets");
  if (assets.length === 0) doubt.add("native without assets");
  const raw = request["assets"];
  if (Array.isArray(raw) && raw.length !== assets.length) doubt.add("a native asset is no object");
  let filled = 0;
  for (const asset of assets) {
    if (!Number.isInteger(asset["id"])) doubt.add("a native asset without an id");
    const gap = assetRefusal(asset, creative, doubt);
    if (gap === null) {
      filled++;
      continue;
    }
    const required = numberAt(asset, "required");
    if (has(asset, "required") && required !== 0 && required !== 1) doubt.add("odd `required`");
    if (required === 1) return gap;
  }
  return filled === 0 && assets.length > 0 ? "no native asset can be filled" : null;
}

function assetRefusal(asset: Plain, creative: Native, doubt: Doubt): string | null {
  const kinds = ["title", "img", "video", "data"].filter((kind) => isPlain(asset[kind]));
  if (kinds.length !== 1) {
    doubt.add("a native asset of no or of two kinds");
    return kinds.length === 0 ? "native asset of no kind" : null;
  }
  if (kinds[0] === "title") {
    const longest = numberAt(objectAt(asset, "title"), "len") ?? 0;
    return longest > 0 && creative.title.length > longest ? "native title is too long" : null;
  }
  if (kinds[0] === "img") return imageRefusal(objectAt(asset, "img"), creative, doubt);
  if (kinds[0] === "video") return "native video";
  const data = objectAt(asset, "data");
  const text = creative.data[numberAt(data, "type") ?? 0];
  if (text === undefined) return "native data is missing";
  const longest = numberAt(data, "len") ?? 0;
  return longest > 0 && text.length > longest ? "native data is too long" : null;
}

function imageRefusal(asked: Plain, creative: Native, doubt: Doubt): string | null {
  const type = numberAt(asked, "type");
  const image = imageOf(type, creative);
  if (type === undefined) doubt.add("a native image of no type");
  else if (type !== 1 && type !== 3) return "native image type";
  if (image === null) return "native image is missing";
  if (image.width < (numberAt(asked, "wmin") ?? 0)) return "native image is too narrow";
  if (image.height < (numberAt(asked, "hmin") ?? 0)) return "native image is too low";
  const width = numberAt(asked, "w") ?? 0;
  const height = numberAt(asked, "h") ?? 0;
  const exact = (width === 0 || width === image.width) && (height === 0 || height === image.height);
  if (!exact) doubt.add("a native image in another size");
  if (has(asked, "mimes")) doubt.add("mimes of a native image");
  return null;
}

function imageOf(type: number | undefined, creative: Native): NativeImage | null {
  return type === 1 ? creative.icon : creative.main;
}
