import type { Outcome } from "../base/outcome.js";
import type { SeededRandom } from "../base/random.js";
import { RingWriter } from "../base/ring.js";
import type { Decision } from "../bid/decision.js";
import { holdOn } from "../bid/hold.js";
import { Identified } from "../bid/identify.js";
import { Offer } from "../bid/offer.js";
import type { SharedState } from "../bid/shared-state.js";
import type { CampaignTable, CampaignTableInput } from "../campaign/table.js";
import { packTable, tableFrom, tableSpec, WithoutId } from "../campaign/table.js";
import { Notice } from "../journal/notice.js";
import { CellField, RecordKind } from "../journal/record.js";
import { campaignOf, lineItems, placeOf } from "./simulated-money.js";
import {
  capsOn,
  exchange,
  impressionPlaceOf,
  type SimulatedCap,
  simulatedCaps,
  usd,
} from "./simulated-tree.js";

/** Who a bid is for: an ordinal, else an identifier's hash, else nobody (both 0). */
export type SimulatedPerson = { readonly ordinal: number; readonly hash: number };
/** Half of the bids are for nobody; the rest are for a few people, so that their caps bind. */
export function personIn(random: SeededRandom): SimulatedPerson {
  const known = 1 + random.below(6);
  const draw = random.below(8);
  return { ordinal: draw < 3 ? known : 0, hash: draw < 4 ? known : 0 };
}
export const personKey = ({ ordinal, hash }: SimulatedPerson): string => `${ordinal}/${hash}`;

export type WantedBid = {
  readonly lineItem: number;
  readonly nanos: number;
  /** The exchange's `exp`. */
  readonly lifeSec: number;
  readonly person: SimulatedPerson;
};

const expDefaultSec = 3600;
const noMerges = { firstInto: () => 0, isInto: () => false, earlier: () => 0 };

/** One worker: holds what its bids take by the product's own `holdOn`. */
export class SimulatedBidder {
  readonly ring: RingWriter;
  private readonly state: SharedState;
  private readonly offer = new Offer();
  private readonly person = new Identified();
  private readonly hold: ReturnType<typeof holdOn>;
  private readonly decision: Decision;
  private counter = 0;

  constructor(state: SharedState, ring: SharedArrayBuffer, table: CampaignTable) {
    this.state = state;
    this.ring = new RingWriter(ring, state.wakeWord());
    this.hold = holdOn(state, () => this.cell);
    this.decision = {
      ...{ table, person: this.person, world: { index: { merges: noMerges } } },
      ...{ exchange: { id: exchange, expDefaultSec }, imp: { expSec: 0, id: { start: 0 } } },
      ...{ request: { seed: { lo: 0, hi: 0 } }, now: 0 },
    } as unknown as Decision;
    this.tellCell();
  }

  /** A World of the same boot. */
  serve(table: CampaignTable): void {
    Object.assign(this.decision, { table });
  }

  private get cell(): number {
    return ((this.state.worker << 24) | 1) >>> 0;
  }

  /** The context of all its bids, in front of them. */
  private tellCell(): void {
    const at = this.ring.claim();
    const { view } = this.ring;
    view.setUint8(at + CellField.recordKind, RecordKind.CELL);
    view.setUint32(at + CellField.cell, this.cell, true);
    view.setUint32(at + CellField.exchange, exchange, true);
    this.ring.publish(false);
  }

  /** The notice that its token would give, or why there is no bid. */
  bid(wanted: WantedBid, boot: number, nowMs: number, seed: number): Notice | Outcome {
    const { decision, offer } = this;
    const { lineItem, nanos, lifeSec, person } = wanted;
    Object.assign(decision, { now: nowMs });
    Object.assign(decision.imp, { expSec: lifeSec });
    decision.request.seed.hi = seed;
    this.person.clear();
    Object.assign(this.person, { ordinal: person.ordinal, hashKnown: person.hash === 0 ? 0 : 1 });
    this.person.hash.lo = this.person.hash.hi = person.hash;
    Object.assign(offer, { lineItem: lineItems.indexOf(lineItem as 201), reservedMicros: nanos });
    const outcome = this.hold(decision, 0, offer);
    if (outcome !== 0) return outcome;
    const notice = new Notice();
    const counter = this.counter++;
    const { worker } = this.state;
    notice.nonce.set([worker, 0, boot >> 8, boot, 0, 0, 0, counter >> 8, counter]);
    const { slot, slotUse, cell, timeSec, expirySec } = offer;
    Object.assign(notice, { slot, slotUse, cell, timeSec, expirySec, exchange, lineItem });
    notice.currency = usd;
    notice.creative = lineItem + 700;
    notice.reservedMicros = nanos;
    return notice;
  }
}

/** The columns that a hold reads, for the line items by their order. */
export function simulatedTable(
  countsImpressions: boolean,
  served: readonly SimulatedCap[] = simulatedCaps,
): CampaignTable {
  const columns: Record<string, readonly number[]> = {};
  for (const name of Object.keys(tableSpec)) columns[name] = [];
  const caps = lineItems.map((one) => capsOn(one).filter((cap) => served.includes(cap)));
  const before = (at: number): number =>
    caps.slice(0, at).reduce((sum, { length }) => sum + length, 0);
  const all = caps.flat();
  Object.assign(columns, {
    lineItemId: lineItems,
    lineItemCampaign: lineItems.map(campaignOf),
    lineItemAllowance: lineItems.map(placeOf),
    lineItemImpressions: lineItems.map((one) =>
      countsImpressions ? impressionPlaceOf(one) + 1 : 0,
    ),
    lineItemCapStart: caps.map((_, at) => before(at)),
    lineItemCapCount: caps.map(({ length }) => length),
    lineItemWithoutId: lineItems.map(() => WithoutId.CONTEXTUAL),
    capPlace: all.map((cap) => simulatedCaps.indexOf(cap)),
    capImpressions: all.map(({ impressions }) => impressions),
    capWindowSec: all.map(({ windowSec }) => windowSec),
  });
  return tableFrom(packTable(columns as unknown as CampaignTableInput));
}
