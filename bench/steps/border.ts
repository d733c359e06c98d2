import { offersMax } from "../../src/base/limits.js";
import type { CountryCode } from "../../src/base/units.js";
import { grantOf } from "../../src/bid/consent.js";
import { schainOutcome } from "../../src/bid/schain.js";
import { readConsent } from "../../src/wire/consent.js";
import { DecodeResult, decode } from "../../src/wire/decode.js";
import { encodeInto, noBidInto } from "../../src/wire/encode.js";
import { TokenFields, tokenChars } from "../../src/wire/token-format.js";
import type { Step, Walk } from "./walk.js";

const fields = new TokenFields();
const text = new Uint8Array(offersMax * tokenChars);

/** The body is where the edge has put it. */
export const decodeStep: Step = {
  name: "decode",
  run: ({ bidder, bodies, body }) => {
    const result = decode(bidder.request, bodies[body]!.length);
    if (result !== DecodeResult.OK) throw new Error("the workload is well-formed");
  },
};

/** The strings' facts, and the verdict; before it the supply chain, which costs next to nothing. */
export const consentStep: Step = {
  name: "consent",
  run: ({ bidder, decision, exchange, consent, clock }) => {
    const { request } = bidder;
    const { privacy } = bidder.world.world;
    decision.now = clock.nowMs();
    readConsent(request, privacy, consent, decision.now);
    schainOutcome(request, exchange);
    grantOf(request.consent, request.country as CountryCode, privacy);
  },
};

/** One token for each offer. `encode` makes its own: what this costs is taken off there. */
export const tokenStep: Step = {
  name: "token",
  run: ({ bidder, decision, exchange, tokens }) => {
    const { offers } = bidder;
    for (let i = 0; i < offers.count; i++) {
      const offer = offers.items[i]!;
      fields.exchange = exchange.id;
      fields.lineItem = decision.table.lineItemId[offer.lineItem]!;
      fields.creative = decision.table.creativeId[offer.creative]!;
      fields.cell = offer.cell;
      fields.priceMicros = offer.priceMicros;
      fields.reservedMicros = offer.reservedMicros;
      fields.currency = offers.currency;
      fields.timeSec = offer.timeSec;
      fields.expirySec = offer.expirySec;
      fields.slot = offer.slot;
      fields.slotUse = offer.slotUse;
      tokens.writeInto(fields, text, i * tokenChars);
    }
  },
};

/** The answer's bytes of the walk's offers. */
export function encodeOffers({ bidder, exchange, tokens }: Walk): number {
  const { echo, offers, answerBuffer, world } = bidder;
  const { templates } = world;
  const { table } = world.world;
  return offers.count === 0
    ? noBidInto(echo, exchange, answerBuffer)
    : encodeInto(echo, offers, exchange, templates, table, tokens, answerBuffer);
}

export const encodeStep: Step = { name: "encode", run: (walk) => void encodeOffers(walk) };
