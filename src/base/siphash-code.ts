import {
  add,
  add64,
  again,
  type Code,
  choose,
  give,
  I32,
  I64,
  type Local,
  leave,
  less,
  load32,
  local,
  long,
  low,
  num,
  or64,
  rotate64,
  shiftLeft64,
  shiftRight64,
  store32,
  type WasmFunction,
  when,
  xor64,
} from "./wasm-code.js";

/**
 * SipHash-2-4 in WebAssembly, which has 64-bit integers. The memory begins with the key (16 bytes)
 * and the hash (16 bytes); the message's blocks of eight bytes follow, the last one with the
 * message's length on top.
 */
export const outAt = 16;
export const blocksAt = 32;

const rounds = 2;
const finalRounds = 4;

const blocks = local(0); // bytes of them
const wide = local(1); // 1 = 128 bits
const at = local(2);
const block = local(3);
const v = [local(4), local(5), local(6), local(7)] as const;

const bits = (count: number): Code => long(num(count));
const load64 = (address: Code, offset: number): Code =>
  or64(long(load32(address, offset)), shiftLeft64(long(load32(address, offset + 4)), bits(32)));
/** "somepseudorandomlygeneratedbytes", eight letters of it. */
const letters = (text: string): Code => {
  const half = (from: number): Code => long(num(Buffer.from(text).readInt32BE(from)));
  return or64(half(4), shiftLeft64(half(0), bits(32)));
};

function mix(a: Local, b: Local, turn: number): Code[] {
  return [a.set(add64(a, b)), b.set(xor64(rotate64(b, bits(turn)), a))];
}

function sipRounds(count: number): Code[] {
  const [v0, v1, v2, v3] = v;
  const round = [
    ...mix(v0, v1, 13),
    v0.set(rotate64(v0, bits(32))),
    ...mix(v2, v3, 16),
    ...mix(v0, v3, 21),
    ...mix(v2, v1, 17),
    v2.set(rotate64(v2, bits(32))),
  ];
  return Array.from({ length: count }, () => round).flat();
}

function putHash(offset: number): Code[] {
  const [v0, v1, v2, v3] = v;
  return [
    block.set(xor64(xor64(v0, v1), xor64(v2, v3))),
    store32(num(0), low(block), offset),
    store32(num(0), low(shiftRight64(block, bits(32))), offset + 4),
  ];
}

/** (bytes of blocks, 1 = 128 bits): 0. */
export function sipHashCode(): WasmFunction {
  const [v0, v1, v2, v3] = v;
  const byWidth = (of64: number, of128: number): Code => long(choose(wide, num(of128), num(of64)));
  const zero = num(0);
  const body = [
    v0.set(xor64(load64(zero, 0), letters("somepseu"))),
    v1.set(xor64(xor64(load64(zero, 8), letters("dorandom")), byWidth(0, 0xee))),
    v2.set(xor64(load64(zero, 0), letters("lygenera"))),
    v3.set(xor64(load64(zero, 8), letters("tedbytes"))),
    at.set(zero),
    again(
      block.set(load64(at, blocksAt)),
      v3.set(xor64(v3, block)),
      ...sipRounds(rounds),
      v0.set(xor64(v0, block)),
      at.set(add(at, num(8))),
      when(less(at, blocks), [leave(1)]),
    ),
    v2.set(xor64(v2, byWidth(0xff, 0xee))),
    ...sipRounds(finalRounds),
    ...putHash(outAt),
    when(wide, [v1.set(xor64(v1, bits(0xdd))), ...sipRounds(finalRounds), ...putHash(outAt + 8)]),
    give(zero),
  ];
  return { parameters: 2, locals: [I32, I64, I64, I64, I64, I64], body: [...body.flat(), ...zero] };
}
