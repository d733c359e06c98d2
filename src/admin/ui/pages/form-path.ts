import type { Json, JsonObject } from "../../store/desk-store.js";

/** Forms by the paths that findings name: `icon.url`, `sizes`. Lists are values, not places. */

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(form: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = form;
  for (const name of path.split(".")) value = isObject(value) ? value[name] : undefined;
  return value;
}

/** A form of its own with the value in place; undefined takes it away, and objects left empty. */
export function withValue(form: JsonObject, path: string, value: Json | undefined): JsonObject {
  const dot = path.indexOf(".");
  const name = dot < 0 ? path : path.slice(0, dot);
  const { [name]: there, ...others } = form;
  let next = value;
  if (dot >= 0) {
    next = withValue(isObject(there) ? there : {}, path.slice(dot + 1), value);
    if (Object.keys(next).length === 0) next = undefined;
  }
  if (next === undefined) return others;
  return name in form ? { ...form, [name]: next } : { ...others, [name]: next };
}

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

/** `https://... video/mp4 1280x720 1500`: address, type, size and kbit/s, in any order behind it. */
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

function mediaText(media: Json): string {
  if (!isObject(media)) return JSON.stringify(media);
  const { url, mime, width, height, bitrateKbps } = media;
  const size = width === undefined ? undefined : `${String(width)}x${String(height)}`;
  return [url, mime, size, bitrateKbps].filter((word) => word !== undefined).join(" ");
}

/** The findings of a field: those on it and below it. */
export const under = <T extends { readonly field: string }>(issues: readonly T[], path: string) =>
  issues.filter(
    ({ field }) =>
      field === path || (/^[.[]/.test(field.slice(path.length)) && field.startsWith(path)),
  );
