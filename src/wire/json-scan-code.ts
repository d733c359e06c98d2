import { jsonDepthMax } from "../base/limits.js";
import {
  add,
  again,
  allTrue8,
  and,
  and128,
  atMost,
  bits8,
  block,
  type Code,
  call,
  choose,
  eq,
  eq8,
  give,
  I32,
  isZero,
  type Local,
  leave,
  leaveIf,
  less,
  lessSigned,
  lessSigned8,
  load8,
  load32,
  load128,
  local,
  lowestBit,
  mul,
  ne,
  num,
  or,
  or128,
  shiftLeft,
  shiftRight,
  splat8,
  store32,
  sub,
  V128,
  type WasmFunction,
  when,
  word,
  xor,
} from "../base/wasm-code.js";
import { KeySlot, keyMixes, keySlotBytes, keySlots } from "./json-keys.js";
import { tokenWords } from "./json-memory.js";
import { Kind } from "./json-tape.js";

/**
 * The scan of JSON (RFC 8259) in WebAssembly, for which json-scan.ts stands: it looks at sixteen
 * bytes of a string at once, and compares a name with one of ours in one step. The text begins at
 * address 0; behind its end stands a zero byte, which no token accepts: it ends every loop.
 */

/** Addresses beside the text's, which is 0. */
export type ScanPlaces = {
  /** By length 0 to 16 a mask of sixteen bytes. */
  readonly masks: number;
  readonly keys: number;
  /** A count of names with escapes, whose numbers the code leaves open. */
  readonly escapedNames: number;
  readonly tape: number;
};

/** What the scan gives instead of the position behind the value. */
export const FAILED = -1;
export const TOO_DEEP = -2;

const wideBytes = 16;
const integerDigitsMax = 9;
const tokenBytes = 4 * tokenWords;

const charOf = (char: string): Code => num(char.charCodeAt(0));
const is = (byte: Code, char: string): Code => eq(byte, charOf(char));
const isOneOf = (byte: Code, chars: string): Code =>
  [...chars].map((char) => is(byte, char)).reduce((any, one) => or(any, one));
const isBetween = (byte: Code, from: Code, to: Code): Code =>
  atMost(sub(byte, from), sub(to, from));
const isDigit = (byte: Code): Code => isBetween(byte, charOf("0"), charOf("9"));
const fourLetters = (text: string): Code => num(Buffer.from(text).readInt32LE());

const move = (at: Local, bytes = 1): Code => at.set(add(at, num(bytes)));
const fail = give(num(FAILED));
const failIf = (condition: Code): Code => when(condition, [fail]);
const failUnless = (condition: Code): Code => failIf(isZero(condition));

/**
 * A bit for each of sixteen bytes that does not stand for itself inside a string: quote, backslash,
 * controls, and what is beyond ASCII (below zero, as bytes with a sign).
 */
const specialsOf = (bytes: Code): Code => {
  const ends = or128(eq8(bytes, splat8(charOf('"'))), eq8(bytes, splat8(charOf("\\"))));
  return bits8(or128(ends, lessSigned8(bytes, splat8(num(32)))));
};

const toSpecial = (at: Local, specials: Local): Code => [
  ...again(
    specials.set(specialsOf(load128(at))),
    when(isZero(specials), [move(at, wideBytes), leave(1)]),
  ),
  ...at.set(add(at, lowestBit(specials))),
];

const skipDigits = (at: Local): Code => again(when(isDigit(load8(at)), [move(at), leave(1)]));
const skipSpace = (at: Local): Code =>
  when(atMost(load8(at), num(32)), [
    again(when(isOneOf(load8(at), " \n\r\t"), [move(at), leave(1)])),
  ]);

/**
 * (at) The quote that ends a string, from its first special byte on: twice its position, 1 more
 * where the string has escapes.
 */
function closingQuote(): WasmFunction {
  const [at, specials, escaped] = [local(0), local(1), local(2)];
  const [first, second, from, to] = [local(3), local(4), local(5), local(6)];
  const isTail = (offset: number): Code => isBetween(load8(at, offset), num(0x80), num(0xbf));
  const isHex = (offset: number): Code =>
    or(
      isDigit(load8(at, offset)),
      isBetween(or(load8(at, offset), num(32)), charOf("a"), charOf("f")),
    );
  const body = again(
    toSpecial(at, specials),
    first.set(load8(at)),
    second.set(load8(at, 1)),
    when(is(first, '"'), [give(or(shiftLeft(at, num(1)), escaped))]),
    when(is(first, "\\"), [
      escaped.set(num(1)),
      when(is(second, "u"), [
        failUnless(and(and(isHex(2), isHex(3)), and(isHex(4), isHex(5)))),
        ...[move(at, 6), leave(2)],
      ]),
      failUnless(isOneOf(second, '"\\/bfnrt')),
      ...[move(at, 2), leave(1)],
    ]),
    // RFC 3629 section 4: no overlong forms, no surrogates, nothing beyond 0x10ffff
    failUnless(isBetween(first, num(0xc2), num(0xf4))),
    from.set(choose(eq(first, num(0xe0)), num(0xa0), num(0x80))),
    when(eq(first, num(0xf0)), [from.set(num(0x90))]),
    to.set(choose(eq(first, num(0xed)), num(0x9f), num(0xbf))),
    when(eq(first, num(0xf4)), [to.set(num(0x8f))]),
    failUnless(isBetween(second, from, to)),
    when(less(first, num(0xe0)), [move(at, 2), leave(1)]),
    failUnless(isTail(2)),
    when(less(first, num(0xf0)), [move(at, 3), leave(1)]),
    failUnless(isTail(3)),
    ...[move(at, 4), leave(0)],
  );
  return { parameters: 1, locals: [I32, I32, I32, I32, I32, I32], body: [...body, ...num(FAILED)] };
}

