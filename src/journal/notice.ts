import { NoticeField } from "./record.js";

/** The 9 bytes of a token's nonce as numbers. */
export const nonceBytes = 9;

/**
 * A verified notice on its way from a worker's ring into the journal. Fields and units:
 * `NoticeField`.
 */
export class Notice {
  /** NoticeKind of bid/exchange */
  noticeKind = 0;
  flags = 0;
  keyId = 0;
  sequence = 0;
  readonly nonce = new Uint8Array(nonceBytes);
  exchange = 0;
  lineItem = 0;
  creative = 0;
  cell = 0;
  priceMicros = 0;
  reservedMicros = 0;
  currency = 0;
  timeSec = 0;
  expirySec = 0;
  slot = 0;
  slotUse = 0;
  lossCode = 0xffff;
  clearingMicros = -1;
  minToWinMicros = -1;
  receivedMs = 0;

  /** The worker that made the token, its boot, and its number among that worker's tokens. */
  get worker(): number {
    return this.nonce[0]!;
  }
  get boot(): number {
    return (this.nonce[1]! << 16) | (this.nonce[2]! << 8) | this.nonce[3]!;
  }
  get counter(): number {
    const low = this.nonce[6]! * 65_536 + ((this.nonce[7]! << 8) | this.nonce[8]!);
    return ((this.nonce[4]! << 8) | this.nonce[5]!) * 2 ** 24 + low;
  }
}

/** Writes the ring record at `at`; its kind is the caller's. */
export function writeNotice(notice: Notice, view: DataView, at: number): void {
  view.setUint8(at + NoticeField.noticeKind, notice.noticeKind);
  view.setUint8(at + NoticeField.flags, notice.flags);
  view.setUint8(at + NoticeField.keyId, notice.keyId);
  view.setUint32(at + NoticeField.sequence, notice.sequence, true);
  for (let i = 0; i < nonceBytes; i++) view.setUint8(at + NoticeField.nonce + i, notice.nonce[i]!);
  view.setUint32(at + NoticeField.exchange, notice.exchange, true);
  view.setUint32(at + NoticeField.lineItem, notice.lineItem, true);
  view.setUint32(at + NoticeField.creative, notice.creative, true);
  view.setUint32(at + NoticeField.cell, notice.cell, true);
  view.setFloat64(at + NoticeField.priceMicros, notice.priceMicros, true);
  view.setFloat64(at + NoticeField.reservedMicros, notice.reservedMicros, true);
  view.setUint32(at + NoticeField.currency, notice.currency, true);
  view.setUint32(at + NoticeField.timeSec, notice.timeSec, true);
  view.setUint32(at + NoticeField.expirySec, notice.expirySec, true);
  view.setUint32(at + NoticeField.slot, notice.slot, true);
  view.setUint32(at + NoticeField.slotUse, notice.slotUse, true);
  view.setUint32(at + NoticeField.lossCode, notice.lossCode, true);
  view.setFloat64(at + NoticeField.clearingMicros, notice.clearingMicros, true);
  view.setFloat64(at + NoticeField.minToWinMicros, notice.minToWinMicros, true);
  view.setFloat64(at + NoticeField.receivedMs, notice.receivedMs, true);
}

/** Reads the ring record at `at`. */
export function readNotice(view: DataView, at: number, out: Notice): void {
  out.noticeKind = view.getUint8(at + NoticeField.noticeKind);
  out.flags = view.getUint8(at + NoticeField.flags);
  out.keyId = view.getUint8(at + NoticeField.keyId);
  out.sequence = view.getUint32(at + NoticeField.sequence, true);
  for (let i = 0; i < nonceBytes; i++) out.nonce[i] = view.getUint8(at + NoticeField.nonce + i);
  out.exchange = view.getUint32(at + NoticeField.exchange, true);
  out.lineItem = view.getUint32(at + NoticeField.lineItem, true);
  out.creative = view.getUint32(at + NoticeField.creative, true);
  out.cell = view.getUint32(at + NoticeField.cell, true);
  out.priceMicros = view.getFloat64(at + NoticeField.priceMicros, true);
  out.reservedMicros = view.getFloat64(at + NoticeField.reservedMicros, true);
  out.currency = view.getUint32(at + NoticeField.currency, true);
  out.timeSec = view.getUint32(at + NoticeField.timeSec, true);
  out.expirySec = view.getUint32(at + NoticeField.expirySec, true);
  out.slot = view.getUint32(at + NoticeField.slot, true);
  out.slotUse = view.getUint32(at + NoticeField.slotUse, true);
  out.lossCode = view.getUint32(at + NoticeField.lossCode, true);
  out.clearingMicros = view.getFloat64(at + NoticeField.clearingMicros, true);
  out.minToWinMicros = view.getFloat64(at + NoticeField.minToWinMicros, true);
  out.receivedMs = view.getFloat64(at + NoticeField.receivedMs, true);
}
