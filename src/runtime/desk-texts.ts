import type { SourceFile } from "../campaign/document.js";

/** What the store's texts lack of the files as they are now; null = the file is gone. */
export function changedTexts(
  known: ReadonlyMap<string, string>,
  files: readonly SourceFile[],
): ReadonlyMap<string, string | null> {
  const now = new Map(files.map(({ name, text }) => [name, text]));
  const changed = new Map<string, string | null>();
  for (const [name, text] of now) if (known.get(name) !== text) changed.set(name, text);
  for (const name of known.keys()) if (!now.has(name)) changed.set(name, null);
  return changed;
}
