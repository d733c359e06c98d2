import { headerBytes, writeHeader } from "../index/format.js";
import { interleaveInto } from "../index/index-parts.js";
import type { Refusal } from "../index/verify.js";
import { type PartFile, readBytesMax, readVerified } from "./snapshot-read.js";

/**
 * The work of filling an index's memory from verified files, cut into pieces that several threads
 * take in turn through one shared counter.
 */
export type FillPiece =
  | { readonly kind: "copy"; readonly file: PartFile; readonly target: SharedArrayBuffer }
  | {
      /** The files of one part of each resident plane, interleaved into rows. */
      readonly kind: "rows";
      readonly files: readonly PartFile[];
      readonly firstRow: number;
    };

/** Everything a filling thread needs; plain values and shared buffers, so that it can be posted. */
export type FillPlan = {
  readonly folder: string;
  readonly pieces: readonly FillPiece[];
  readonly rows: readonly SharedArrayBuffer[];
  readonly rowShift: number;
  readonly rowWords: number;
  /** Two u32: the next piece, and 1 when a thread has met a refusal. */
  readonly turn: SharedArrayBuffer;
};

/** Takes pieces until none is left or one is refused. Progress counts bytes of files. */
export function fillPieces(plan: FillPlan, onBytes: (bytes: number) => void): Refusal | null {
  const turn = new Int32Array(plan.turn);
  const rows = plan.rows.map((chunk) => new Uint32Array(chunk));
  for (;;) {
    if (Atomics.load(turn, 1) !== 0) return null;
    const piece = plan.pieces[Atomics.add(turn, 0, 1)];
    if (piece === undefined) return null;
    const done =
      piece.kind === "copy"
        ? fillCopy(plan.folder, piece.file, piece.target, onBytes)
        : fillRows(plan, rows, piece.files, piece.firstRow, onBytes);
    if (!done.ok) {
      Atomics.store(turn, 1, 1);
      return done;
    }
  }
}

type Filled = { readonly ok: true } | Refusal;

function fillCopy(
  folder: string,
  file: PartFile,
  target: SharedArrayBuffer,
  onBytes: (bytes: number) => void,
): Filled {
  writeHeader(target, file.header);
  const payload = new Uint8Array(target, headerBytes);
  return readVerified(folder, [file], readBytesMax, (_, at, block) => {
    payload.set(block, at);
    onBytes(block.length);
  });
}

function fillRows(
  plan: FillPlan,
  rows: readonly Uint32Array[],
  files: readonly PartFile[],
  firstRow: number,
  onBytes: (bytes: number) => void,
): Filled {
  const { rowShift, rowWords, folder } = plan;
  // A block of each plane in turn: 16 of them and their rows stay in the cache. Blocks never cross
  // a chunk.
  const blockBytes = Math.min(2 ** rowShift * 4, 64 * 1024);
  return readVerified(folder, files, blockBytes, (word, at, block) => {
    const words = new Uint32Array(block.buffer, block.byteOffset, block.length / 4);
    const row = firstRow + at / 4;
    const chunk = rows[row >>> rowShift]!;
    const inChunk = row & ((1 << rowShift) - 1);
    interleaveInto(chunk, inChunk, rowWords, word, words, 0, words.length);
    onBytes(block.length);
  });
}
