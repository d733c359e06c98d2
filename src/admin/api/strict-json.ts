/**
 * Bodies of the API: strict JSON in UTF-8 whose nesting is bounded before it is parsed (1 MiB of
 * `[` would block JSON.parse for 109 ms), without keys that reach an object's prototype.
 */

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  /** `detail` never quotes the body. */
  | { readonly ok: false; readonly detail: string };

export const jsonDepthMax = 32;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const forbidden = new Set(["__proto__", "constructor", "prototype"]);
const no = (detail: string): ReadJson => ({ ok: false, detail });

export function readStrictJson(bytes: Uint8Array): ReadJson {
  if (isTooDeep(bytes)) return no(`the body nests deeper than ${jsonDepthMax} levels`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return no("the body is not JSON in UTF-8");
  }
  return hasForbiddenKey(value)
    ? no(`the body has a key that is not taken anywhere: ${[...forbidden].join(", ")}`)
    : { ok: true, value };
}

const [quote, backslash] = [0x22, 0x5c];
const opens = (byte: number): boolean => byte === 0x5b || byte === 0x7b;
const closes = (byte: number): boolean => byte === 0x5d || byte === 0x7d;

function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inText) {
      if (byte === backslash) i++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (opens(byte) && ++depth > jsonDepthMax) return true;
    else if (closes(byte)) depth--;
  }
  return false;
}

function hasForbiddenKey(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== "object" || one === null) continue;
    if (Array.isArray(one)) {
      for (const element of one) open.push(element);
      continue;
    }
    for (const [key, inner] of Object.entries(one)) {
      if (forbidden.has(key)) return true;
      open.push(inner);
    }
  }
  return false;
}
