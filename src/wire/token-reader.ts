import { timingSafeEqual } from "node:crypto";
import { assert } from "../base/assert.js";
import { sipHash24_128Into } from "../base/siphash.js";
import type { TokenFields } from "./token-format.js";
import {
  keyIdAt,
  keystreamBytes,
  nonceAt,
  nonceBytes,
  payloadAt,
  readPayload,
  tagAt,
  tagBytes,
  tokenBytes,
} from "./token-format.js";
import type { TokenKey } from "./token-key.js";
import { tokenBytesFromText } from "./token-text.js";

/**
 * Reads tokens of every key that is still readable: the one in use and, for `tokenLifeSec` after a
 * rotation, the one before.
 */
export class TokenReader {
  private readonly keys: (TokenKey | undefined)[] = new Array<TokenKey | undefined>(256).fill(
    undefined,
  );
  private readonly token = new Uint8Array(tokenBytes);
  private readonly counters = new Uint8Array(keystreamBytes);
  private readonly tagWords = new Uint32Array(tagBytes / 4);
  private readonly tag = new DataView(new ArrayBuffer(tagBytes));

  constructor(keys: readonly TokenKey[]) {
    for (const key of keys) {
      assert(this.keys[key.keyId] === undefined, "two token keys have one id");
      this.keys[key.keyId] = key;
    }
    for (let block = 0; block < keystreamBytes / 16; block++)
      this.counters[block * 16 + 15] = block;
  }

  /**
   * False, with `out` unchanged, for everything that none of our writers made. Says nothing of
   * expiry: the caller compares `out.timeSec` and `out.expirySec` with its clock.
   */
  read(text: string, out: TokenFields): boolean {
    const { token } = this;
    if (!tokenBytesFromText(text, token)) return false;
    const key = this.keys[token[keyIdAt]!];
    if (key === undefined || !this.authentic(key)) return false;
    for (let i = 0; i < nonceBytes; i++) {
      for (let block = 0; block < keystreamBytes; block += 16) {
        this.counters[block + i] = token[nonceAt + i]!;
      }
      out.nonce[i] = token[nonceAt + i]!;
    }
    const keystream = key.blocks.update(this.counters);
    for (let i = payloadAt; i < tagAt; i++) token[i]! ^= keystream[i - payloadAt]!;
    readPayload(token, payloadAt, out);
    out.keyId = key.keyId;
    return true;
  }

  /** The whole tag is compared whatever differs, and before anything is decrypted. */
  private authentic(key: TokenKey): boolean {
    sipHash24_128Into(key.mac, this.token, 0, tagAt, this.tagWords);
    for (let i = 0; i < 4; i++) this.tag.setUint32(4 * i, this.tagWords[i]!, true);
    return timingSafeEqual(this.tag, this.token.subarray(tagAt, tokenBytes));
  }
}
