import { unreachable } from "../base/assert.js";
import { RecordKind } from "./record.js";

/**
 * Records as the journal stores them: plain arrays [kind, field, field, ...] in the order of
 * `fieldsOf`. New fields are appended, new kinds added; nothing is ever moved or given another
 * meaning. Money is nanos (1e-9) of the advertiser's currency, a whole number below 2^53. No record
 * says anything of a person.
 */
export type NoticeEntry = {
  readonly kind: typeof RecordKind.NOTICE;
  readonly noticeKind: number;
  readonly flags: number;
  readonly keyId: number;
  /** The token's nonce: worker, boot, counter. */
  readonly worker: number;
  readonly boot: number;
  readonly counter: number;
  readonly exchange: number;
  readonly lineItem: number;
  readonly creative: number;
  /** Context cell of the token's boot; 0 = other. */
  readonly cell: number;
  readonly priceMicros: number;
  readonly reservedMicros: number;
  readonly currency: number;
  readonly timeSec: number;
  readonly expirySec: number;
  readonly lossCode: number;
  readonly clearingMicros: number;
  readonly minToWinMicros: number;
  readonly receivedMs: number;
  /** NoticeEffect */
  readonly effect: number;
  readonly chargedNanos: number;
};

export type CellEntry = {
  readonly kind: typeof RecordKind.CELL;
  readonly boot: number;
  readonly cell: number;
  readonly exchange: number;
  readonly format: number;
  readonly width: number;
  readonly height: number;
  readonly country: number;
  readonly dealLo: number;
  readonly dealHi: number;
  /** Domain or bundle, cut at 88 bytes. */
  readonly property: string;
};

/** Money that moves between a campaign's budget and a line item's allowance. */
export type AllowanceEntry = {
  readonly kind: typeof RecordKind.GRANT | typeof RecordKind.RETURN;
  readonly boot: number;
  readonly campaign: number;
  readonly lineItem: number;
  readonly nanos: number;
  readonly timeMs: number;
  /** Of an allowance in impressions, whose `nanos` are 0; absent = 0. */
  readonly impressions?: number;
};

export type GenerationEntry = {
  readonly kind: typeof RecordKind.GENERATION;
  readonly boot: number;
  readonly generation: number;
  readonly timeMs: number;
};

export type BootEntry = {
  readonly kind: typeof RecordKind.BOOT | typeof RecordKind.CLOSE;
  readonly boot: number;
  readonly timeMs: number;
};

/** Since the last one of the same hour, cell and line item: readers add them up. */
export type CountEntry = {
  readonly kind: typeof RecordKind.COUNT;
  readonly boot: number;
  /** Hours since 1970 UTC. */
  readonly hour: number;
  /** Context cell of the boot; 0 = other. */
  readonly cell: number;
  /** 0 = the requests of the cell themselves: they have `requests` and `noBids`, others `bids`. */
  readonly lineItem: number;
  readonly requests: number;
  readonly bids: number;
  readonly noBids: number;
};

/**
 * A line item's place in the tree and its cost lines, in force from here on: a bill is split by the
 * newest terms before it in the journal.
 */
export type TermsEntry = {
  readonly kind: typeof RecordKind.TERMS;
  readonly boot: number;
  readonly lineItem: number;
  readonly campaign: number;
  readonly advertiser: number;
  readonly agency: number;
  /** CurrencyCode of the advertiser. */
  readonly currency: number;
  /** Millionths of the media cost. */
  readonly marginPpm: number;
  readonly technicalPpm: number;
  /** Data fee of the segments, nanos an impression. */
  readonly dataNanos: number;
  readonly timeMs: number;
};

export type ForgetEntry = {
  readonly kind: typeof RecordKind.FORGET;
  readonly boot: number;
  readonly sequence: number;
  readonly timeMs: number;
};

export type HoldEntry = {
  readonly kind: typeof RecordKind.HOLD;
  readonly boot: number;
  readonly campaign: number;
  readonly exchange: number;
  /** 1 = held, 0 = let go. */
  readonly held: number;
  readonly timeMs: number;
};

