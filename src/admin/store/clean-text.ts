import type { Actor } from "./desk-store.js";

/**
 * Text as both databases give it back: no half of a surrogate pair, no NUL (PostgreSQL refuses it),
 * not longer than `max` UTF-16 units. What is hashed must come back as it went in.
 */
export const cleanText = (text: string, max: number): string =>
  text.replaceAll("\0", "\ufffd").slice(0, max).toWellFormed();

export const cleanActor = ({ user, name, from }: Actor): Actor => ({
  ...{ user, name: cleanText(name, 200), from: cleanText(from, 100) },
});
