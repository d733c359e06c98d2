/**
 * Plain values as JSON.parse gives them, read forgivingly: a field of the wrong type is as good as
 * absent, and `Doubt` remembers that it was there, since implementations may differ about it.
 */
export type Plain = { readonly [key: string]: unknown };

/** What could not be decided from the specification alone, in words that can be counted. */
export class Doubt {
  readonly reasons = new Set<string>();
  add(reason: string): void {
    this.reasons.add(reason);
  }
}

export const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object under `key`, {} when there is none. */
export function objectAt(from: unknown, key: string): Plain {
  const value = isPlain(from) ? from[key] : undefined;
  return isPlain(value) ? value : {};
}

/** True when the key holds something that is neither null nor absent. */
export const has = (from: unknown, key: string): boolean =>
  isPlain(from) && from[key] !== undefined && from[key] !== null;

export function textAt(from: unknown, key: string): string | undefined {
  const value = isPlain(from) ? from[key] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function numberAt(from: unknown, key: string): number | undefined {
  const value = isPlain(from) ? from[key] : undefined;
  return typeof value === "number" ? value : undefined;
}

/** Above this no field of OpenRTB means anything. */
const countMax = 2 ** 31 - 1;

/** An integer 0 or more; anything else is in doubt. */
export function countAt(from: unknown, key: string, doubt: Doubt): number | undefined {
  if (!has(from, key)) return undefined;
  const value = numberAt(from, key);
  const inRange = value !== undefined && value >= 0 && value <= countMax;
  if (inRange && Number.isInteger(value)) return value;
  doubt.add(`wrong type: ${key}`);
  return undefined;
}

/** A flag of 0 or 1; anything else is in doubt. */
export function flagAt(from: unknown, key: string, doubt: Doubt): boolean {
  const value = isPlain(from) ? from[key] : undefined;
  if (has(from, key) && value !== 0 && value !== 1) doubt.add(`neither 0 nor 1: ${key}`);
  return value === 1;
}

/** The objects of a list; what is no object is dropped. */
export function objectsAt(from: unknown, key: string): Plain[] {
  const value = isPlain(from) ? from[key] : undefined;
  return Array.isArray(value) ? value.filter(isPlain) : [];
}

/** The texts of a list. A list of the wrong type, or one with other values in it, is in doubt. */
export function textsAt(from: unknown, key: string, doubt: Doubt): string[] {
  if (!has(from, key)) return [];
  const value = (from as Plain)[key];
  if (!Array.isArray(value)) {
    doubt.add(`wrong type: ${key}`);
    return [];
  }
  const texts = value.filter((entry): entry is string => typeof entry === "string");
  if (texts.length !== value.length) doubt.add(`wrong type inside: ${key}`);
  return texts;
}

/** The whole numbers of a list; doubt as in `textsAt`. */
export function numbersAt(from: unknown, key: string, doubt: Doubt): number[] {
  if (!has(from, key)) return [];
  const value = (from as Plain)[key];
  if (!Array.isArray(value)) {
    doubt.add(`wrong type: ${key}`);
    return [];
  }
  const numbers = value.filter((entry): entry is number => Number.isInteger(entry));
  if (numbers.length !== value.length) doubt.add(`wrong type inside: ${key}`);
  return numbers;
}

/** A moved field: the 2.6 place wins, then the older ones (OpenRTB 2.6 against 2.5 and 2.4). */
export function moved(...places: readonly (readonly [from: unknown, key: string])[]): unknown {
  for (const [from, key] of places) if (has(from, key)) return (from as Plain)[key];
  return undefined;
}

/**
 * JSON text opens without a byte order mark (RFC 8259, section 8.1): keep it, so that it is
 * refused.
 */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Runs JSON.parse on text or bytes; `undefined` for what is not JSON. Invalid UTF-8 is replaced.
 */
export function parsed(raw: string | Uint8Array): { readonly value: unknown } | undefined {
  try {
    const text = typeof raw === "string" ? raw : decoder.decode(raw);
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
