import type { CreativeModel, Markup } from "../campaign/model.js";

/**
 * Hosts that a creative's markup loads from or names, apart from where a click leads. Whoever runs
 * such a host sees the address and the cookies of everybody who sees the ad, and so of people of
 * the audience: only hosts of the list in privacy.yaml may be named. What a listed host's own
 * script loads is beyond this look: a host on the list is trusted (src/PRIVACY.md).
 */
export function hostsIn(markup: Markup): readonly string[] {
  return [...new Set(textsOf(markup).flatMap(hostsOfText))];
}

/** Hosts of the creative that are neither on the list nor below a name of it. */
export function foreignHosts(
  { markup }: CreativeModel,
  allowed: readonly string[],
): readonly string[] {
  return hostsIn(markup).filter(
    (host) => !allowed.some((name) => host === name || host.endsWith(`.${name}`)),
  );
}

function textsOf(markup: Markup): readonly string[] {
  switch (markup.kind) {
    case "html":
      return [markup.html];
    case "thirdPartyTag":
      return [markup.tag];
    case "vastInline":
      return markup.mediaFiles.map(({ url }) => url);
    case "vastWrapper":
      return [markup.url];
    case "native":
      return [markup.icon?.url ?? "", markup.main?.url ?? ""];
  }
}

/**
 * Absolute and protocol-relative addresses, in script and style text too. An address that a script
 * puts together from pieces, or that stands in base64, is beyond this look.
 */
function hostsOfText(text: string): string[] {
  const html = text
    .replaceAll(/&#x([0-9a-f]{1,6});?/gi, (_, digits: string) => letter(digits, 16))
    .replaceAll(/&#(\d{1,7});?/g, (_, digits: string) => letter(digits, 10))
    .replaceAll(/&([a-z]+);/gi, (all, name: string) => references.get(name) ?? all);
  const script = html.replaceAll(
    /\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}/gi,
    (_, two?: string, four?: string, more?: string) => letter(two ?? four ?? more ?? "", 16),
  );
  // What gives no visible sign is a backslash before a name.
  const style = html.replaceAll(/\\([0-9a-f]{1,6})\s?/gi, (all, digits: string) =>
    Number.parseInt(digits, 16) > 32 ? letter(digits, 16) : all,
  );
  return [html, script, style].flatMap(hostsOfPlain);
}

/** Browsers read a backslash as a slash and skip tabs and line ends within an address. */
function hostsOfPlain(text: string): string[] {
  const plain = text
    .replaceAll(/[\t\r\n]/g, "")
    .replaceAll("\\/", "/")
    .replaceAll("\\", "/")
    .toLowerCase();
  return [...plain.matchAll(addresses)].flatMap(([, authority = ""]) => nameOf(authority));
}

/** A scheme needs no slashes where the page has another one. */
const addresses = /(?:\b(?:https?|wss?|ftp):\/*|\/{2,})([^\s"'<>/?#]*)/g;

/** Character references for what has a meaning in an address. */
const references = new Map<string, string>([
  ...([
    ["Tab", "\t"],
    ["NewLine", "\n"],
    ["sol", "/"],
    ["bsol", "\\"],
    ["colon", ":"],
  ] as const),
  ...([
    ["period", "."],
    ["commat", "@"],
    ["quest", "?"],
    ["num", "#"],
    ["percnt", "%"],
  ] as const),
]);

const letter = (digits: string, base: number): string => {
  const code = Number.parseInt(digits, base);
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
};

/**
 * The host as a name, without user, port and last dot; an international one in its ASCII form. What
 * ends an address in a style or a script ends it only where no more of a name follows: a name may
 * hold nearly any sign.
 */
function nameOf(authority: string): string[] {
  const [host = ""] = authority
    .slice(authority.lastIndexOf("@") + 1)
    .split(/[)\]},;`|&](?![\w.%-]|[^\0-\x7f])/, 1);
  try {
    return [new URL(`https://${host}/`).hostname.replace(/\.$/, "")];
  } catch {
    return host === "" ? [] : [host];
  }
}
