import type { CreativeModel, Timed } from "../../campaign/model.js";
import type { Doubt, Plain } from "./plain.js";
import { countAt, flagAt, has, isPlain, numberAt, numbersAt, objectsAt, textsAt } from "./plain.js";

export type MediaName = "banner" | "video" | "audio" | "native";

/** The medium of a creative, as the imp's object that it answers is named. */
export function mediaOf(creative: CreativeModel): MediaName {
  const { markup } = creative;
  if (markup.kind === "native") return "native";
  return markup.kind === "vastInline" || markup.kind === "vastWrapper" ? markup.medium : "banner";
}

export const timedOf = (creative: CreativeModel): Timed | undefined =>
  creative.markup.kind === "vastInline" || creative.markup.kind === "vastWrapper"
    ? creative.markup
    : undefined;

/** battr and api mean the same in all four media. */
export function commonRefusal(
  media: Plain,
  imp: Plain,
  creative: CreativeModel,
  doubt: Doubt,
): string | null {
  const blocked = numbersAt(media, "battr", doubt);
  if (creative.attributes.some((attribute) => blocked.includes(attribute))) return "battr";
  const offered = numbersAt(media, "api", doubt);
  if (creative.apis.some((api) => !offered.includes(api))) return "api";
  if (flagAt(imp, "secure", doubt) && !creative.secure) return "secure";
  return null;
}

/** What a banner slot offers: exact sizes, and whether it takes others by ratio. */
export function bannerSizes(banner: Plain, doubt: Doubt): { exact: string[]; flexible: boolean } {
  const exact: string[] = [];
  let flexible = ["wmin", "wmax", "hmin", "hmax"].some((key) => has(banner, key));
  for (const from of [banner, ...objectsAt(banner, "format")]) {
    const w = countAt(from, "w", doubt);
    const h = countAt(from, "h", doubt);
    if (w !== undefined && h !== undefined && w > 0 && h > 0) exact.push(`${w}x${h}`);
    if (has(from, "wratio")) flexible = true;
  }
  return { exact, flexible };
}

export function bannerRefusal(banner: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const { exact } = bannerSizes(banner, doubt);
  if (exact.length === 0) {
    doubt.add("a banner without a size");
    return null;
  }
  if (!creative.sizes.some(({ width, height }) => exact.includes(`${width}x${height}`))) {
    return "size";
  }
  if (numbersAt(banner, "btype", doubt).includes(creative.bannerType)) return "btype";
  if (mimesMiss(banner, creative, doubt)) return "mimes";
  if (creative.expandable && numbersAt(banner, "expdir", doubt).length === 0) {
    doubt.add("an expandable creative where no direction is stated");
  }
  return null;
}

/** Video and audio: mimes, durations, protocol, linearity, skip, bit rate. */
export function timedRefusal(media: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const timed = timedOf(creative);
  if (timed === undefined) return "media";
  return (
    mimesRefusal(media, creative, doubt) ??
    durationRefusal(media, timed.durationSec, doubt) ??
    playerRefusal(media, timed, doubt)
  );
}

/** True when types are stated and none of the creative's is among them. */
function mimesMiss(media: Plain, creative: CreativeModel, doubt: Doubt): boolean {
  const offered = textsAt(media, "mimes", doubt).map((mime) => mime.trim().toLowerCase());
  return offered.length > 0 && !creative.mimes.some((mime) => offered.includes(mime.toLowerCase()));
}

function mimesRefusal(media: Plain, creative: CreativeModel, doubt: Doubt): string | null {
  const { mimes } = media;
  if (!Array.isArray(mimes) || mimes.length === 0) doubt.add("video or audio without mimes");
  return mimesMiss(media, creative, doubt) ? "mimes" : null;
}

function durationRefusal(media: Plain, durationSec: number, doubt: Doubt): string | null {
  const exact = numbersAt(media, "rqddurs", doubt);
  if (exact.length > 0) return exact.includes(durationSec) ? null : "rqddurs";
  if (durationSec < (countAt(media, "minduration", doubt) ?? 0)) return "minduration";
  const longest = countAt(media, "maxduration", doubt);
  if (longest === 0) doubt.add("maxduration is 0");
  if (longest !== undefined && longest > 0 && durationSec > longest) return "maxduration";
  if (durationSec > (countAt(media, "poddur", doubt) ?? Number.POSITIVE_INFINITY)) return "poddur";
  return null;
}

function playerRefusal(media: Plain, timed: Timed, doubt: Doubt): string | null {
  const protocols = numbersAt(media, "protocols", doubt);
  if (protocols.length > 0 && !protocols.includes(timed.protocol)) return "protocols";
  if (has(media, "protocols") && protocols.length === 0) doubt.add("protocols is empty");
  if (has(media, "protocol") && numberAt(media, "protocol") !== timed.protocol) {
    doubt.add("the protocol of OpenRTB 2.2");
  }
  const linearity = countAt(media, "linearity", doubt);
  if (linearity === 1 || linearity === 2) {
    if (linearity !== timed.linearity) return "linearity";
  } else if (linearity !== undefined) doubt.add("an unknown linearity");
  if (numberAt(media, "skip") === 0 && timed.skipAfterSec >= 0) return "skip";
  const { bitrateKbps } = timed;
  if (bitrateKbps > 0) {
    if (bitrateKbps < (countAt(media, "minbitrate", doubt) ?? 0)) return "minbitrate";
    const most = countAt(media, "maxbitrate", doubt) ?? 0;
    if (most > 0 && bitrateKbps > most) return "maxbitrate";
  }
  return null;
}

/** The imp's media objects that can be read. */
export function mediaObjects(imp: Plain): Map<MediaName, Plain> {
  const objects = new Map<MediaName, Plain>();
  for (const name of ["banner", "video", "audio", "native"] as const) {
    const value = imp[name];
    if (isPlain(value)) objects.set(name, value);
  }
  return objects;
}
