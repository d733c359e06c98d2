import { assert } from "../base/assert.js";
import { workersMax } from "../base/limits.js";
import { sipHash24_128Into } from "../base/siphash.js";
import type { TokenFields } from "./token-format.js";
import {
  keyIdAt,
  keystreamBytes,
  nonceAt,
  nonceBytes,
  payloadAt,
  payloadInto,
  tagAt,
  tagBytes,
  tokenBytes,
} from "./token-format.js";
import type { TokenKey } from "./token-key.js";
import { tokenTextInto } from "./token-text.js";

/** Tokens whose keystream is made by one call into the cipher (48 KiB). */
const aheadTokens = 1024;
const counterMax = 2 ** 40;

/**
 * Makes the tokens of one worker in one boot. The pair (worker, boot) must never have been used
 * with the key before, also not by a worker that died: the nonce is worker | boot | counter, and a
 * repeated nonce would show the difference of two payloads.
 */
export class TokenWriter {
  private readonly key: TokenKey;
  private readonly counters = new Uint8Array(aheadTokens * keystreamBytes);
  private readonly token = new Uint8Array(tokenBytes);
  private readonly tag = new Uint32Array(tagBytes / 4);
  private keystream: Uint8Array = new Uint8Array(0);
  private ahead = aheadTokens;
  private counter = 0;

  constructor(key: TokenKey, worker: number, boot: number) {
    assert(worker >= 0 && worker <= workersMax && worker <= 255, "a worker's number is one byte");
    assert(boot >= 0 && boot < 2 ** 24, "a boot's number is three bytes");
    this.key = key;
    this.token[keyIdAt] = key.keyId;
    for (let at = 0; at < this.counters.length; at += 16) {
      this.counters[at] = worker;
      this.counters[at + 1] = boot >>> 16;
      this.counters[at + 2] = boot >>> 8;
      this.counters[at + 3] = boot;
      this.counters[at + 15] = (at >>> 4) % (keystreamBytes / 16);
    }
  }

  /** Writes `tokenChars` characters at `out[at]`. */
  writeInto(fields: TokenFields, out: Uint8Array, at: number): void {
    if (this.ahead === aheadTokens) this.refill();
    const { token, keystream, counters, tag } = this;
    const from = this.ahead * keystreamBytes;
    for (let i = 0; i < nonceBytes; i++) token[nonceAt + i] = counters[from + i]!;
    payloadInto(fields, token, payloadAt);
    for (let i = payloadAt; i < tagAt; i++) token[i]! ^= keystream[from + i - payloadAt]!;
    sipHash24_128Into(this.key.mac, token, 0, tagAt, tag);
    for (let i = 0; i < 4; i++) wordInto(tag[i]!, token, tagAt + 4 * i);
    tokenTextInto(token, out, at);
    this.ahead++;
  }

  /**
   * One block of AES for each counter block: counter mode (SP 800-38A section 6.5), made in bulk.
   */
  private refill(): void {
    const { counters } = this;
    assert(this.counter + aheadTokens <= counterMax, "a worker's token counter is five bytes");
    for (let at = 0; at < counters.length; at += keystreamBytes) {
      for (let block = at; block < at + keystreamBytes; block += 16) {
        counters[block + 4] = Math.floor(this.counter / 2 ** 32);
        wordInto(byteSwapped(this.counter), counters, block + 5);
      }
      this.counter++;
    }
    this.keystream = this.key.blocks.update(counters);
    assert(this.keystream.length === counters.length);
    this.ahead = 0;
  }
}

/** SipHash's output words are little-endian. */
function wordInto(word: number, out: Uint8Array, at: number): void {
  out[at] = word;
  out[at + 1] = word >>> 8;
  out[at + 2] = word >>> 16;
  out[at + 3] = word >>> 24;
}

const byteSwapped = (value: number): number =>
  ((value & 255) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
