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
 * Absolute and protocol-relative addresses, in script and style text too. Browsers read a backslash
 * as a slash, skip tabs and line ends within an address, and replace character references.
 */
function hostsOfText(text: string): string[] {
  const plain = text
    .replaceAll(/[\t\r\n]/g, "")
    .replaceAll(/&#x([0-9a-f]{1,6});?/gi, (_, digits: string) =>
      letter(Number.parseInt(digits, 16)),
    )
    .replaceAll(/&#(\d{1,7});?/g, (_, digits: string) => letter(Number(digits)))
    .replaceAll(/&(?:sol|bsol);/gi, "/")
    .replaceAll("\\/", "/")
    .replaceAll("\\", "/")
    .toLowerCase();
  return [...plain.matchAll(/\/{2,}(?:[^/@\s"'<>]*@)?([a-z0-9.[\]:\u0080-\uffff-]+)/g)].flatMap(
    ([, host = ""]) => nameOf(host),
  );
}

const letter = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : "");

/** The host as a name, without port and last dot; an international one in its ASCII form. */
function nameOf(host: string): string[] {
  try {
    return [new URL(`https://${host}/`).hostname.replace(/\.$/, "")];
  } catch {
    return host === "" ? [] : [host];
  }
}
