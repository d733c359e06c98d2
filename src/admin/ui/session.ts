import { computed, effect, signal } from "@preact/signals";
import type { Role } from "../store/desk-store.js";
import type { SessionAnswer, SignedIn } from "./answers.js";

/**
 * What every page shares: who is signed in, what is wrong, light or dark, whose things are shown.
 */
export const session = signal<SessionAnswer | null>(null);
export const user = computed(() => session.value?.user ?? ended.value);
/** Why saving waits, "" = it does not. */
export const trouble = signal("");
/** Who worked here when the session ended: their forms wait behind the door. */
export const ended = signal<SignedIn | null>(null);
/** True while the program does not answer at all. */
export const unreachable = signal(false);

const rank: Readonly<Record<Role, number>> = { viewer: 0, trader: 1, approver: 2, admin: 3 };
export const roles = Object.keys(rank) as readonly Role[];
/** Whether to offer something; the API decides. */
export const may = (role: Role, where: "agency" | "house" = "agency"): boolean => {
  const caller = user.value;
  if (caller === null || rank[caller.role] < rank[role]) return false;
  return where === "agency" || caller.agency === "";
};

export type Theme = "system" | "light" | "dark";
const kept = (name: string): string => {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
};
/** Keeps a choice in this browser; a browser that keeps nothing forgets it. */
export function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Private windows may refuse: the choice then lasts as long as the page.
  }
}
/** A signal whose value outlives the page. */
export function keptSignal(name: string, otherwise: string) {
  const value = signal(kept(name) || otherwise);
  effect(() => keep(name, value.value));
  return value;
}

export const theme = keptSignal("crowdbid.theme", "system");
effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});

/** The agency and the advertiser that lists are narrowed to, "" = all. */
export const agencyShown = keptSignal("crowdbid.agency", "");
export const advertiserShown = keptSignal("crowdbid.advertiser", "");
