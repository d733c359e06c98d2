import type { DeskKind, JsonObject } from "../store/desk-store.js";
import { placeOf, referencesOf } from "./entity.js";

/** Keys of entries that are others than before, by kind. */
export type Touched = ReadonlyMap<DeskKind, ReadonlySet<string>>;
/** Keys whose models are, of the kinds that were made already. */
export type Changed = Map<DeskKind, ReadonlySet<string>>;

type Named = { readonly model: object | null; readonly names: readonly string[] };
type NamedByKey = ReadonlyMap<string, Named>;

/** A line item with saved audiences is its advertiser's agency's, which its campaign leads to. */
const anyAdvertiser = placeOf("advertiser", "*");

/** What a form names, as `placeOf`. */
export function namesOf(kind: DeskKind, form: JsonObject): readonly string[] {
  const references = referencesOf(kind, form);
  const names = references.map((one) => placeOf(one.kind, one.key));
  const hasSaved = kind === "lineItem" && references.some((one) => one.kind === "audience");
  return hasSaved ? [...names, anyAdvertiser] : names;
}

const referrers = new WeakMap<NamedByKey, ReadonlyMap<string, readonly string[]>>();

/** Keys of a kind by what they name. */
function referrersOf(made: NamedByKey): ReadonlyMap<string, readonly string[]> {
  const there = referrers.get(made);
  if (there !== undefined) return there;
  const byName = new Map<string, string[]>();
  for (const [key, { names }] of made) {
    for (const name of names) {
      const keys = byName.get(name);
      if (keys === undefined) byName.set(name, [key]);
      else keys.push(key);
    }
  }
  referrers.set(made, byName);
  return byName;
}

/** What was touched of a kind, and what names something that is another now. */
export function toLookAt(
  kind: DeskKind,
  touched: Touched,
  changed: Changed,
  older: NamedByKey | undefined,
): ReadonlySet<string> {
  const own = new Set(touched.get(kind));
  if (older === undefined) return own;
  for (const [above, keys] of changed) {
    if (keys.size === 0) continue;
    const byName = referrersOf(older);
    const places = [...keys].map((key) => placeOf(above, key));
    if (above === "advertiser") places.push(anyAdvertiser);
    for (const place of places) for (const key of byName.get(place) ?? []) own.add(key);
  }
  return own;
}

/** Those of the keys whose models are not the very same as before. */
export function keysChanged(
  keys: Iterable<string>,
  made: NamedByKey,
  older: NamedByKey | undefined,
): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const key of keys) {
    const [is, was] = [made.get(key)?.model ?? null, older?.get(key)?.model ?? null];
    if (is !== was) changed.add(key);
  }
  return changed;
}
