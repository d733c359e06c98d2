/**
 * A small language whose values are the bytes of WebAssembly code (core specification 5.4): what
 * V8's JavaScript cannot say, sixteen bytes at a time, is written in these words and assembled once
 * a thread. An expression leaves one value on the stack, a statement none.
 */
export type Code = readonly number[];

/** Value types. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
/** A block without a value. */
const NOTHING = 0x40;
const END = 0x0b;
const SIMD = 0xfd;

/** LEB128, of either sign. */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 0x7f];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

export const num = (value: number): Code => [0x41, ...signed(value | 0)];

/** A local variable or parameter by its number. */
export type Local = Code & { readonly set: (value: Code) => Code };
export const local = (index: number): Local =>
  Object.assign([0x20, ...unsigned(index)], {
    set: (value: Code): Code => [...value, 0x21, ...unsigned(index)],
  });

const two =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, opcode];
export const eq = two(0x46);
export const ne = two(0x47);
export const lessSigned = two(0x48);
export const less = two(0x49);
export const atMost = two(0x4d);
export const add = two(0x6a);
export const sub = two(0x6b);
export const mul = two(0x6c);
export const and = two(0x71);
export const or = two(0x72);
export const xor = two(0x73);
export const shiftLeft = two(0x74);
export const shiftRight = two(0x76);
export const isZero = (a: Code): Code => [...a, 0x45];
export const lowestBit = (a: Code): Code => [...a, 0x68];
/** `a` where the condition is not 0, else `b`; both are computed. */
export const choose = (condition: Code, a: Code, b: Code): Code => [...a, ...b, ...condition, 0x1b];

/** Memory: an address, and a constant that is added to it. Alignment is not promised. */
const at = (offset: number): Code => [0, ...unsigned(offset)];
export const load8 = (address: Code, offset = 0): Code => [...address, 0x2d, ...at(offset)];
export const load32 = (address: Code, offset = 0): Code => [...address, 0x28, ...at(offset)];
export const store32 = (address: Code, value: Code, offset = 0): Code => [
  ...[...address, ...value],
  ...[0x36, ...at(offset)],
];
export const load128 = (address: Code, offset = 0): Code => [...address, SIMD, 0, ...at(offset)];

/** Sixty-four bits, and a value of thirty-two as the low half of them. */
export const add64 = two(0x7c);
export const or64 = two(0x84);
export const xor64 = two(0x85);
export const shiftLeft64 = two(0x86);
export const shiftRight64 = two(0x88);
export const rotate64 = two(0x89);
export const long = (a: Code): Code => [...a, 0xad];
export const low = (a: Code): Code => [...a, 0xa7];

/** Sixteen bytes at once. */
const wide =
  (opcode: number) =>
  (...of: readonly Code[]): Code => [...of.flat(), SIMD, ...unsigned(opcode)];
export const splat8 = wide(15);
export const eq8 = wide(35);
export const lessSigned8 = wide(37);
export const and128 = wide(78);
export const or128 = wide(80);
export const allTrue8 = wide(99);
/** The highest bit of each byte. */
export const bits8 = wide(100);
/** One of the four words. */
export const word = (a: Code, lane: number): Code => [...a, SIMD, 27, lane];

/** `block`: `leave(0)` goes behind it. `again`: `leave(0)` goes back to its beginning. */
export const block = (...body: readonly Code[]): Code => [2, NOTHING, ...body.flat(), END];
export const again = (...body: readonly Code[]): Code => [3, NOTHING, ...body.flat(), END];
/** Counts the blocks, loops and branches that stand around. */
export const leave = (depth: number): Code => [0x0c, ...unsigned(depth)];
export const leaveIf = (depth: number, condition: Code): Code => [
  ...condition,
  ...[0x0d, ...unsigned(depth)],
];
export const when = (condition: Code, then: readonly Code[], otherwise?: readonly Code[]): Code => [
  ...[...condition, 4, NOTHING, ...then.flat()],
  ...(otherwise === undefined ? [END] : [5, ...otherwise.flat(), END]),
];
export const give = (value: Code): Code => [...value, 0x0f];
export const call = (number: number, ...given: readonly Code[]): Code => [
  ...given.flat(),
  ...[0x10, ...unsigned(number)],
];

export type WasmFunction = {
  /** All of them i32; it gives one i32. */
  readonly parameters: number;
  /** Types of the other locals, which are numbered behind the parameters. */
  readonly locals: readonly number[];
  readonly body: Code;
};

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const name = (text: string): Code => list([...text].map((letter) => [letter.charCodeAt(0)]));

/** A module of functions over the memory it is given as `m.m`; the last one is exported as `f`. */
export function assemble(
  functions: readonly WasmFunction[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    ...[0x60, ...list(Array.from({ length: parameters }, () => [I32]))],
    ...list([[I32]]),
  ]);
  const bodies = functions.map(({ locals, body }) => {
    const code = [...list(locals.map((type) => [1, type])), ...body, END];
    return [...unsigned(code.length), ...code];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...name("m"), ...name("m"), 2, 0, ...unsigned(pages)]])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list([[...name("f"), 0, ...unsigned(functions.length - 1)]])),
    ...section(10, list(bodies)),
  ]);
}

/** What we use of the engine's own names, which Node's types leave out. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { readonly f: (...given: number[]) => number } };
};
export type WasmMemory = { readonly buffer: ArrayBuffer };

/** Never grown. */
export const newMemory = (pages: number): WasmMemory =>
  new WebAssembly.Memory({ initial: pages, maximum: pages });

/** The module's last function. */
export function instantiate(code: Uint8Array, memory: WasmMemory): (...given: number[]) => number {
  const module = new WebAssembly.Module(code);
  return new WebAssembly.Instance(module, { m: { m: memory } }).exports.f;
}