/**
 * How an exchange ends its auctions and what its notices teach, in force from here on, so that the
 * same notices teach the same when they are read again. Flags are 0 or 1.
 */
export type ExchangeEntry = {
  readonly kind: typeof RecordKind.EXCHANGE;
  readonly boot: number;
  readonly exchange: number;
  /** NoticeKind that tells of a win. */
  readonly winsBy: number;
  readonly losses: number;
  readonly firstPrice: number;
  /** Whether prices and clicks are learnt. */
  readonly prices: number;
  readonly clicks: number;
  readonly timeMs: number;
};

export type LeaseEntry = {
  readonly kind: typeof RecordKind.LEASE;
  readonly boot: number;
  readonly untilSec: number;
  readonly timeMs: number;
};

export type Entry =
  | NoticeEntry
  | CellEntry
  | AllowanceEntry
  | GenerationEntry
  | BootEntry
  | CountEntry
  | TermsEntry
  | ForgetEntry
  | HoldEntry
  | ExchangeEntry
  | LeaseEntry;

/** When a record was made, ms by the clock of then; 0 = it does not say. */
export const momentMsOf = (entry: Entry): number =>
  "receivedMs" in entry ? entry.receivedMs : "timeMs" in entry ? entry.timeMs : 0;

const allowanceFields = ["boot", "campaign", "lineItem", "nanos", "timeMs"] as const;
const bootFields = ["boot", "timeMs"] as const;

const fieldsOf: Readonly<Record<RecordKind, readonly string[]>> = {
  [RecordKind.NOTICE]: [
    ...["noticeKind", "flags", "keyId", "worker", "boot", "counter", "exchange", "lineItem"],
    ...["creative", "cell", "priceMicros", "reservedMicros", "currency", "timeSec", "expirySec"],
    ...["lossCode", "clearingMicros", "minToWinMicros", "receivedMs", "effect", "chargedNanos"],
  ],
  [RecordKind.CELL]: [
    ...["boot", "cell", "exchange", "format", "width", "height", "country", "dealLo", "dealHi"],
    "property",
  ],
  [RecordKind.GRANT]: allowanceFields,
  [RecordKind.RETURN]: allowanceFields,
  [RecordKind.GENERATION]: ["boot", "generation", "timeMs"],
  [RecordKind.BOOT]: bootFields,
  [RecordKind.CLOSE]: bootFields,
  [RecordKind.COUNT]: ["boot", "hour", "cell", "lineItem", "requests", "bids", "noBids"],
  [RecordKind.TERMS]: [
    ...["boot", "lineItem", "campaign", "advertiser", "agency", "currency"],
    ...["marginPpm", "technicalPpm", "dataNanos", "timeMs"],
  ],
  [RecordKind.FORGET]: ["boot", "sequence", "timeMs"],
  [RecordKind.HOLD]: ["boot", "campaign", "exchange", "held", "timeMs"],
  [RecordKind.EXCHANGE]: [
    ...["boot", "exchange", "winsBy", "losses", "firstPrice", "prices", "clicks", "timeMs"],
  ],
  [RecordKind.LEASE]: ["boot", "untilSec", "timeMs"],
};

/** Fields that a record may lack: those that came later. */
const laterFieldsOf: Readonly<Partial<Record<RecordKind, readonly string[]>>> = {
  [RecordKind.GRANT]: ["impressions"],
  [RecordKind.RETURN]: ["impressions"],
};

/** The stored form. */
export function arrayFrom(entry: Entry): unknown[] {
  const values = entry as unknown as Readonly<Record<string, unknown>>;
  const fields = fieldsOf[entry.kind];
  const array: unknown[] = new Array(fields.length + 1);
  array[0] = entry.kind;
  for (let i = 0; i < fields.length; i++) array[i + 1] = values[fields[i] as string];
  for (const field of laterFieldsOf[entry.kind] ?? []) {
    if (values[field] === undefined) break;
    array.push(values[field]);
  }
  return array;
}

/**
 * Reads a stored record; null for a kind that this version does not know; throws on a malformed
 * one.
 */
