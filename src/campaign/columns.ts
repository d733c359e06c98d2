import { assert } from "../base/assert.js";
import { finish, type Steps } from "../base/steps.js";

/**
 * A struct of typed arrays in one SharedArrayBuffer, so that a worker adopts it without copying.
 * Layout: u32 magic | u32 column count | per column u32 byte offset / 8, u32 length | columns, each
 * 8-byte aligned.
 */
type ArrayOf = { u8: Uint8Array; u16: Uint16Array; u32: Uint32Array; f64: Float64Array };
export type ColumnKind = keyof ArrayOf;
const kinds: {
  readonly [K in ColumnKind]: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayOf[K];
  };
} = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array };
export type ColumnsOf<S extends Record<string, ColumnKind>> = {
  readonly [K in keyof S]: ArrayOf[S[K]];
};
export type ColumnInput<S extends Record<string, ColumnKind>> = {
  readonly [K in keyof S]: ArrayLike<number>;
};

const magic = 0x63624354; // "cbCT"

/** Packs columns in the order of the spec. Values are copied; throws nothing but asserts. */
export const packColumns = <S extends Record<string, ColumnKind>>(
  spec: S,
  input: ColumnInput<S>,
): SharedArrayBuffer => finish(packSteps(spec, input));

/** The same, a column a step. */
export function* packSteps<S extends Record<string, ColumnKind>>(
  spec: S,
  input: ColumnInput<S>,
): Steps<SharedArrayBuffer> {
  const names = Object.keys(spec);
  let offset = align(8 + names.length * 8);
  const starts = names.map((name) => {
    const start = offset;
    const width = kinds[spec[name] as ColumnKind].BYTES_PER_ELEMENT;
    offset = align(offset + (input[name] as ArrayLike<number>).length * width);
    return start;
  });
  const buffer = new SharedArrayBuffer(Math.max(offset, 8));
  const header = new Uint32Array(buffer, 0, 2 + names.length * 2);
  header[0] = magic;
  header[1] = names.length;
  for (const [i, name] of names.entries()) {
    const source = input[name] as ArrayLike<number>;
    header[2 + i * 2] = starts[i]! / 8;
    header[3 + i * 2] = source.length;
    new kinds[spec[name] as ColumnKind](buffer, starts[i]!, source.length).set(source);
    yield;
  }
  return buffer;
}

/** Far more than the calls after which V8 takes notes of `copyOf`. */
const settlingCopies = 1000;
/** A copy of each mould: as long as it is there, so is its hidden class. */
const settled = new Map<object, object>();

/**
 * A copy with the shape of the mould. V8 draws up the hidden class of a spread's copies anew when
 * it begins to take notes of the function (Node 20.20.2: at the ninth World), and a table of
 * another class throws the compiled bid path away: 58 functions in 0.1 s. So it takes them before.
 */
const copyOf = (mould: object): Record<string, unknown> => ({ ...mould });

function settledCopyOf(mould: object): Record<string, unknown> {
  if (!settled.has(mould)) {
    for (let i = 0; i < settlingCopies; i++) settled.set(mould, copyOf(mould));
  }
  return copyOf(mould);
}

/**
 * Views over packed columns: adoption cost is one small object, whatever the size. `mould` is the
 * spec, or what has its names and more for the caller to set; the same object each time.
 */
export function columnsFrom<S extends Record<string, ColumnKind>, M extends object = object>(
  spec: S,
  buffer: SharedArrayBuffer,
  mould: M = spec as object as M,
): ColumnsOf<S> & Omit<M, keyof S> {
  const names = Object.keys(spec);
  const header = new Uint32Array(buffer, 0, 2 + names.length * 2);
  assert(header[0] === magic, "columns: wrong magic");
  assert(header[1] === names.length, "columns: written by another version");
  // A copy of the spec has its shape. An object that gets more than a dozen properties by computed
  // names becomes a hash table, whose reads no compiler makes cheap: 11 % fewer full bids a second
  // in a paired run (EPYC of the first kind, 64 connections, Node 20.20.2, 2026-11).
  const out = settledCopyOf(mould);
  names.forEach((name, i) => {
    const start = header[2 + i * 2]! * 8;
    out[name] = new kinds[spec[name] as ColumnKind](buffer, start, header[3 + i * 2]!);
  });
  return out as ColumnsOf<S> & Omit<M, keyof S>;
}

const align = (bytes: number): number => (bytes + 7) & ~7;
