import { NoticeKind } from "../base/lists.js";
import type { Micros } from "../base/units.js";
import {
  lossCodeFrom,
  microsFromBase64,
  microsFromNotice,
  NO_LOSS_CODE,
  UNKNOWN_MICROS,
} from "./notice-price.js";

/** What a notice said, reused from call to call. */
export class NoticeParameters {
  /** As it came; "" = none. */
  token = "";
  /** Clearing price, CPM in the bid's currency; -1 = unknown. */
  clearingMicros = UNKNOWN_MICROS as Micros;
  /** The clearing price as the exchange encrypted it (token-price), "" = none. */
  encryptedPrice = "";
  /** What would have won, or what came second; -1 = unknown. */
  minToWinMicros = UNKNOWN_MICROS as Micros;
  /** 0xffff = none. */
  lossCode = NO_LOSS_CODE;

  clear(): void {
    this.token = this.encryptedPrice = "";
    this.clearingMicros = this.minToWinMicros = UNKNOWN_MICROS as Micros;
    this.lossCode = NO_LOSS_CODE;
  }
}

/** A longer address could arrive in two TCP segments, which some servers refuse. */
export const noticeUrlBytesMax = 1200;
/** Longer forms are not ours. */
const formCharsMax = 4096;

/**
 * Reads a notice's query and, for a POST, its form body (application/x-www-form-urlencoded;
 * anything else has no parameter). The first value of a name counts, the query's before the body's.
 * Never fails: a price that is not one is unknown, a token that is not one is refused by
 * TokenReader.
 */
export function parseNotice(
  kind: NoticeKind,
  query: string,
  body: string,
  out: NoticeParameters,
): void {
  out.clear();
  let seen = readForm(kind, query, out, 0);
  seen = readForm(kind, body, out, seen);
}

/** Names as bits: which were seen. */
const names: Readonly<Record<string, number>> = { t: 1, p: 2, pb: 2, pe: 2, r: 4, m: 8 };

function readForm(kind: NoticeKind, form: string, out: NoticeParameters, before: number): number {
  let seen = before;
  if (form.length > formCharsMax) return seen;
  let start = form.startsWith("?") ? 1 : 0;
  while (start < form.length) {
    const next = form.indexOf("&", start);
    const end = next < 0 ? form.length : next;
    const equals = form.indexOf("=", start);
    if (equals > start && equals < end) {
      const name = form.slice(start, equals);
      const bit = Object.hasOwn(names, name) ? (names[name] as number) : 0;
      if (bit !== 0 && (seen & bit) === 0) {
        assign(kind, name, percentDecoded(form.slice(equals + 1, end)), out);
      }
      seen |= bit;
    }
    start = end + 1;
  }
  return seen;
}

function assign(kind: NoticeKind, name: string, value: string, out: NoticeParameters): void {
  if (name === "t") out.token = value;
  else if (name === "p") out.clearingMicros = microsFromNotice(value);
  else if (name === "pb") out.clearingMicros = microsFromBase64(value);
  else if (name === "pe") out.encryptedPrice = value;
  else if (kind !== NoticeKind.LOSS) return;
  else if (name === "r") out.lossCode = lossCodeFrom(value);
  else out.minToWinMicros = microsFromNotice(value);
}

/** ASCII escapes once; other escapes stay, and what holds them is then unknown. */
const percentDecoded = (text: string): string =>
  text.includes("%")
    ? text.replaceAll(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
