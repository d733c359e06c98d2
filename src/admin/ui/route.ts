import { signal } from "@preact/signals";
import { decoded } from "./match-path.js";

/**
 * Where the page is: the address bar as a signal. A page with unsaved work holds the way out until
 * the person has said what to do with it.
 */
export type Place = {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without the #. */
  readonly hash: string;
};

const read = (): Place => ({
  path: location.pathname,
  query: new URLSearchParams(location.search),
  hash: decoded(location.hash.slice(1)) ?? "",
});

export const place = signal<Place>(read());
/** The address that waits for an answer about unsaved work. */
export const heldBack = signal<string | null>(null);

let unsaved: (() => boolean) | null = null;
let shown = location.href;

function show(): void {
  shown = location.href;
  place.value = read();
}

/** Goes to an address of the page unless unsaved work holds it; see `heldBack`. */
export function go(address: string, how: "push" | "replace" = "push"): void {
  const samePath = new URL(address, location.href).pathname === location.pathname;
  if (!samePath && unsaved?.()) {
    heldBack.value = address;
    return;
  }
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  const moved = place.peek().path !== location.pathname;
  show();
  if (moved) scrollTo(0, 0);
}

/** Goes on to the address that was held back, and drops the unsaved work. */
export function goOn(): void {
  const address = heldBack.value;
  heldBack.value = null;
  unsaved = null;
  if (address !== null) go(address);
}

/** While `asked` says true, every way out stops at `heldBack`. Gives the way to end it. */
export function holdWhile(asked: () => boolean): () => void {
  unsaved = asked;
  return () => {
    if (unsaved === asked) unsaved = null;
  };
}

/** Changes the query in place, so that a filter is a link; null and "" take the name out. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  go(`${location.pathname}${text === "" ? "" : `?${text}`}`, "replace");
}

/** What a page gets: the parts of its address that `:name` stood for. */
export type PageProps = { readonly part: Readonly<Record<string, string>> };

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.origin !== location.origin || link.target !== "") return;
  if (link.hasAttribute("download") || /^\/(api|docs|preview)(\/|$)/.test(link.pathname)) return;
  if (link.getAttribute("href")?.startsWith("#")) return;
  event.preventDefault();
  go(link.href);
}

function stepBack(): void {
  const wanted = location.href;
  if (location.pathname !== new URL(shown).pathname && unsaved?.()) {
    history.pushState(null, "", shown);
    heldBack.value = wanted;
  } else {
    show();
  }
}

/** Once, at the start. */
export function listenToAddresses(): void {
  addEventListener("click", followLink);
  addEventListener("popstate", stepBack);
  addEventListener("beforeunload", (event) => {
    if (unsaved?.()) event.preventDefault();
  });
}
