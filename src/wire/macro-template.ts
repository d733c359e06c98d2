import { NoticeKind } from "../base/lists.js";
import { ownMacros } from "../campaign/macros.js";
import { HtmlContext, htmlContexts } from "./html-context.js";
import { Slot } from "./template.js";
import type { NoticeUrls } from "./template-notice.js";
import type { Piece, Pieces } from "./template-pieces.js";
import { escaped, htmlEscape, scriptEscape } from "./template-pieces.js";

/** Pieces, or what is wrong with the creative and what to do about it. */
export type Compiled = { readonly pieces: Pieces; readonly problems: readonly string[] };

/**
 * What each of our macros stands for. Nothing of a request but the offered size can reach markup.
 */
const own: Readonly<Record<keyof typeof ownMacros, (urls: NoticeUrls) => Pieces>> = {
  CLICK_URL: (urls) => urls.click(),
  CLICK_URL_ENC: (urls) => urls.clickEncoded(),
  CACHEBUSTER: () => [Slot.CACHEBUSTER],
  WIDTH: () => [Slot.WIDTH],
  HEIGHT: () => [Slot.HEIGHT],
};
const isOwn = (name: string): name is keyof typeof ownMacros => Object.hasOwn(own, name);
const known = Object.keys(ownMacros)
  .map((name) => `{${name}}`)
  .join(", ");

/** {NAME} of ours; ${NAME} and %%NAME%% of exchanges and ad servers. */
const macro =
  /(?<!\$)\{([A-Z][A-Z0-9_]+)\}|\$\{[A-Z][A-Z0-9_:]*\}|%%[A-Z][A-Z0-9_]*(?::[^%]{0,64})?%%/g;

/** Banner markup, own or a third party's, with each macro escaped for the place where it stands. */
export function bannerPieces(html: string, urls: NoticeUrls): Compiled {
  const pieces: Piece[] = [];
  const problems: string[] = [];
  const contexts = htmlContexts(html);
  let from = 0;
  for (const match of html.matchAll(macro)) {
    const name = match[1] ?? "";
    if (!isOwn(name)) {
      problems.push(`macro ${match[0]} is not known and would not be replaced; known are ${known}`);
      continue;
    }
    const toContext = escapeFor(contexts[match.index] as HtmlContext);
    if (toContext === null) {
      problems.push(
        `macro ${match[0]} at character ${match.index} is unsafe there; put it into a quoted ` +
          "attribute, a quoted script string or plain text",
      );
      continue;
    }
    pieces.push(html.slice(from, match.index), ...escaped(own[name](urls), toContext));
    from = match.index + match[0].length;
  }
  pieces.push(html.slice(from));
  if (urls.wants(NoticeKind.IMPRESSION)) {
    if (contexts[html.length] !== HtmlContext.TEXT) {
      problems.push("markup ends inside a tag, comment or script: close it");
    }
    pieces.push(...pixel(urls));
  }
  return { pieces, problems };
}

/** How a value is written in a context, null = not there. */
function escapeFor(context: HtmlContext): ((text: string) => string) | null {
  switch (context) {
    case HtmlContext.TEXT:
    case HtmlContext.QUOTED_ATTRIBUTE:
      return htmlEscape;
    case HtmlContext.SCRIPT_STRING:
    case HtmlContext.SCRIPT_ATTRIBUTE:
      return scriptEscape;
    case HtmlContext.UNSAFE:
      return null;
  }
}

const pixel = (urls: NoticeUrls): Pieces => [
  '<img src="',
  ...escaped(urls.impression(), htmlEscape),
  '" width="1" height="1" alt="" style="position:absolute">',
];
