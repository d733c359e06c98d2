import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { SeenNotices } from "../bid/seen-notices.js";
import { Settlement, settle, Taken } from "../bid/settle.js";
import { createSharedBuffers, sharedStateFrom } from "../bid/shared-state.js";
import { Notice } from "../journal/notice.js";
import { TokenFields, tokenBytes, tokenChars } from "../wire/token-format.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenReader } from "../wire/token-reader.js";
import { TokenWriter } from "../wire/token-writer.js";

const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const nowSec = 1_800_000_000;
const boot = 9;

export const forgeries = [
  ...["bit flipped", "bytes at random", "parts of two put together", "another spelling"],
  ...["cut or longer", "of another installation", "under another key's number"],
  ...["sent again", "past its life"],
] as const;
export type Forgery = (typeof forgeries)[number];

export type ForgeResult = {
  readonly tried: Readonly<Record<Forgery, number>>;
  readonly accepted: Readonly<Record<Forgery, number>>;
  /** Genuine tokens between the forged ones, which must count: once each. */
  readonly genuine: number;
  readonly genuineTaken: number;
};

/**
 * Tokens that must change nothing, made from genuine ones that were billed before: each goes
 * through the reader and, where that lets it in, through the settlement. "Accepted" is whatever
 * that takes as new.
 */
export class TokenForger {
  private readonly random: SeededRandom;
  private readonly own = tokenKeyFrom({ keyId: 1, secret: secretOf(7) });
  private readonly writer = new TokenWriter(this.own, 0, boot);
  private readonly earlier = new TokenWriter(this.own, 1, boot - 1);
  private readonly strange = new TokenWriter(
    tokenKeyFrom({ keyId: 1, secret: secretOf(8) }),
    0,
    boot,
  );
  private readonly otherNumber = new TokenWriter(
    tokenKeyFrom({ keyId: 2, secret: secretOf(7) }),
    0,
    boot,
  );
  private readonly reader = new TokenReader([this.own]);
  private readonly fields = new TokenFields();
  private readonly read = new TokenFields();
  private readonly notice = new Notice();
  private readonly settlement = new Settlement();
  private readonly characters = new Uint8Array(tokenChars);
  private readonly context = {
    state: sharedStateFrom(
      createSharedBuffers({ workers: 2, places: 2, slots: 4, capEntries: 16, ringRecords: 16 }),
      0,
    ),
    ...{ boot, seen: new SeenNotices() },
    placeOf: () => 1,
    billsBy: () => NoticeKind.BILL,
  };
  private genuine: Buffer[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  run(count: number): ForgeResult {
    const zeros = (): Record<Forgery, number> =>
      Object.fromEntries(forgeries.map((name) => [name, 0])) as Record<Forgery, number>;
    const [tried, accepted] = [zeros(), zeros()];
    let [genuine, genuineTaken] = [0, 0];
    for (let n = 0; n < count; n++) {
      if (n % 64 === 0) {
        genuine++;
        if (this.takes(this.renew())) genuineTaken++;
      }
      const forgery = forgeries[n % forgeries.length] ?? "bit flipped";
      tried[forgery]++;
      if (this.takes(this.forged(forgery))) accepted[forgery]++;
    }
    return { tried, accepted, genuine, genuineTaken };
  }

  /** A new genuine token, kept with the seven before it. */
  private renew(): string {
    const text = this.written(this.writer, nowSec - this.random.below(1000));
    this.genuine = [Buffer.from(text, "base64url"), ...this.genuine.slice(0, 7)];
    return text;
  }

  private written(writer: TokenWriter, timeSec: number): string {
    const { random } = this;
    const priceMicros = 1 + random.below(5_000_000);
    const more = { exchange: 1, lineItem: random.nextU32(), creative: random.nextU32() };
    Object.assign(this.fields, { ...more, timeSec, expirySec: timeSec + random.below(3600) });
    Object.assign(this.fields, { priceMicros, reservedMicros: priceMicros });
    writer.writeInto(this.fields, this.characters, 0);
    return Buffer.from(this.characters).toString("latin1");
  }

  private forged(forgery: Forgery): string {
    const { random } = this;
    const one = this.genuine[random.below(this.genuine.length)]!;
    const text = one.toString("base64url");
    switch (forgery) {
      case "bit flipped":
        return flipped(one, random.below(8 * tokenBytes)).toString("base64url");
      case "bytes at random": {
        const bytes = Buffer.from(one);
        const from = random.below(3) === 0 ? 0 : 1;
        for (let at = from; at < tokenBytes; at++) bytes[at] = random.below(256);
        return bytes.toString("base64url");
      }
      case "parts of two put together": {
        // The key's number and most of the nonce are alike: the cut lies where they differ.
        const cut = 10 + random.below(tokenBytes - 10);
        const other = this.genuine.find((bytes) => bytes !== one) ?? flipped(one, 8 * cut - 1);
        return Buffer.concat([other.subarray(0, cut), one.subarray(cut)]).toString("base64url");
      }
      case "another spelling": {
        const at = random.below(tokenChars);
        const char = alphabet[(alphabet.indexOf(text[at]!) + 1 + random.below(63)) % 64]!;
        return text.slice(0, at) + char + text.slice(at + 1);
      }
      case "cut or longer":
        return random.below(2) === 0 ? text.slice(0, random.below(tokenChars)) : `${text}A`;
      case "of another installation":
        return this.written(this.strange, nowSec);
      case "under another key's number": {
        const bytes = Buffer.from(this.written(this.otherNumber, nowSec), "base64url");
        if (random.below(2) === 0) bytes[0] = 1;
        return bytes.toString("base64url");
      }
      case "sent again":
        return text;
      case "past its life":
        return this.written(this.earlier, nowSec - tokenLifeSec - 1 - random.below(10_000));
    }
  }

  private takes(text: string): boolean {
    const { read, notice } = this;
    if (!this.reader.read(text, read)) return false;
    const { nonce, keyId, flags, exchange, lineItem, creative, cell, priceMicros } = read;
    const { reservedMicros, currency, timeSec, expirySec, slot, slotUse } = read;
    notice.nonce.set(nonce);
    Object.assign(notice, { noticeKind: NoticeKind.BILL, keyId, flags, exchange, lineItem });
    Object.assign(notice, { creative, cell, priceMicros, reservedMicros, currency });
    Object.assign(notice, { timeSec, expirySec, slot, slotUse });
    return settle(this.context, notice, nowSec, this.settlement) === Taken.NEW;
  }
}

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
