/**
 * One line of a stream, without its line feed; `cut`: it was longer than allowed and its bytes are
 * dropped.
 */
export type Line = {
  /** From 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly cut: boolean;
};

const lineFeed = 10;

/**
 * The lines of a stream of bytes, in memory for one line of at most `lineBytesMax` and one piece at
 * a time.
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Line> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let cut = false;
  let number = 0;
  const keep = (bytes: Uint8Array): void => {
    if (cut || bytes.length === 0) return;
    heldBytes += bytes.length;
    cut = heldBytes > lineBytesMax;
    if (cut) held = [];
    else held.push(bytes);
  };
  const take = (): Line => {
    const line: Line = { number: ++number, bytes: Buffer.concat(held), cut };
    held = [];
    heldBytes = 0;
    cut = false;
    return line;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, from)) {
      keep(piece.subarray(from, at));
      from = at + 1;
      yield take();
    }
    keep(piece.subarray(from));
  }
  if (cut || heldBytes > 0) yield take();
}