/** (at) Any number or literal: sixteen times its end, and its kind. */
function plainEnd(): WasmFunction {
  const [at, first, digits] = [local(0), local(1), local(2)];
  const found = (kind: Kind, bytes = 0): Code =>
    give(or(shiftLeft(add(at, num(bytes)), num(4)), num(kind)));
  const someDigits = [digits.set(at), skipDigits(at), failIf(eq(at, digits))];
  const number = [
    when(is(first, "-"), [move(at)]),
    when(is(load8(at), "0"), [move(at)], someDigits),
    when(is(load8(at), "."), [move(at), ...someDigits]),
    when(is(or(load8(at), num(32)), "e"), [
      move(at),
      when(isOneOf(load8(at), "+-"), [move(at)]),
      ...someDigits,
    ]),
    found(Kind.NUMBER),
  ];
  const body = [
    first.set(load8(at)),
    when(or(is(first, "-"), isDigit(first)), number),
    when(eq(load32(at), fourLetters("true")), [found(Kind.TRUE, 4)]),
    when(eq(load32(at), fourLetters("null")), [found(Kind.NULL, 4)]),
    when(and(eq(load32(at), fourLetters("fals")), is(load8(at, 4), "e")), [found(Kind.FALSE, 5)]),
    num(FAILED),
  ];
  return { parameters: 1, locals: [I32, I32], body: body.flat() };
}

const CLOSING_QUOTE = 0;
const PLAIN_END = 1;

/** The variables of the scan. */
const at = local(0);
const next = local(1); // the token: its address on the tape
const byte = local(2);
const name = local(3); // number and position of the value's name, as the tape has them
const kinds = local(4); // a bit for each open container, the innermost the lowest: 1 = an object
const depth = local(5);
const container = local(6); // the innermost, its address on the tape
const some = local(7);
const start = local(8);
const value = local(9);
const key = local(10);
const letters = local(11);
const inObject = and(kinds, num(1));

/** The number of the name [start, at), whose first sixteen letters are at hand; 0 = unknown. */
function lookUp(places: ScanPlaces): Code[] {
  const length = value;
  const slot = some;
  const mask = choose(less(length, num(wideBytes)), length, num(wideBytes));
  const high = mul(word(letters, 1), num(keyMixes.high));
  const mixed = mul(xor(xor(word(letters, 0), high), length), num(keyMixes.all));
  const inSlot = (field: number): Code => load32(slot, places.keys + field);
  const isTail = (bytes: number): Code =>
    eq(load32(sub(at, num(bytes))), inSlot(KeySlot.tail + 8 - bytes));
  return [
    length.set(sub(at, start)),
    letters.set(and128(letters, load128(shiftLeft(mask, num(4)), places.masks))),
    slot.set(mul(shiftRight(mixed, num(keyMixes.shift)), num(keySlotBytes))),
    block(
      again(
        key.set(inSlot(KeySlot.number)),
        when(key, [
          block(
            leaveIf(0, ne(inSlot(KeySlot.length), length)),
            leaveIf(0, isZero(allTrue8(eq8(letters, load128(slot, places.keys))))),
            leaveIf(3, atMost(length, num(wideBytes))),
            leaveIf(3, and(isTail(8), isTail(4))),
          ),
          slot.set(and(add(slot, num(keySlotBytes)), num((keySlots - 1) * keySlotBytes))),
          leave(1),
        ]),
      ),
    ),
  ];
}

/** A member's name and its colon. */
function scanName(places: ScanPlaces): Code[] {
  const specials = some;
  return [
    failUnless(is(load8(at), '"')),
    move(at),
    start.set(at),
    letters.set(load128(at)),
    specials.set(specialsOf(letters)),
    when(
      specials,
      [at.set(add(at, lowestBit(specials)))],
      [move(at, wideBytes), toSpecial(at, specials)],
    ),
    when(is(load8(at), '"'), lookUp(places), [
      toClosingQuote(),
      key.set(num(0)),
      when(and(some, num(1)), [countEscaped(places)]),
    ]),
    name.set(or(shiftLeft(key, num(4)), shiftLeft(start, num(12)))),
    move(at),
    when(ne(load8(at), charOf(":")), [skipSpace(at), failUnless(is(load8(at), ":"))]),
    move(at),
    skipSpace(at),
  ];
}

