import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gunzipBytesMax, jsonDepthMax } from "../base/limits.js";
import { carried, corporaMissing, corporaPresent, jsonTests } from "../testing/corpora.js";
import { DecodedRequest } from "../testing/decoded-request.js";
import { DecodeResult } from "./decode.js";
import { Key } from "./json-keys.js";
import { JsonFailure, scanJson } from "./json-scan.js";
import { endAt, Kind, keyAt, kindAt, startAt, tokenAfter } from "./json-tape.js";

const arena = new Uint8Array(2 * gunzipBytesMax);
const encoder = new TextEncoder();

function scan(text: string | Uint8Array): JsonFailure {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  arena.set(bytes);
  arena[bytes.length] = 0;
  return scanJson(arena, 0, bytes.length, bytes.length + 1, 0);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([" ", "\t", "\n", "\r", "\r\n"])("%j is white space wherever a token ends", (space) => {
  const tokens = [
    "{",
    '"a"',
    ":",
    "[",
    "1",
    ",",
    "true",
    ",",
    '"b"',
    "]",
    ",",
    '"c"',
    ":",
    "{",
    "}",
    "}",
  ];
  expect(scan(space + tokens.join(space) + space)).toBe(JsonFailure.NONE);
});

describe.skipIf(!corporaPresent())("JSONTestSuite", () => {
  const decoded = new DecodedRequest();
  const tests = jsonTests();

  test("every text that must be accepted is accepted in an unknown field", () => {
    const must = tests.filter(({ sort }) => sort === "y");
    const refused = must.filter(
      ({ text }) => decoded.decode(carried(text)).result !== DecodeResult.OK,
    );
    expect(must.length).toBeGreaterThan(90);
    expect(refused.map(({ name }) => name)).toEqual([]);
  });

  test("every text that must be refused is refused there and as the whole body", () => {
    // the depth bombs are longer than a body may be or deeper than we go: refused all the same
    const must = tests.filter(({ sort }) => sort === "n");
    const accepted = must.filter(
      ({ text }) =>
        decoded.decode(carried(text)).result === DecodeResult.OK ||
        (text.length <= gunzipBytesMax && scan(text) === JsonFailure.NONE),
    );
    expect(must.length).toBeGreaterThan(180);
    expect(accepted.map(({ name }) => name)).toEqual([]);
  });

  test("texts that may be either do not disturb the next request", () => {
    for (const { text } of tests.filter(({ sort }) => sort === "i")) {
      decoded.decode(carried(text));
      expect(decoded.decode(carried(encoder.encode("0"))).result).toBe(DecodeResult.OK);
    }
  });
});

test.runIf(!corporaPresent())(`skipped: ${corporaMissing}`, () => {
  expect(corporaPresent()).toBe(false);
});

test("a JSON value is accepted exactly when JSON.parse accepts it", () => {
  const json = fc.json({ maxDepth: 6 });
  fc.assert(
    fc.property(json, (text) => {
      expect(scan(text)).toBe(JsonFailure.NONE);
    }),
    { numRuns: 1000 },
  );
  const broken = fc
    .tuple(
      json,
      fc.nat(),
      fc.nat(3),
      fc.constantFrom("", '"', "\\", "{", "]", ",", "0", "-", "e", "."),
    )
    .map(([text, at, cut, put]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + put + text.slice(from + cut);
    });
  fc.assert(
    fc.property(broken, (text) => {
      fc.pre(!/\p{Surrogate}/u.test(text));
      expect(scan(text) === JsonFailure.NONE, text).toBe(parses(text));
    }),
    { numRuns: 10_000 },
  );
});

test("text made of JSON's own characters is accepted exactly when JSON.parse accepts it", () => {
  const pieces = fc.constantFrom(
    ...[
      '"',
      "\\",
      "\\n",
      "\\u00e9",
      "\\ud83d\\ude00",
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      " ",
      "\n",
      "\t",
    ],
    ...[
      "0",
      "1",
      "-",
      "+",
      ".",
      "e",
      "E",
      "01",
      "true",
      "false",
      "null",
      "tru",
      '"a"',
      '"a":',
      "é",
    ],
    ...["\u0001", "\u007f", "\v", "\ufeff", "/", "\\/", "\\x", "\\u12", "[]", "{}"],
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      expect(scan(text) === JsonFailure.NONE, text).toBe(parses(text));
    }),
    { numRuns: 50_000 },
  );
});

