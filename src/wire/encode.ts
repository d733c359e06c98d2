import { assert } from "../base/assert.js";
import { offersMax } from "../base/limits.js";
import type { Offer, Offers } from "../bid/offer.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CampaignTable } from "../campaign/table.js";
import { TokenFlag } from "../journal/record.js";
import type { Echo } from "./echo.js";
import { constantBytes, constantInto, copyInto, currencyInto } from "./encode-bytes.js";
import { Answer, bidBytesMax, bidIdChars, entryInto } from "./encode-entry.js";
import type { TemplateTable } from "./template.js";
import { bidEntryOf, NO_ENTRY } from "./template.js";
import { TokenFields, tokenChars } from "./token-format.js";
import type { TokenWriter } from "./token-writer.js";

const idOpen = constantBytes('{"id":"');
const bididName = constantBytes('","bidid":"');
const curName = constantBytes('","cur":"');
const seatbidOpen = constantBytes('","seatbid":[');
const bidOpen = constantBytes('{"bid":[');
const seatOpen = constantBytes('{"seat":"');
const seatBidOpen = constantBytes('","bid":[');
const emptySeatbid = constantBytes('","seatbid":[]}');
const emptyObject = constantBytes("{}");
const comma = 44;
const bracket = 93;
const brace = 125;
const blank = 32;

/** Braces, names and the currency round the bids; word-wise copies may write a word too far. */
const frameBytes = 128;

/**
 * Working memory, one a thread, in use only within one call of `encodeInto`, which never yields.
 * Sized for `offersMax` offers: `Offers` holds no more.
 */
const answer = new Answer();
const fields = new TokenFields();
const tokens = new Uint8Array(offersMax * tokenChars);
/** Place of an offer's seat in the template table's seats; `done` = written, or left out. */
const seatOf = new Uint32Array(offersMax);
const done = 0xffff_ffff;
answer.tokens = tokens;
answer.tokenWords = new Uint32Array(tokens.buffer);

/**
 * Writes the answer to `out` and gives its bytes; 0 = no bid could be written: answer the no-bid
 * form. A bid is left out when its creative has no template for the exchange, or when it no longer
 * fits: its reservation expires by itself.
 */
export function encodeInto(
  echo: Echo,
  offers: Offers,
  exchange: Exchange,
  templates: TemplateTable,
  table: CampaignTable,
  writer: TokenWriter,
  out: Uint8Array,
): number {
  begin(echo, exchange, templates, table, out);
  const first = admit(offers, exchange);
  if (first < 0) return 0;
  for (let i = first; i < offers.count; i++) {
    if (seatOf[i] !== done) tokenInto(offers, offers.items[i]!, i, exchange, writer);
  }
  let at = echo.idInto(out, constantInto(idOpen, out, 0));
  const firstEnd = (first + 1) * tokenChars;
  at = constantInto(bididName, out, at);
  at = copyInto(tokens, firstEnd - bidIdChars, firstEnd, out, at);
  at = currencyInto(offers.currency, out, constantInto(curName, out, at));
  at = constantInto(seatbidOpen, out, at);
  for (let i = first; i < offers.count; i++) {
    if (seatOf[i] === done) continue;
    if (i > first) out[at++] = comma;
    at = seatInto(offers, i, at);
  }
  out[at++] = bracket;
  out[at++] = brace;
  assert(at <= out.length);
  return padded(out, at, exchange.padAnswersToBytes ?? 0);
}

/** Blanks behind the value are white space to every reader of JSON (RFC 8259, 2). */
function padded(out: Uint8Array, bytes: number, step: number): number {
  if (step === 0) return bytes;
  const wanted = Math.min(out.length, Math.ceil(bytes / step) * step);
  out.fill(blank, bytes, wanted);
  return wanted;
}

/** The no-bid form of the exchange: 0 bytes mean an empty 204, else a 200 with this body. */
export function noBidInto(echo: Echo, exchange: Exchange, out: Uint8Array): number {
  if (exchange.noBid === "204") return 0;
  if (exchange.noBid === "empty-object") return constantInto(emptyObject, out, 0);
  assert(echo.idBytes + frameBytes <= out.length);
  const at = echo.idInto(out, constantInto(idOpen, out, 0));
  return constantInto(emptySeatbid, out, at);
}

function begin(
  echo: Echo,
  exchange: Exchange,
  templates: TemplateTable,
  table: CampaignTable,
  out: Uint8Array,
): void {
  answer.echo = echo;
  answer.templates = templates;
  answer.table = table;
  answer.dialect = exchange.dialect;
  if (answer.out !== out) {
    answer.out = out;
    answer.view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  }
}

/**
 * Finds the seat of each offer that can be written and fits; gives the first such offer, -1 = none.
 */
function admit(offers: Offers, exchange: Exchange): number {
  const templates = answer.templates as TemplateTable;
  const table = answer.table as CampaignTable;
  const echo = answer.echo as Echo;
  let room = answer.out.length - frameBytes - echo.idBytes;
  let first = -1;
  for (let i = 0; i < offers.count; i++) {
    const offer = offers.items[i]!;
    seatOf[i] = done;
    const entry = bidEntryOf(templates, offer.creative, exchange.dialect);
    if (entry === NO_ENTRY) continue;
    const agency = table.lineItemAgencyIndex[offer.lineItem]!;
    const seat = exchange.index * templates.agencyCount + agency;
    const seatBytes = templates.seatLength[seat]! + frameBytes;
    const bytes = bidBytesMax(answer, entry, offer) + seatBytes;
    if (bytes > room) continue;
    room -= bytes;
    seatOf[i] = seat;
    if (first < 0) first = i;
  }
  return first;
}

function tokenInto(
  offers: Offers,
  offer: Offer,
  index: number,
  exchange: Exchange,
  writer: TokenWriter,
): void {
  const table = answer.table as CampaignTable;
  fields.exchange = exchange.id;
  fields.lineItem = table.lineItemId[offer.lineItem]!;
  fields.creative = table.creativeId[offer.creative]!;
  fields.cell = offer.cell;
  fields.priceMicros = offer.priceMicros;
  fields.reservedMicros = offer.reservedMicros;
  fields.currency = offers.currency;
  fields.flags =
    (offers.test === 1 ? TokenFlag.TEST : 0) | (offer.dealIndex >= 0 ? TokenFlag.DEAL : 0);
  fields.timeSec = offer.timeSec;
  fields.expirySec = offer.expirySec;
  fields.slot = offer.slot;
  fields.slotUse = offer.slotUse;
  writer.writeInto(fields, tokens, index * tokenChars);
}

/** One seatbid: the offer at `index` and every later one of the same seat, which are then done. */
function seatInto(offers: Offers, index: number, start: number): number {
  const { out, dialect } = answer;
  const templates = answer.templates as TemplateTable;
  const seat = seatOf[index]!;
  const length = templates.seatLength[seat]!;
  let at = start;
  if (length === 0) at = constantInto(bidOpen, out, at);
  else {
    const from = templates.seatStart[seat]!;
    at = copyInto(templates.bytes, from, from + length, out, constantInto(seatOpen, out, at));
    at = constantInto(seatBidOpen, out, at);
  }
  for (let i = index; i < offers.count; i++) {
    if (seatOf[i] !== seat) continue;
    const offer = offers.items[i]!;
    if (i > index) out[at++] = comma;
    answer.tokenAt = i * tokenChars;
    at = entryInto(answer, bidEntryOf(templates, offer.creative, dialect), offer, at);
    seatOf[i] = done;
  }
  out[at++] = bracket;
  out[at++] = brace;
  return at;
}
