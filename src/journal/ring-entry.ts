import type { RingReader } from "../base/ring.js";
import type { CellEntry, CountEntry, NoticeEntry } from "./entry.js";
import type { Notice } from "./notice.js";
import {
  CellField,
  CountField,
  countBytes,
  GhostField,
  type NoticeEffect,
  RecordKind,
} from "./record.js";

/** Ring records as the journal stores them, and ghosts, which it does not. */
const decoder = new TextDecoder();

export function cellEntry(reader: RingReader, at: number, boot: number): CellEntry {
  const { view } = reader;
  const start = at + CellField.text;
  const length = view.getUint8(at + CellField.textLength);
  return {
    kind: RecordKind.CELL,
    boot,
    cell: view.getUint32(at + CellField.cell, true),
    exchange: view.getUint32(at + CellField.exchange, true),
    format: view.getUint8(at + CellField.format),
    width: view.getUint16(at + CellField.width, true),
    height: view.getUint16(at + CellField.height, true),
    country: view.getUint32(at + CellField.country, true),
    dealLo: view.getUint32(at + CellField.dealLo, true),
    dealHi: view.getUint32(at + CellField.dealHi, true),
    property: decoder.decode(reader.bytes.slice(start, start + length)),
  };
}

/** A COUNT in the ring is up to seven entries. */
export function countEntries(
  reader: RingReader,
  at: number,
  boot: number,
  out: { push(entry: CountEntry): unknown },
): void {
  const { view } = reader;
  const hour = view.getUint32(at + CountField.hour, true);
  const end = view.getUint8(at + CountField.counts) * countBytes;
  for (let count = 0; count < end; count += countBytes) {
    const from = at + CountField.first + count;
    const lineItem = view.getUint32(from + CountField.lineItem, true);
    const asked = view.getUint32(from + CountField.asked, true);
    out.push({
      kind: RecordKind.COUNT,
      boot,
      hour,
      cell: view.getUint32(from + CountField.cell, true),
      lineItem,
      requests: lineItem === 0 ? asked : 0,
      bids: lineItem === 0 ? 0 : asked,
      noBids: view.getUint32(from + CountField.declined, true),
    });
  }
}

export function noticeEntry(
  notice: Notice,
  effect: NoticeEffect,
  chargedNanos: number,
): NoticeEntry {
  return {
    kind: RecordKind.NOTICE,
    noticeKind: notice.noticeKind,
    flags: notice.flags,
    keyId: notice.keyId,
    worker: notice.worker,
    boot: notice.boot,
    counter: notice.counter,
    exchange: notice.exchange,
    lineItem: notice.lineItem,
    creative: notice.creative,
    cell: notice.cell,
    priceMicros: notice.priceMicros,
    reservedMicros: notice.reservedMicros,
    currency: notice.currency,
    timeSec: notice.timeSec,
    expirySec: notice.expirySec,
    lossCode: notice.lossCode,
    clearingMicros: notice.clearingMicros,
    minToWinMicros: notice.minToWinMicros,
    receivedMs: notice.receivedMs,
    effect,
    chargedNanos,
  };
}

/** Who was not bid for, by which line item; `country` as packed alpha-3, 0 = not known. */
export type GhostBid = {
  readonly lineItem: number;
  readonly ordinal: number;
  readonly country: number;
};

export const ghostBid = ({ view }: RingReader, at: number): GhostBid => ({
  lineItem: view.getUint32(at + GhostField.lineItem, true),
  ordinal: view.getUint32(at + GhostField.ordinal, true),
  country: view.getUint32(at + GhostField.country, true),
});
