/**
 * The fixed 128-byte record of a worker's ring to the money thread (little-endian), and the numbers
 * that the journal stores. Kinds are added, never changed.
 */
export const RecordKind = {
  /** A notice with a verified token. */
  NOTICE: 1,
  /** A context cell: journaled before any notice that names it. */
  CELL: 2,
  /** Money granted to a line item's allowance: journaled before use. */
  GRANT: 3,
  /** Money taken back from an allowance (clean shutdown, end of day). */
  RETURN: 4,
  /** A World was published. */
  GENERATION: 5,
  /** The process started; names its boot number. */
  BOOT: 6,
  /** The process stopped in order: nothing of this boot is in an allowance any more. */
  CLOSE: 7,
  /** What an hour, a cell and a line item were asked and answered since the last one of them. */
  COUNT: 8,
  /** Where a line item belongs and what it costs on top: journaled before a grant under them. */
  TERMS: 9,
  /** Forgets of the forget log up to this sequence were put through. */
  FORGET: 10,
  /** A campaign was held at an exchange, or let go. */
  HOLD: 11,
  /** How an exchange ends auctions and what is learnt of it, from here on. */
  EXCHANGE: 12,
  /** No bid of the boot expires later, until the next one of them: journaled before such a bid. */
  LEASE: 13,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Kinds that a ring carries and no journal stores: they name a person. */
export const RingKind = { GHOST: 128 } as const;

/**
 * What a NOTICE did to money, decided once and stored, so that a replay never decides again.
 * Duplicates and notices past the token's life are not stored.
 */
export const NoticeEffect = {
  /** Counted only. */
  NONE: 0,
  /** A bill that found its reservation. */
  BILLED: 1,
  /** A bill after its reservation was released: charged all the same. */
  LATE: 2,
  /** A loss that found its reservation. */
  RELEASED: 3,
  /** Of a test request: never money. */
  TEST: 4,
  /** A bill of an earlier boot: covered by what that boot had granted. */
  EARLIER_BOOT: 5,
} as const;
export type NoticeEffect = (typeof NoticeEffect)[keyof typeof NoticeEffect];

/** Byte offsets of a NOTICE in the ring. f64 at multiples of 8. */
export const NoticeField = {
  recordKind: 0, // u8
  noticeKind: 1, // u8 NoticeKind
  flags: 2, // u8, TokenFlag bits
  keyId: 3, // u8
  sequence: 4, // u32: the worker's acknowledgement number
  nonce: 8, // 9 bytes, padded to 16: worker u8, boot u24, counter u40, big-endian
  exchange: 24, // u32
  lineItem: 28, // u32
  creative: 32, // u32
  cell: 36, // u32
  priceMicros: 40, // f64, CPM in currency
  reservedMicros: 48, // f64, CPM in the advertiser's currency
  currency: 56, // u32 CurrencyCode
  timeSec: 60, // u32
  expirySec: 64, // u32
  slot: 68, // u32, 0xffffff = none
  slotUse: 72, // u32
  lossCode: 76, // u32, 0xffff = none
  clearingMicros: 80, // f64, -1 = unknown (absent, AUDIT, unreplaced macro)
  minToWinMicros: 88, // f64, -1 = unknown
  receivedMs: 96, // f64
} as const;

/** Byte offsets of a CELL in the ring. */
export const CellField = {
  recordKind: 0, // u8
  textLength: 1, // u8, <= 88
  cell: 4, // u32
  format: 8, // u8 Media
  width: 10, // u16
  height: 12, // u16
  country: 16, // u32
  dealLo: 20, // u32 key of the deal, 0 = none
  dealHi: 24, // u32
  exchange: 28, // u32
  text: 32, // property (domain or bundle), UTF-8, cut at 88 bytes
} as const;

/** Byte offsets of a COUNT in the ring: up to seven counts of one hour. */
export const CountField = {
  recordKind: 0, // u8
  counts: 1, // u8, how many follow
  hour: 4, // u32, hours since 1970 UTC
  first: 16, // 16 bytes each:
  cell: 0, // u32
  lineItem: 4, // u32, 0 = the requests of the cell themselves
  asked: 8, // u32: requests (line item 0), else bids
  declined: 12, // u32: requests without a bid (line item 0), else 0
} as const;
export const countBytes = 16;
export const countsPerRecord = 7;

/** Byte offsets of a GHOST in the ring. */
export const GhostField = {
  recordKind: 0, // u8
  lineItem: 4, // u32
  ordinal: 8, // u32
  country: 12, // u32
} as const;

/** Bits of a token's flags byte. */
export const TokenFlag = { TEST: 1, DEAL: 2 } as const;
