import { type Offer, Offers } from "../src/bid/offer.js";
import type { BidRequest } from "../src/bid/request.js";
import type { Exchange } from "../src/campaign/exchange.js";
import { TokenFlag } from "../src/journal/record.js";
import type { ServedWorld } from "../src/runtime/world-parts.js";
import { Echo } from "../src/wire/echo.js";
import { encodeInto } from "../src/wire/encode.js";
import { bidIdChars } from "../src/wire/encode-entry.js";
import { TokenFields, tokenChars } from "../src/wire/token-format.js";
import type { TokenWriter } from "../src/wire/token-writer.js";

type JsonBid = Readonly<Record<string, unknown>>;
type JsonAnswer = {
  readonly cur: string;
  readonly seatbid: readonly { readonly seat?: string; readonly bid: readonly JsonBid[] }[];
};
/** A creative's bid, made once: texts that hold the token are cut where it stands. */
type Model = {
  readonly cur: string;
  readonly seat: string | undefined;
  readonly fixed: JsonBid;
  readonly cut: readonly (readonly [name: string, pieces: readonly string[]])[];
};

const models = new WeakMap<ServedWorld, Map<number, Model>>();
const scratch = new Uint8Array(2 ** 18);
const fields = new TokenFields();
const token = Buffer.alloc(tokenChars);

/** The answer to one offer as an object, as a bidder does that prints with JSON.stringify. */
export function jsonAnswer(
  request: BidRequest,
  offers: Offers,
  exchange: Exchange,
  served: ServedWorld,
  tokens: TokenWriter,
): object | null {
  const offer = offers.items[0]!;
  const model = modelOf(request, offers, offer, exchange, served, tokens);
  if (model === null) return null;
  const text = tokenOf(offers, offer, exchange, served, tokens);
  const imp = request.imps[offer.impIndex]!;
  const bid: Record<string, unknown> = { ...model.fixed };
  bid["id"] = text.slice(-bidIdChars);
  bid["impid"] = sliceOf(request, imp.id.start, imp.id.end);
  bid["price"] = offer.priceMicros / 1e6;
  for (const [name, pieces] of model.cut) bid[name] = pieces.join(text);
  const seat = model.seat === undefined ? {} : { seat: model.seat };
  const id = sliceOf(request, request.id.start, request.id.end);
  return { id, bidid: bid["id"], cur: model.cur, seatbid: [{ ...seat, bid: [bid] }] };
}

const sliceOf = ({ bytes }: BidRequest, start: number, end: number): string =>
  Buffer.from(bytes.buffer, start, end - start).toString();

function tokenOf(
  offers: Offers,
  offer: Offer,
  exchange: Exchange,
  { world: { table } }: ServedWorld,
  tokens: TokenWriter,
): string {
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
  tokens.writeInto(fields, token, 0);
  return token.toString("latin1");
}

function modelOf(
  request: BidRequest,
  offers: Offers,
  offer: Offer,
  exchange: Exchange,
  served: ServedWorld,
  tokens: TokenWriter,
): Model | null {
  const known = models.get(served) ?? new Map<number, Model>();
  models.set(served, known);
  const before = known.get(offer.creative);
  if (before !== undefined) return before;
  const { templates, world } = served;
  const one = new Offers();
  Object.assign(one, { count: 1, currency: offers.currency, test: offers.test });
  Object.assign(one.items[0]!, offer);
  const bytes = encodeInto(
    new Echo(request),
    one,
    exchange,
    templates,
    world.table,
    tokens,
    scratch,
  );
  if (bytes === 0) return null;
  const answer = JSON.parse(Buffer.from(scratch.subarray(0, bytes)).toString()) as JsonAnswer;
  const [
    {
      seat,
      bid: [bid],
    },
  ] = answer.seatbid as [{ seat?: string; bid: [JsonBid] }];
  const found = new RegExp(`[\\w-]{${tokenChars}}`).exec(String(bid["burl"] ?? bid["nurl"]))?.[0];
  if (found === undefined) return null;
  const texts = Object.entries(bid).filter(([, value]) => String(value).includes(found));
  const cut = texts.map(([name, value]) => [name, String(value).split(found)] as const);
  const model: Model = { cur: answer.cur, seat, fixed: bid, cut };
  known.set(offer.creative, model);
  return model;
}
