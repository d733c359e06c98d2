const known = new WeakMap<readonly object[], ReadonlyMap<number, object>>();

/** A list's things by their ids, made once for each list: lists of a book never change. */
export function byId<T extends { readonly id: number }>(
  list: readonly T[],
): ReadonlyMap<number, T> {
  const there = known.get(list) as ReadonlyMap<number, T> | undefined;
  if (there !== undefined) return there;
  const made = new Map(list.map((one) => [one.id as number, one]));
  known.set(list, made);
  return made;
}
