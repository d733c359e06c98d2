import { mix32 } from "../../src/base/hash.js";
import type { Ordinal } from "../../src/base/ids.js";
import { Outcome } from "../../src/base/outcome.js";
import { mayAskGroups, tellAnswered } from "../../src/bid/asking.js";
import { armOf } from "../../src/bid/audience.js";
import { openCandidates, takeCandidate } from "../../src/bid/candidates.js";
import type { Grant } from "../../src/bid/consent.js";
import { addEntry, PICK_LATER } from "../../src/bid/entries.js";
import { identifyInto } from "../../src/bid/identify.js";
import { contextOutcome, tellZoneHours } from "../../src/bid/match.js";
import { openPriceInto, Priced } from "../../src/bid/price.js";
import { answerCurrency } from "../../src/bid/rates.js";
import { noteForAll, openRest } from "../../src/bid/rest.js";
import { selectInto } from "../../src/bid/select.js";
import { resolveImp, resolveRequest } from "../../src/bid/values.js";
import type { Step } from "./walk.js";

/** The requests of the bench state a consent that lets their people be looked up. */
const granted = 2 as Grant;

/** Who it is, how often they were asked about, the row of their segments. */
export const identifyStep: Step = {
  name: "identify",
  run: ({ bidder, decision, exchange }) => {
    const { request } = bidder;
    const { world, identifierKey, person, asking, scratch } = decision;
    decision.exchange = exchange;
    decision.asked.clear();
    const { index, privacy } = world;
    identifyInto(request, granted, exchange, privacy.eidSources, identifierKey, index, person);
    decision.known = asking === null ? 0 : mayAskGroups(decision, asking);
    index.rowInto((person.ordinal & -decision.known) as Ordinal, scratch.row, request.seed.hi);
  },
};

/** The request's values in the World's words, and the candidates that are left in context. */
export const matchStep: Step = {
  name: "match",
  run: (walk) => {
    const { bidder, decision, exchange, left } = walk;
    const { request, offers } = bidder;
    const { table, scratch, world } = decision;
    offers.count = 0;
    offers.test = 0;
    decision.furthest = Outcome.NO_CANDIDATE;
    decision.currency = offers.currency = answerCurrency(world.rates, request, exchange);
    resolveRequest(table, scratch, request, exchange);
    tellZoneHours(table, scratch, decision.now);
    const imp = request.imps[0]!;
    decision.imp = imp;
    scratch.entryCount = scratch.heapCount = 0;
    resolveImp(table, scratch, request, 0);
    openCandidates(table, scratch, request, imp);
    openRest(decision);
    walk.leftCount = 0;
    for (let looked = walk.looked[walk.body]!; looked > 0; looked--) {
      const lineItem = takeCandidate(table, scratch);
      if (lineItem < 0) break;
      if (contextOutcome(decision, lineItem) === Outcome.BID) left[walk.leftCount++] = lineItem;
    }
  },
};

export const audienceStep: Step = {
  name: "audience",
  run: ({ decision, arms, left, leftCount }) => {
    for (let i = 0; i < leftCount; i++) arms[i] = armOf(decision, left[i]!);
  },
};

/** The workload has neither deals nor prices by creative: prices come before creatives. */
export const priceStep: Step = {
  name: "price",
  run: ({ bidder, decision, arms, left, leftCount }) => {
    const { scratch, table, price, imp } = decision;
    const seed = bidder.request.seed.lo ^ imp.index;
    for (let i = 0; i < leftCount; i++) {
      const lineItem = left[i]!;
      const arm = arms[i]!;
      if (arm < 0 || table.lineItemDealOnly[lineItem] === 1) continue;
      if (openPriceInto(decision, lineItem, arm, -1) !== Priced.OK) continue;
      const { priceMicros, reservedMicros } = price;
      const forAll = table.lineItemForAll[lineItem] === 1;
      if (forAll) noteForAll(scratch, table.lineItemAdvertiser[lineItem]!, priceMicros);
      const tie = mix32(seed, table.lineItemId[lineItem]!);
      addEntry(scratch, lineItem, -1, PICK_LATER, 0, priceMicros, reservedMicros, tie);
    }
  },
};

/** All that the bid looked at is there already. */
const noFurther = (): void => undefined;

/** The best entry that its creative, the hold-out and the money let through. */
export const reserveStep: Step = {
  name: "reserve",
  run: ({ bidder, decision }) => {
    selectInto(decision, 0, bidder.offers, noFurther);
    if (bidder.offers.count > 0) tellAnswered(decision, bidder.offers);
  },
};
