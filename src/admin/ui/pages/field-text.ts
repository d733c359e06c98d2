import type { Json, JsonObject } from "../../store/desk-store.js";

/** How a field is written in its box. */
export type FieldKind =
  | "text"
  /** Several lines of one text: markup. */
  | "area"
  | "number"
  | "check"
  /** Words with commas or spaces between them. */
  | "words"
  /** The same, of numbers. */
  | "numbers"
  | "day"
  | "media";

/** Of what a box holds; undefined = nothing. What is no number stays text, for the check to say. */
export function parsed(kind: FieldKind, text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  if (kind === "area") return text;
  if (kind === "number") return numberOf(text.trim());
  if (kind === "media")
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(mediaOf);
  if (kind === "words" || kind === "numbers") {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    return kind === "words" ? words : words.map(numberOf);
  }
  return text;
}

const numberOf = (text: string): Json => (Number.isFinite(Number(text)) ? Number(text) : text);

/** `https://... video/mp4 1280x720 1500`: address, then type, size and kbit/s in any order. */
function mediaOf(line: string): Json {
  const [url = "", ...words] = line.trim().split(/\s+/);
  const media: Record<string, Json> = { url };
  for (const word of words) {
    const size = /^(\d+)x(\d+)$/.exec(word);
    if (size !== null) Object.assign(media, { width: Number(size[1]), height: Number(size[2]) });
    else if (/^\d+$/.test(word)) media["bitrateKbps"] = Number(word);
    else media["mime"] = word;
  }
  return media;
}

export function textOf(kind: FieldKind, value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (kind === "media" && Array.isArray(value)) return value.map(mediaText).join("\n");
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function mediaText(media: Json): string {
  if (!isObject(media)) return JSON.stringify(media);
  const { url, mime, width, height, bitrateKbps } = media;
  const size = width === undefined ? undefined : `${String(width)}x${String(height)}`;
  return [url, mime, size, bitrateKbps].filter((word) => word !== undefined).join(" ");
}
