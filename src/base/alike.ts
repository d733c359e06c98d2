/**
 * Whether two plain values (what JSON can say, bigints, undefined) say the same, whatever the order
 * of their keys. Anything else is like itself alone.
 */
export function areAlike(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && areAllAlike(a, b);
  if (!isPlain(a) || !isPlain(b)) return false;
  const [own, others] = [Object.keys(a), Object.keys(b)];
  if (own.length !== others.length) return false;
  const [left, right] = [a as Fields, b as Fields];
  return own.every((key) => Object.hasOwn(right, key) && areAlike(left[key], right[key]));
}

type Fields = Readonly<Record<string, unknown>>;

const isPlain = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype;

function areAllAlike(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!areAlike(a[i], b[i])) return false;
  return true;
}

/** Two lists of the very same things. */
export function haveSameElements(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
