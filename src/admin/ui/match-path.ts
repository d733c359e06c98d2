/** What was written as part of an address; null = nobody can have written that ("%E0"). */
export function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** The parts that `:name` stands for, or null where the path is another one. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const text = given[i] ?? "";
    if (part.startsWith(":")) {
      const said = decoded(text);
      if (said === null || said === "") return null;
      found[part.slice(1)] = said;
    } else if (part !== text) return null;
  }
  return found;
}
