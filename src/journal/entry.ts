import { RecordKind } from "./record.js";

/**
 * Records as the journal stores them: plain arrays [kind, field, field, ...] in the order of `fieldsOf`. New fields
 * are appended, new kinds added; nothing is ever moved or given another meaning. Money is nanos (1e-9) of the
 * advertiser's currency, a whole number below 2^53. No record says anything of a person.
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

export type Entry = NoticeEntry | CellEntry | AllowanceEntry | GenerationEntry | BootEntry;

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
};

/** The stored form. */
export function arrayFrom(entry: Entry): unknown[] {
  const values = entry as unknown as Readonly<Record<string, unknown>>;
  const fields = fieldsOf[entry.kind];
  const array: unknown[] = new Array(fields.length + 1);
  array[0] = entry.kind;
  for (let i = 0; i < fields.length; i++) array[i + 1] = values[fields[i] as string];
  return array;
}

/** Reads a stored record; null for a kind that this version does not know; throws on a malformed one. */
export function entryFrom(array: unknown): Entry | null {
  if (!Array.isArray(array)) throw new Error("a journal record is not an array");
  const values = array as readonly unknown[];
  const fields = fieldsOf[values[0] as RecordKind] as readonly string[] | undefined;
  if (fields === undefined) {
    if (typeof values[0] === "number") return null;
    throw new Error("a journal record has no kind");
  }
  const entry: Record<string, unknown> = { kind: values[0] };
  for (const [i, field] of fields.entries()) {
    const value = values[i + 1];
    if (typeof value !== (field === "property" ? "string" : "number")) {
      throw new Error(`field ${field} of a journal record of kind ${String(values[0])} is missing`);
    }
    entry[field] = value;
  }
  return entry as unknown as Entry;
}