test("bytes are accepted in a string exactly when they are well-formed UTF-8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const byte = fc.oneof(
    fc.integer({ min: 0x80, max: 0xff }),
    fc.constantFrom(0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x9f, 0xa0, 0x8f, 0x90, 0x41),
  );
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 6 }), (inside) => {
      const text = Uint8Array.from([34, ...inside, 34]);
      let valid = true;
      try {
        strict.decode(text);
      } catch {
        valid = false;
      }
      expect(scan(text) === JsonFailure.NONE).toBe(valid);
    }),
    { numRuns: 50_000 },
  );
});

test("a byte order mark at the start is refused", () => {
  expect(scan("\ufeff{}")).toBe(JsonFailure.SYNTAX);
});

test("nesting is accepted down to the cap and refused one below, whatever it is made of", () => {
  const nested = (depth: number, open: string, close: string): string =>
    `${open.repeat(depth)}0${close.repeat(depth)}`;
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    expect(scan(nested(jsonDepthMax, open, close))).toBe(JsonFailure.NONE);
    expect(scan(nested(jsonDepthMax + 1, open, close))).toBe(JsonFailure.TOO_DEEP);
    expect(scan(open.repeat(100_000 / open.length))).toBe(JsonFailure.TOO_DEEP);
  }
  expect(scan(`${"[".repeat(jsonDepthMax)}{}`)).toBe(JsonFailure.TOO_DEEP);
  expect(scan(`${"[".repeat(jsonDepthMax - 1)}{}`)).toBe(JsonFailure.SYNTAX);
});

test("the longest body of the most tokens is read whole", () => {
  expect(scan(`[${"0,".repeat(gunzipBytesMax / 2 - 2)}0]`)).toBe(JsonFailure.NONE);
  expect(scan(`[${"[],".repeat(Math.floor(gunzipBytesMax / 3) - 2)}[]]`)).toBe(JsonFailure.NONE);
  expect(scan(`[${'"",'.repeat(Math.floor(gunzipBytesMax / 3) - 2)}""`)).toBe(JsonFailure.SYNTAX);
});

/** The scan looks at sixteen bytes at a time: texts end before, at and behind such an edge. */
const lengths = Array.from({ length: 50 }, (_, length) => length);

test("a string ends at its quote wherever that stands, escapes and characters before it", () => {
  const value = tokenAfter(0);
  for (const length of lengths) {
    for (const [piece, kind] of [
      ["", Kind.STRING],
      ['\\"', Kind.ESCAPED],
      ["\\u00e9", Kind.ESCAPED],
      ["é", Kind.STRING],
      ["\u{1f600}", Kind.STRING],
    ] as const) {
      const inside = "a".repeat(length) + piece + "b".repeat(3);
      expect(scan(`["${inside}",1]`)).toBe(JsonFailure.NONE);
      expect([kindAt(value), startAt(value)]).toEqual([kind, 2]);
      expect(endAt(value)).toBe(2 + encoder.encode(inside).length);
    }
    for (const wrong of ["\n", "\u001f", "\\", "\\u12g4"]) {
      expect(scan(`["${"a".repeat(length)}${wrong}"]`)).toBe(JsonFailure.SYNTAX);
    }
    expect(scan(`["${"a".repeat(length)}`)).toBe(JsonFailure.SYNTAX);
  }
});

