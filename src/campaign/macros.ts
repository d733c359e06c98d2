/**
 * Macros that a creative's author may write, as {NAME}: the closed list of wire/macro-template,
 * which escapes each for the place where it stands. Macros of exchanges, ad servers and VAST stay
 * unreplaced in markup of ours, or would hand a request's data to a third party: check refuses
 * them.
 */
export const ownMacros = {
  CLICK_URL: "our click address, which leads on to the landing page",
  CLICK_URL_ENC: "the same, percent-encoded, as a parameter of another address",
  CACHEBUSTER: "a number that differs from bid to bid",
  WIDTH: "the width of the place",
  HEIGHT: "its height",
} as const;

/** One macro-like text in a creative: what it is and what to write instead; null = fine. */
export type FoundMacro = { readonly text: string; readonly problem: string | null };

const forms = new RegExp(
  [
    /\$\{[^}\n]{0,64}\}?/,
    /%%[A-Za-z][A-Za-z0-9_]*(?::[^%\n]{0,64})?%%/,
    /\[[A-Z][A-Z0-9_]{2,}\]/,
    /\{[A-Z][A-Z0-9_]+\}/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);
const known = Object.keys(ownMacros).map((name) => `{${name}}`);

/**
 * Every macro in a text, in order. `script` texts may hold JavaScript's own `${...}`: not told
 * apart, refused.
 */
export function macrosIn(text: string): readonly FoundMacro[] {
  return [...text.matchAll(forms)].map(([found]) => ({ text: found, problem: problemOf(found) }));
}

function problemOf(macro: string): string | null {
  if (/^\{[A-Z]/.test(macro)) {
    if (Object.hasOwn(ownMacros, macro.slice(1, -1))) return null;
    return `the macro ${macro} is not known: known are ${known.join(", ")}`;
  }
  const wanted = instead(macro);
  return (
    `the macro ${macro} belongs to another system and would not be replaced: ` +
    (wanted === "" ? "take it away" : `write ${wanted}, or take it away`)
  );
}

/** Our macro for a well-known one of another system. */
function instead(macro: string): string {
  if (/CLICK/i.test(macro)) return /ENC|ESC/i.test(macro) ? "{CLICK_URL_ENC}" : "{CLICK_URL}";
  return /CACHE|RANDOM|TIMESTAMP/i.test(macro) ? "{CACHEBUSTER}" : "";
}

/**
 * Addresses in markup that are not https: they would break a secure page, and say who sees it to
 * the network.
 */
export const insecureAddresses = (text: string): readonly string[] =>
  [...text.matchAll(/\bhttp:\/\/[^\s"'<>)]{1,200}/gi)].map(([found]) => found);
