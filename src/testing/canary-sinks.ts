import type { Sink } from "./canary.js";
import type { InProcess } from "./in-process.js";

/**
 * What a bidder in process leaves behind, apart from its answers: its own sinks (records for the
 * journal, log, metrics), the memory that all threads share, and the outcomes.
 */
export async function sinksOf(bidder: InProcess, outcomes: Iterable<string>): Promise<Sink[]> {
  const { state } = bidder;
  const view = (name: string, words: ArrayBufferView): Sink => ({
    name,
    bytes: new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
  });
  return [
    ...(await bidder.sinks()),
    view("allowances", state.allowances),
    view("reservation slots", state.slots),
    { name: "outcomes", bytes: new TextEncoder().encode([...outcomes].join("\n")) },
  ];
}
