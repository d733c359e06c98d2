import { z } from "zod";
import { Namespace } from "../base/identifier.js";
import { NoticeKind } from "../base/lists.js";
import {
  currency,
  flag,
  hint,
  list,
  matching,
  object,
  oneOf,
  textOf,
  wholeNumber,
} from "./schema-words.js";

/**
 * exchanges/profiles/*.yaml say how a kind of exchange speaks; exchanges/*.yaml are the instances
 * that we are connected to: each extends a profile, has an id and a credential, and may override
 * what the profile says.
 */

export const identityNames = {
  idfa: Namespace.IDFA,
  aaid: Namespace.AAID,
  oaid: Namespace.OAID,
  tifa: Namespace.TIFA,
  idfaSha1: Namespace.IDFA_SHA1,
  idfaMd5: Namespace.IDFA_MD5,
  aaidSha1: Namespace.AAID_SHA1,
  aaidMd5: Namespace.AAID_MD5,
  oaidSha1: Namespace.OAID_SHA1,
  oaidMd5: Namespace.OAID_MD5,
  buyerUid: Namespace.BUYER_UID,
  eid: Namespace.EID,
} as const;

export const noticeNames = {
  win: NoticeKind.WIN,
  bill: NoticeKind.BILL,
  loss: NoticeKind.LOSS,
  impression: NoticeKind.IMPRESSION,
  click: NoticeKind.CLICK,
} as const;

const keysOf = <T extends Record<string, number>>(table: T) =>
  Object.keys(table) as [keyof T & string, ...(keyof T & string)[]];

const seller = matching(/^[^\s/]+\/\S+$/, 'a seller as "asi/sid", such as "seller.example/1234"');

const share = z
  .number({ error: hint("a share from 0 to 1 such as 0.6") })
  .min(0, { error: hint("a share of at least 0") })
  .max(1, { error: hint("a share of at most 1") });

const profileShape = {
  version: oneOf(["2.5", "2.6"]),
  /** Where the request states no `at`. */
  auctionType: oneOf(["first", "second"]),
  currency,
  identityOrder: list(oneOf(keysOf(identityNames)), "idfa, aaid, buyerUid", 12),
  maxBidsPerImp: wholeNumber(1, 16, "bids for an impression"),
  maxBids: wholeNumber(1, 128, "bids in an answer"),
  noBid: oneOf(["204", "empty-object", "empty-seatbid"]),
  gzipRequests: flag,
  /** It sends a request on a connection before the last one is answered. */
  pipelining: flag.optional(),
  networkMarginMs: wholeNumber(0, 1000, "milliseconds"),
  tmaxDefaultMs: wholeNumber(10, 5000, "milliseconds"),
  /** 0 = no limit. */
  queriesPerSecMax: wholeNumber(0, 10_000_000, "requests a second, 0 for no limit"),
  seatRequired: flag,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the exchange's macro
  priceMacro: matching(/^\$\{AUCTION_PRICE(?::[A-Z0-9_]+)?\}$/, '"${AUCTION_PRICE}"'),
  clickMacro: z.string({ error: hint("the exchange's click macro, or an empty text") }).max(100),
  notices: list(oneOf(keysOf(noticeNames)), "win, bill, loss", 5),
  billsBy: oneOf(["win", "bill", "impression"]),
  /** Answers are filled up with blanks to a multiple of so many bytes. */
  padAnswersTo: wholeNumber(1, 16_384, "bytes").optional(),
  schainRequired: flag,
  sellersBlocked: list(seller, "seller.example/1234", 100_000).optional(),
  sellersAllowed: list(seller, "seller.example/1234", 100_000).optional(),
  expDefaultSec: wholeNumber(1, 86_400, "seconds from bid to impression"),
  /** Wins per bid that are credible. */
  winRate: object({ min: share, max: share })
    .refine(({ min, max }) => min < max, {
      error: "the lower bound is not below the upper one: exchange them",
    })
    .optional(),
} as const;

export const exchangeProfile = object(profileShape);
export type ExchangeProfileForm = z.output<typeof exchangeProfile>;

const address = matching(
  /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/,
  'an address or a range such as "203.0.113.0/24"',
);

/** A token has two bytes for its exchange. */
const exchangeIdMax = 0xffff;

/** Says nothing of what it found: that may be a key. */
const keyFile =
  "must be the path of a 0400 file that holds the key, such as /run/keys/alpha-encryption.key: " +
  "a key itself does not belong into a file of the config";
const keyPath = z
  .string({ error: keyFile })
  .max(1024, { error: keyFile })
  .regex(/^[\w./-]*\.[a-z0-9]+$/i, { error: keyFile });

const noSecret =
  "a secret does not belong into a file: write `secretSha256`, the hexadecimal SHA-256 of it " +
  "(printf %s SECRET | sha256sum)";
export const exchangeFile = object(
  {
    id: wholeNumber(1, exchangeIdMax, "the number of the exchange"),
    name: matching(
      /^[a-z0-9][a-z0-9-]{0,31}$/,
      'the last part of the bid address, such as "openrtb26"',
    ),
    extends: textOf("the name of a file in exchanges/profiles without .yaml", 64),
    secretSha256: matching(
      /^[0-9a-f]{64}$/,
      "the SHA-256 of the secret, 64 hexadecimal digits",
    ).optional(),
    /** Keys of encrypted clearing prices; several while the exchange changes them. */
    priceKeys: list(
      object({ encryption: keyPath, integrity: keyPath }),
      "{encryption: /run/keys/alpha-encryption.key, integrity: /run/keys/alpha-integrity.key}",
      4,
    ).optional(),
    addresses: list(address, '"203.0.113.0/24"', 1000).optional(),
    ...exchangeProfile.partial().shape,
  },
  { secret: noSecret, password: noSecret, token: noSecret },
);
export type ExchangeForm = z.output<typeof exchangeFile>;

const rate = z.union(
  [
    z.number({ error: hint("a rate such as 1.0842") }).positive({ error: hint("a rate above 0") }),
    matching(/^\d{1,9}(?:\.\d{1,9})?$/, 'a rate such as "1.0842"'),
  ],
  { error: hint("a rate such as 1.0842") },
);

export const ratesFile = object({
  base: currency,
  /** The day and time that the rates are of, UTC. */
  asOf: matching(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?$/,
    'a day or a moment in UTC such as "2026-12-01" or "2026-12-01T16:00Z"',
  ).refine((text) => !Number.isNaN(Date.parse(text)), { error: "is no moment of the calendar" }),
  /** True = never stale. */
  fixed: flag.optional(),
  rates: z.record(currency, rate, {
    error: hint("currencies with the amount that one unit of the base buys, such as {USD: 1.08}"),
  }),
});
