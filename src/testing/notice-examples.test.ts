import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tokenLifeSec } from "../base/limits.js";
import { NoticeKind } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { takeAllowance } from "../bid/allowance.js";
import { reserve, sweepSlots } from "../bid/reserve.js";
import { createSharedBuffers, type SharedState, sharedStateFrom } from "../bid/shared-state.js";
import { noticeNames } from "../campaign/schema-exchange.js";
import { noticeQuery } from "../edge/screening.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";
import { MoneyLoop } from "../runtime/money-loop.js";
import { clearingOf, NoticeDesk } from "../runtime/notice-desk.js";
import { NoticeParameters, parseNotice } from "../wire/notice.js";
import { TokenFields, tokenChars } from "../wire/token-format.js";
import { tokenKeyFrom } from "../wire/token-key.js";
import { TokenReader } from "../wire/token-reader.js";
import { TokenWriter } from "../wire/token-writer.js";
import { FaultyFolder } from "./faulty-folder.js";

/** fixtures/notices: one bid of 2.00 CPM that holds 4,000,000 nanos for 600 s, and its notices. */
type Example = {
  readonly description: string;
  /** What bills, "bill" where it is not said. */
  readonly billsBy?: "win" | "bill" | "impression";
  readonly encrypted?: boolean;
  readonly notices: readonly {
    /** After the notice before. */
    readonly afterSec: number;
    readonly request: string;
    readonly body?: string;
    readonly answer: number;
    /** What the journal says of it; null = nothing is stored. */
    readonly effect: string | null;
    readonly chargedNanos: number;
    readonly lossCode?: number;
    readonly minToWinMicros?: number;
  }[];
};

const folder = "fixtures/notices";
const exchange = 4;
const reserved = 4_000_000;
const key = { encryption: new Uint8Array(32).fill(3), integrity: new Uint8Array(32).fill(4) };
const landing = "https://www.brand.example/";

class Bidder {
  ms = 1_800_000_000_000;
  readonly token: string;
  private readonly timeSec: number;
  private readonly state: SharedState;
  private readonly loop: MoneyLoop;
  private readonly desk: NoticeDesk;
  private readonly journal = new FaultyFolder();
  private readonly taken: NoticeEntry[] = [];
  private readonly reader: TokenReader;
  private readonly example: Example;

  constructor(example: Example) {
    this.example = example;
    this.timeSec = this.ms / 1000;
    const buffers = createSharedBuffers({
      ...{ workers: 1, places: 4, slots: 16, capEntries: 16, ringRecords: 64 },
    });
    const state = sharedStateFrom(buffers, 0);
    this.state = state;
    this.loop = new MoneyLoop({
      ...{ buffers, folder: this.journal, segmentBytesMax: 1e6, nextBoot: (boot) => boot + 1 },
      ...{ nowMs: () => this.ms, acknowledge: () => this.desk.acknowledge() },
      folds: [{ take: (entry: Entry) => this.note(entry) }],
    });
    const budget = {
      ...{ campaign: 1, totalNanos: 10n ** 12n, dailyNanos: null, zone: [] },
      lineItems: [{ lineItem: 50, place: 1, bidNanosMax: reserved }],
    };
    const noticeKind = noticeNames[example.billsBy ?? "bill"];
    this.loop.adopt({ generation: 1, campaigns: [budget], billsBy: [{ exchange, noticeKind }] });
    this.loop.step();
    this.desk = new NoticeDesk(state, buffers);
    const tokenKey = tokenKeyFrom({ keyId: 1, secret: new Uint8Array(32).fill(9) });
    this.reader = new TokenReader([tokenKey]);
    const fields = new TokenFields();
    const expirySec = this.timeSec + 600;
    Object.assign(fields, {
      exchange,
      lineItem: 50,
      creative: 1,
      timeSec: this.timeSec,
      expirySec,
    });
    Object.assign(fields, { priceMicros: 2_000_000, reservedMicros: reserved });
    Object.assign(fields, { currency: packAlpha3("USD") });
    const held = { place: 1, ordinal: 1, capSlots: [], capCount: 0, nanos: reserved, expirySec };
    if (!takeAllowance(state, 1, reserved)) throw new Error("no allowance");
    if (!reserve(state, held, this.timeSec, fields)) throw new Error("no slot");
    const text = new Uint8Array(tokenChars);
    new TokenWriter(tokenKey, 0, this.loop.boot).writeInto(fields, text, 0);
    this.token = new TextDecoder().decode(text);
  }