export function entryFrom(array: unknown): Entry | null {
  if (!Array.isArray(array)) throw new Error("a journal record is not an array");
  const values = array as readonly unknown[];
  const kind = values[0] as RecordKind;
  const fields = fieldsOf[kind] as readonly string[] | undefined;
  if (fields === undefined) {
    if (typeof kind === "number") return null;
    throw new Error("a journal record has no kind");
  }
  for (let i = 0; i < fields.length; i++) {
    if (typeof values[i + 1] !== (fields[i] === "property" ? "string" : "number")) {
      throw new Error(`field ${fields[i]} of a journal record of kind ${kind} is missing`);
    }
  }
  return entryOf(kind, values as readonly number[]);
}

/** The literal objects make replays ten times as fast as filling them field by field. */
function entryOf(kind: RecordKind, v: readonly number[]): Entry {
  switch (kind) {
    case RecordKind.NOTICE:
      return noticeOf(v);
    case RecordKind.CELL:
      return {
        ...{ kind, boot: v[1]!, cell: v[2]!, exchange: v[3]!, format: v[4]!, width: v[5]! },
        ...{ height: v[6]!, country: v[7]!, dealLo: v[8]!, dealHi: v[9]! },
        property: v[10] as unknown as string,
      };
    case RecordKind.GRANT:
    case RecordKind.RETURN:
      return {
        kind,
        boot: v[1]!,
        campaign: v[2]!,
        lineItem: v[3]!,
        nanos: v[4]!,
        timeMs: v[5]!,
        ...(typeof v[6] === "number" ? { impressions: v[6] } : {}),
      };
    case RecordKind.GENERATION:
      return { kind, boot: v[1]!, generation: v[2]!, timeMs: v[3]! };
    case RecordKind.BOOT:
    case RecordKind.CLOSE:
      return { kind, boot: v[1]!, timeMs: v[2]! };
    case RecordKind.COUNT:
      return {
        ...{ kind, boot: v[1]!, hour: v[2]!, cell: v[3]!, lineItem: v[4]! },
        ...{ requests: v[5]!, bids: v[6]!, noBids: v[7]! },
      };
    case RecordKind.TERMS:
      return {
        ...{ kind, boot: v[1]!, lineItem: v[2]!, campaign: v[3]!, advertiser: v[4]! },
        ...{ agency: v[5]!, currency: v[6]!, marginPpm: v[7]!, technicalPpm: v[8]! },
        ...{ dataNanos: v[9]!, timeMs: v[10]! },
      };
    case RecordKind.FORGET:
      return { kind, boot: v[1]!, sequence: v[2]!, timeMs: v[3]! };
    case RecordKind.HOLD:
      return {
        ...{ kind, boot: v[1]!, campaign: v[2]!, exchange: v[3]! },
        ...{ held: v[4]!, timeMs: v[5]! },
      };
    case RecordKind.EXCHANGE:
      return {
        ...{ kind, boot: v[1]!, exchange: v[2]!, winsBy: v[3]!, losses: v[4]! },
        ...{ firstPrice: v[5]!, prices: v[6]!, clicks: v[7]!, timeMs: v[8]! },
      };
    case RecordKind.LEASE:
      return { kind, boot: v[1]!, untilSec: v[2]!, timeMs: v[3]! };
    default:
      return unreachable(kind);
  }
}

const noticeOf = (v: readonly number[]): NoticeEntry => ({
  kind: RecordKind.NOTICE,
  noticeKind: v[1]!,
  flags: v[2]!,
  keyId: v[3]!,
  worker: v[4]!,
  boot: v[5]!,
  counter: v[6]!,
  exchange: v[7]!,
  lineItem: v[8]!,
  creative: v[9]!,
  cell: v[10]!,
  priceMicros: v[11]!,
  reservedMicros: v[12]!,
  currency: v[13]!,
  timeSec: v[14]!,
  expirySec: v[15]!,
  lossCode: v[16]!,
  clearingMicros: v[17]!,
  minToWinMicros: v[18]!,
  receivedMs: v[19]!,
  effect: v[20]!,
  chargedNanos: v[21]!,
});
