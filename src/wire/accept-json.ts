/** Reading parsed JSON of which nothing is known: a wrong type is as good as absent. */
export type Json = Readonly<Record<string, unknown>>;

const empty: Json = Object.freeze({});

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const objectOf = (value: unknown): Json => (isObject(value) ? value : empty);
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const objectsOf = (value: unknown): readonly Json[] => listOf(value).filter(isObject);
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const textsOf = (value: unknown): readonly string[] =>
  listOf(value).filter((entry): entry is string => typeof entry === "string");
export const numberOf = (value: unknown, absent = 0): number =>
  typeof value === "number" && Number.isFinite(value) ? value : absent;
export const numbersOf = (value: unknown): readonly number[] =>
  listOf(value).filter((entry): entry is number => typeof entry === "number");
/** Absent, null and {} are the same to a reader. */
export const has = (object: Json, name: string): boolean =>
  object[name] !== undefined && object[name] !== null;