  private note(entry: Entry): void {
    if (entry.kind === RecordKind.NOTICE) this.taken.push(entry);
  }

  /** As the edge worker does: what is answered, and what was stored of it. */
  send(request: string, form: string): { status: number; stored: NoticeEntry | undefined } {
    const [path = "", query = ""] = this.filled(request.split(" ")[1] ?? "").split("?");
    const kind = noticeNames[path.slice(1) as keyof typeof noticeNames];
    const said = new NoticeParameters();
    const token = new TokenFields();
    parseNotice(kind, noticeQuery(query, this.filled(form)), "", said);
    if (!this.reader.read(said.token, token)) return { status: 204, stored: undefined };
    const location = kind === NoticeKind.CLICK ? landing : "";
    if (this.ms / 1000 - token.timeSec > tokenLifeSec) return { status: 204, stored: undefined };
    const keys = this.example.encrypted === true ? [{ exchange, keys: [key] }] : [];
    const { lossCode, minToWinMicros } = said;
    const clearingMicros = clearingOf(said, token, keys);
    const facts = { kind, lossCode, clearingMicros, minToWinMicros };
    let status = 0;
    sweepSlots(this.state, this.ms / 1000, 16);
    const before = this.taken.length;
    this.desk.take(token, facts, location, this.ms, (answer) => {
      status = answer;
    });
    this.loop.step();
    return { status, stored: this.taken[before] };
  }

  private filled(text: string): string {
    return text
      .replaceAll("{token}", this.token)
      .replaceAll(/\{encrypted:([\d.]+)(?::(-?\d+))?\}/g, (_, price: string, after = "1") =>
        encrypted(Number(price) * 1e6, this.timeSec + Number(after)),
      );
  }
}

function encrypted(micros: number, sec: number): string {
  const iv = Buffer.alloc(16, 5);
  iv.writeUInt32BE(sec);
  const price = Buffer.alloc(8);
  price.writeBigUInt64BE(BigInt(Math.round(micros)));
  const pad = createHmac("sha1", key.encryption).update(iv).digest();
  const signature = createHmac("sha1", key.integrity).update(price).update(iv).digest();
  const hidden = price.map((byte, i) => byte ^ pad[i]!);
  return Buffer.concat([iv, hidden, signature.subarray(0, 4)]).toString("base64url");
}

describe("fixtures/notices", () => {
  test.each(readdirSync(folder).map((file) => [file]))("%s", (file) => {
    const example = JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Example;
    const bidder = new Bidder(example);
    for (const wanted of example.notices) {
      bidder.ms += wanted.afterSec * 1000;
      const { status, stored } = bidder.send(wanted.request, wanted.body ?? "");
      expect([wanted.request, status]).toEqual([wanted.request, wanted.answer]);
      if (wanted.effect === null) {
        expect(stored).toBeUndefined();
        continue;
      }
      const effect = NoticeEffect[wanted.effect.toUpperCase() as keyof typeof NoticeEffect];
      expect(stored).toMatchObject({ effect, chargedNanos: wanted.chargedNanos });
      if (wanted.lossCode === undefined) continue;
      const { lossCode, minToWinMicros } = wanted;
      expect(stored).toMatchObject({ lossCode, minToWinMicros });
    }
  });
});
