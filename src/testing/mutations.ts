import type { SeededRandom } from "../base/random.js";

/** Texts that parsers stumble over; inserted into bodies and put in place of values. */
const tokens: readonly string[] = [
  ...[
    "",
    " ",
    "\n",
    "\u0000",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    "\\u",
    "\\ud800",
    "\\u0000",
  ],
  ...["null", "true", "false", "NaN", "Infinity", "-", "-0", "0", "1", "01", "1.", ".5", "1e400"],
  ...["-1e-400", "9007199254740993", "99999999999999999999", "4294967296", "65536", "1e5", "0.1"],
  ...[
    '""',
    '"\\u0031"',
    "[]",
    "{}",
    "[[]]",
    '{"":0}',
    '{"id":"1"}',
    '"__proto__"',
    '"id":',
    '"imp":',
  ],
  ...["\ufeff", "\u2028", "\ud83d\ude00", "/*", "//", "undefined", '"USD"', '"w":', '"IAB25"'],
];

const encoder = new TextEncoder();
const tokenBytes = tokens.map((token) => encoder.encode(token));

/** One to three seeded changes of a valid body: of its bytes, its texts or its tree. */
export function mutated(
  bodies: readonly Uint8Array[],
  values: readonly unknown[],
  random: SeededRandom,
): Uint8Array {
  const which = random.below(bodies.length);
  if (random.below(3) === 0)
    return encoder.encode(JSON.stringify(treeMutated(values[which], random)));
  let bytes = bodies[which] ?? new Uint8Array();
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    bytes = bytesMutated(bytes, bodies, random);
  }
  return bytes;
}

/** A stretch of bytes is changed, cut, doubled, moved in from another body, or a token put in. */
function bytesMutated(
  bytes: Uint8Array,
  bodies: readonly Uint8Array[],
  random: SeededRandom,
): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = random.below(random.below(4) === 0 ? 64 : 4);
  const end = Math.min(bytes.length, at + length);
  switch (random.below(6)) {
    case 0: {
      const copy = bytes.slice();
      for (let i = at; i < end; i++) copy[i] = random.below(256);
      return copy;
    }
    case 1:
      return spliced(bytes, at, end, new Uint8Array());
    case 2:
      return spliced(bytes, at, at, bytes.subarray(at, end));
    case 3: {
      const other = bodies[random.below(bodies.length)] ?? bytes;
      const from = random.below(other.length);
      return spliced(bytes, at, end, other.subarray(from, from + length));
    }
    case 4:
      return bytes.slice(0, at);
    default: {
      const token = tokenBytes[random.below(tokenBytes.length)] ?? new Uint8Array();
      return spliced(bytes, at, random.below(2) === 0 ? at : end, token);
    }
  }
}

function spliced(bytes: Uint8Array, from: number, to: number, put: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + put.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(put, from);
  out.set(bytes.subarray(to), from + put.length);
  return out;
}

const oddValues: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1,
    1.5,
    1e308,
    -1e-9,
    65_536,
    4_294_967_296,
    "",
    "x",
    "1",
    "\ud800",
  ],
  ...[[], {}, [null], [[]], { id: 1 }, ["USD"], ["IAB25-3"], "a".repeat(5000), 300, 250, "300"],
];

/**
 * A copy of the value in which one to three places hold something else, nothing, or something
 * twice.
 */
function treeMutated(value: unknown, random: SeededRandom): unknown {
  let copy: unknown = copied(value);
  for (let changes = 1 + random.below(3); changes > 0; changes--) copy = onePlace(copy, random);
  return copy;
}

/** A deep copy of what JSON can say; structuredClone takes several times as long. */
function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy: Record<string, unknown> = {};
  for (const [key, inside] of Object.entries(value)) copy[key] = copied(inside);
  return copy;
}

function onePlace(value: unknown, random: SeededRandom): unknown {
  const odd = (): unknown => copied(oddValues[random.below(oddValues.length)]);
  if (typeof value !== "object" || value === null) return odd();
  const keys = Object.keys(value);
  const key = keys[random.below(keys.length)];
  if (key === undefined) return odd();
  const holder = value as Record<string, unknown>;
  const inside = holder[key];
  if (typeof inside === "object" && inside !== null && random.below(4) > 0) {
    holder[key] = onePlace(inside, random);
  } else if (random.below(4) === 0) {
    if (Array.isArray(value)) value.splice(Number(key), 1);
    else delete holder[key];
  } else if (Array.isArray(value) && random.below(3) === 0) {
    value.push(...Array.from({ length: random.below(70) }, () => copied(inside)));
  } else holder[key] = odd();
  return value;
}
