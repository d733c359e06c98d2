import type { NativeRequest } from "../bid/request.js";

/**
 * All that the encoder may see of a request: the ids that are echoed, and what a native answer must
 * fill. The decoded request has this shape; its identifiers, consent, device and segments are not
 * in the type, so that encoding one of them does not compile. `bytes` is only read between the
 * bounds of a slice below.
 */
export type EchoView = {
  readonly bytes: Uint8Array;
  /** Raw JSON text between the quotes, as are all slices here. */
  readonly id: EchoSlice;
  readonly imps: readonly EchoImp[];
  readonly dealIdStart: Uint32Array;
  readonly dealIdEnd: Uint32Array;
};
export type EchoSlice = { readonly start: number; readonly end: number };
export type EchoImp = { readonly id: EchoSlice; readonly native: NativeRequest | null };
