import type { Slot } from "./template.js";

/**
 * Text with places for a bid's values: what creative compilers give each other before it becomes
 * ops. Slot values are closed alphabets (digits, base64url, hex) that need no escaping in any
 * context below.
 */
export type Piece = string | Slot;
export type Pieces = readonly Piece[];

/** Escapes the text of pieces for the context round them; slots stay. */
export const escaped = (pieces: Pieces, spell: (text: string) => string): Pieces =>
  pieces.map((piece) => (typeof piece === "string" ? spell(piece) : piece));

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Between double or single quotes of an attribute, and in text. */
export const htmlEscape = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (char) => entities[char] as string);

/**
 * Inside a quoted JavaScript string, in a script element or an event attribute: no <, &, quote or
 * end of line.
 */
export const scriptEscape = (text: string): string =>
  text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through
    /[\\"'`<>&\u0000-\u001f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** XML text and quoted attributes; a carriage return would otherwise be read as a line feed. */
export const xmlEscape = (text: string): string =>
  htmlEscape(text).replaceAll(/[\r\n\t]/g, (char) => `&#${char.charCodeAt(0)};`);

/** A CDATA section: the one sequence that would end it is split over two. */
export const cdata = (pieces: Pieces): Pieces => [
  "<![CDATA[",
  ...escaped(pieces, (text) => text.replaceAll("]]>", "]]]]><![CDATA[>")),
  "]]>",
];

/** The inside of a JSON string; lone surrogates become escapes, so that the bytes stay UTF-8. */
export const jsonEscape = (text: string): string => JSON.stringify(text).slice(1, -1);

export const jsonString = (pieces: Pieces): Pieces => ['"', ...escaped(pieces, jsonEscape), '"'];

/** A character that XML 1.0 cannot hold in any spelling (section 2.2), -1 = none. */
export function xmlForbiddenAt(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at) as number;
    if (code > 0xffff) at++;
    else if (code < 0x20 && code !== 9 && code !== 10 && code !== 13) return at;
    else if ((code >= 0xd800 && code <= 0xdfff) || code >= 0xfffe) return at;
  }
  return -1;
}

/**
 * The canonical spelling of an https address in printable ASCII, or "" for anything else: no user
 * name in it, and no macro, which nobody would replace there.
 */
export function httpsAddress(text: string): string {
  if (anyMacro.test(text) || !URL.canParse(text)) return "";
  const url = new URL(text);
  if (url.protocol !== "https:" || url.username !== "" || url.password !== "") return "";
  return /^[!-~]+$/.test(url.href) ? url.href : "";
}

const anyMacro = /\$\{[A-Za-z]|%%[A-Z]/;