const countEscaped = ({ escapedNames }: ScanPlaces): Code =>
  store32(num(0), add(load32(num(0), escapedNames), num(1)), escapedNames);

/** Leaves in `some` what `closingQuote` gives. */
const toClosingQuote = (): Code =>
  [
    some.set(call(CLOSING_QUOTE, at)),
    failIf(lessSigned(some, num(0))),
    at.set(shiftRight(some, num(1))),
  ].flat();

type Token = (field: number, value: Code) => Code;
const nextToken = (): Code => shiftRight(next, num(2));

function scanString(token: Token): Code[] {
  return [
    move(at),
    token(0, or(name, num(Kind.STRING))),
    token(1, at),
    toSpecial(at, some),
    when(ne(load8(at), charOf('"')), [
      toClosingQuote(),
      when(and(some, num(1)), [token(0, or(name, num(Kind.ESCAPED)))]),
    ]),
    token(2, at),
    move(at),
    move(next, tokenBytes),
    token(-1, nextToken()),
  ];
}

/** A container: `named` goes on to what is in it, where there is anything. */
function openContainer(token: Token, named: Code): Code[] {
  const isObject = is(byte, "{");
  return [
    when(eq(depth, num(jsonDepthMax)), [give(num(TOO_DEEP))]),
    move(depth),
    kinds.set(or(shiftLeft(kinds, num(1)), isObject)),
    token(0, or(name, choose(isObject, num(Kind.OBJECT), num(Kind.ARRAY)))),
    token(1, at),
    token(3, container),
    container.set(next),
    move(next, tokenBytes),
    move(at),
    skipSpace(at),
    when(ne(load8(at), add(byte, num(2))), [named]),
  ];
}

function scanPlain(token: Token): Code[] {
  const first = byte;
  const digits = sub(at, start);
  const integer = [token(0, or(name, num(Kind.INTEGER))), token(2, value)];
  const other = [
    some.set(call(PLAIN_END, start)),
    failIf(lessSigned(some, num(0))),
    at.set(shiftRight(some, num(4))),
    token(0, or(name, and(some, num(15)))),
    token(2, at),
  ];
  return [
    token(1, at),
    start.set(at),
    value.set(num(0)),
    some.set(first),
    block(
      again(
        leaveIf(1, isZero(and(isDigit(some), less(digits, num(integerDigitsMax))))),
        value.set(add(mul(value, num(10)), sub(some, charOf("0")))),
        move(at),
        some.set(load8(at)),
        leave(0),
      ),
    ),
    // a number goes on, or begins with a zero that is not all of it: not these digits alone
    when(
      or(
        or(eq(at, start), or(isDigit(some), or(is(some, "."), is(or(some, num(32)), "e")))),
        and(is(first, "0"), ne(digits, num(1))),
      ),
      other,
      integer,
    ),
    move(next, tokenBytes),
    token(-1, nextToken()),
  ];
}

/** What follows a value: the ends of containers, then a comma, which `named` goes on from. */
function closeContainers(places: ScanPlaces, named: Code): Code {
  const end = (field: number, value: Code): Code =>
    store32(container, value, places.tape + 4 * field);
  return again(
    when(isZero(depth), [give(at)]),
    skipSpace(at),
    byte.set(load8(at)),
    move(at),
    when(is(byte, ","), [skipSpace(at), named]),
    failUnless(eq(byte, choose(inObject, charOf("}"), charOf("]")))),
    move(depth, -1),
    kinds.set(shiftRight(kinds, num(1))),
    some.set(load32(container, places.tape + 12)),
    end(2, at),
    end(3, nextToken()),
    container.set(some),
    leave(0),
  );
}

/**
 * (at, next) The value at `at`, white space before it skipped, onto the tape from the address
 * `next` on: the position behind it.
 */
function scan(places: ScanPlaces): WasmFunction {
  // Field -1 is the last one of the token before.
  const token: Token = (field, value) => store32(next, value, places.tape + 4 * field);
  const body = [
    skipSpace(at),
    again(
      block(
        byte.set(load8(at)),
        when(is(byte, '"'), scanString(token), [
          when(is(or(byte, num(32)), "{"), openContainer(token, leave(3)), scanPlain(token)),
        ]),
        closeContainers(places, leave(2)),
      ),
      when(inObject, scanName(places), [name.set(num(0))]),
      leave(0),
    ),
    num(FAILED),
  ];
  const locals = Array.from({ length: 9 }, () => I32);
  return { parameters: 2, locals: [...locals, V128], body: body.flat() };
}

export const scanCode = (places: ScanPlaces): readonly WasmFunction[] => [
  closingQuote(),
  plainEnd(),
  scan(places),
];