test("each name has its number, plain and with escapes, and a name like it has none", () => {
  const value = tokenAfter(0);
  const scannedAs = (name: string): number => {
    expect(scan(`{"${name}" : 1}`)).toBe(JsonFailure.NONE);
    return keyAt(value);
  };
  for (const [name, number] of Object.entries(Key)) {
    expect(scannedAs(name), name).toBe(number);
    const last = name
      .charCodeAt(name.length - 1)
      .toString(16)
      .padStart(4, "0");
    expect(scannedAs(`${name.slice(0, -1)}\\u${last}`), name).toBe(number);
    for (const other of [
      `${name.slice(0, -1)}~`,
      `${name}é`,
      ` ${name}`,
      `${name}\\n`,
      name.toUpperCase(),
    ]) {
      expect(scannedAs(other), other).toBe(0);
    }
  }
  for (const length of lengths) expect(scannedAs("z".repeat(length))).toBe(0);
});

const names = Object.keys(Key);
/** As JSON.parse gives the name: its number, 0 = none of ours. */
const numberOf = (name: string): number =>
  Object.hasOwn(Key, name) ? Key[name as keyof typeof Key] : 0;

test("what differs from a name by one letter, or begins or ends like it, is another name", () => {
  const value = tokenAfter(0);
  for (const name of names) {
    for (let at = 0; at <= name.length; at++) {
      const [before, behind] = [name.slice(0, at), name.slice(at + 1)];
      const others = [
        before,
        `${before}q${behind}`,
        `${before}q${name.slice(at)}`,
        before + behind,
      ];
      for (const other of [...others, `${before}\\u0000`, name + name.slice(at)]) {
        expect(scan(`{"${other}":1}`)).toBe(JsonFailure.NONE);
        expect(keyAt(value), other).toBe(numberOf(other));
      }
    }
  }
});

test("members have the numbers of the names that JSON.parse gives, in its order", () => {
  const near = fc
    .tuple(fc.constantFrom(...names), fc.nat(24), fc.string({ maxLength: 2 }))
    .map(([name, at, put]) => name.slice(0, at) + put + name.slice(at));
  const escaped = (name: string): string =>
    Array.from(name, (_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
  const written = fc
    .tuple(fc.oneof(fc.constantFrom(...names), near, fc.string()), fc.boolean())
    .map(([name, escapes]) => (escapes ? `"${escaped(name)}"` : JSON.stringify(name)));
  fc.assert(
    fc.property(fc.array(written, { maxLength: 20 }), fc.constantFrom("", " "), (all, space) => {
      expect(scan(`{${all.map((name) => `${name}${space}:0`).join()}}`)).toBe(JsonFailure.NONE);
      const scanned = all.map((_, at) => keyAt((at + 1) * tokenAfter(0)));
      expect(scanned).toEqual(all.map((name) => numberOf(JSON.parse(name) as string)));
    }),
    { numRuns: 1000 },
  );
});

test("a body may end inside any name, and with a name where the longest body ends", () => {
  for (const name of names) {
    for (let at = 0; at <= name.length; at++) {
      expect(scan(`{"${name.slice(0, at)}`)).toBe(JsonFailure.SYNTAX);
    }
    for (const end of ['"', '":', '":1', '":"']) {
      expect(scan(`{"${name}${end}`)).toBe(JsonFailure.SYNTAX);
    }
    const last = `{"${name}":1}`;
    const filler = " ".repeat(gunzipBytesMax - last.length);
    expect(scan(filler + last)).toBe(JsonFailure.NONE);
    expect(keyAt(tokenAfter(0))).toBe(numberOf(name));
    expect(scan(`${filler} {"${name}"`.slice(-gunzipBytesMax))).toBe(JsonFailure.SYNTAX);
  }
});

test("what a longer text left behind a shorter one is not read", () => {
  expect(scan(`["${"a".repeat(100)}"]`)).toBe(JsonFailure.NONE);
  for (const length of lengths) expect(scan(`["${"a".repeat(length)}`)).toBe(JsonFailure.SYNTAX);
  expect(scan('{"ids":1}')).toBe(JsonFailure.NONE);
  expect(scan('{"id":1}')).toBe(JsonFailure.NONE);
  expect(keyAt(tokenAfter(0))).toBe(Key.id);
});
