/**
 * Whether an object anywhere in a valid JSON text names a key twice. JSON leaves open which of the
 * two counts, so two right readers may differ there.
 */
export function hasDuplicateKeys(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g);
  for (const [token, isKey] of tokens) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (isKey !== undefined) {
      const keys = open.at(-1);
      const key = String(JSON.parse(token.replace(/\s*:$/, "")));
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    }
  }
  return false;
}
