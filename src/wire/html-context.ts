/** Where in HTML a character stands: what decides how a value there must be escaped. */
export const HtmlContext = {
  TEXT: 0,
  QUOTED_ATTRIBUTE: 1,
  /** Inside quotes in a script element. */
  SCRIPT_STRING: 2,
  /** Inside single quotes in an event attribute (onclick="f('...')"). */
  SCRIPT_ATTRIBUTE: 3,
  /** Tag and attribute names, bare attributes, comments, styles, script code. */
  UNSAFE: 4,
} as const;
export type HtmlContext = (typeof HtmlContext)[keyof typeof HtmlContext];

/** Elements whose text is not markup. Only a script's strings take values. */
const rawElement = /^<(script|style|textarea|title|xmp|iframe|plaintext)\b/i;
/** Attributes that hold another language than an address or text. */
const styledAttribute = /^(style|srcdoc)$/i;
const eventAttribute = /^on/i;

/**
 * The context of each character, and of the end as a last entry. Follows the tokens of the HTML
 * standard (section 13.2.5) that decide contexts, but is stricter: what it cannot place is UNSAFE.
 * It judges where our own values go, which are made of URL characters; it does not clean what an
 * author wrote.
 */
export function htmlContexts(html: string): Uint8Array {
  const contexts = new Uint8Array(html.length + 1).fill(HtmlContext.UNSAFE);
  let at = 0;
  while (at < html.length) {
    if (/^<[A-Za-z/!?]/.test(html.slice(at, at + 2))) at = markup(html, at, contexts);
    else contexts[at++] = HtmlContext.TEXT;
  }
  contexts[html.length] = at === html.length ? HtmlContext.TEXT : HtmlContext.UNSAFE;
  return contexts;
}

/**
 * A comment, declaration, tag or raw element from its "<"; gives its end, past the text when
 * unclosed.
 */
function markup(html: string, start: number, contexts: Uint8Array): number {
  if (html.startsWith("<!--", start)) return past(html, "-->", start + 4);
  if (/^<[!?/]/.test(html.slice(start, start + 2))) return past(html, ">", start + 2);
  const open = tag(html, start, contexts);
  const raw = rawElement.exec(html.slice(start, start + 12))?.[1]?.toLowerCase();
  if (raw === undefined || open > html.length) return open;
  const close = html.toLowerCase().indexOf(`</${raw}`, open);
  if (close < 0) return html.length + 1;
  if (raw === "script") scriptStrings(html, open, close, contexts);
  return past(html, ">", close);
}

function past(html: string, end: string, from: number): number {
  const at = html.indexOf(end, from);
  return at < 0 ? html.length + 1 : at + end.length;
}

/** Attributes up to the tag's ">"; marks the insides of quoted values. */
function tag(html: string, start: number, contexts: Uint8Array): number {
  let at = start + 1;
  let name = "";
  while (at < html.length) {
    const char = html[at] as string;
    if (char === ">") return at + 1;
    if (/[\s/]/.test(char)) {
      name = "";
      at++;
    } else if (char === "=" && /["']/.test(html[at + 1] ?? "")) {
      const end = html.indexOf(html[at + 1] as string, at + 2);
      if (end < 0) break;
      attribute(name, html, at + 2, end, contexts);
      at = end + 1;
      name = "";
    } else {
      name += char;
      at++;
    }
  }
  return html.length + 1;
}

function attribute(
  name: string,
  html: string,
  start: number,
  end: number,
  contexts: Uint8Array,
): void {
  if (styledAttribute.test(name)) return;
  if (!eventAttribute.test(name)) {
    contexts.fill(HtmlContext.QUOTED_ATTRIBUTE, start, end);
    return;
  }
  scriptStrings(html, start, end, contexts);
  for (let at = start; at < end; at++) {
    if (contexts[at] === HtmlContext.SCRIPT_STRING) contexts[at] = HtmlContext.SCRIPT_ATTRIBUTE;
  }
}

/**
 * Marks the insides of '...' and "..." in script code; comments and template literals stay unsafe.
 */
function scriptStrings(html: string, start: number, end: number, contexts: Uint8Array): void {
  let at = start;
  while (at < end) {
    const two = html.slice(at, at + 2);
    if (two === "//") at = Math.min(end, past(html, "\n", at));
    else if (two === "/*") at = Math.min(end, past(html, "*/", at + 2));
    else if (html[at] === "`") at = Math.min(end, past(html, "`", at + 1));
    else if (/["']/.test(html[at] as string)) at = scriptString(html, at, end, contexts);
    else at++;
  }
}

function scriptString(html: string, start: number, end: number, contexts: Uint8Array): number {
  const quote = html[start];
  let at = start + 1;
  while (at < end && html[at] !== quote && html[at] !== "\n") at += html[at] === "\\" ? 2 : 1;
  if (html[at] === quote && at < end) contexts.fill(HtmlContext.SCRIPT_STRING, start + 1, at);
  return Math.min(at + 1, end);
}
