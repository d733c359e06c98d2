import { expect, test } from "vitest";
import { SeededRandom } from "../base/random.js";
import { isPaced } from "../bid/pace.js";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import type { AllowanceEntry } from "../journal/entry.js";
import { BudgetBook } from "./budget.js";
import { BudgetHistory } from "./budget-history.js";
import type { BudgetPlan, CampaignBudget, LineItemBudget, PacingMode } from "./budget-plan.js";
import { Unit } from "./budget-plan.js";

const zones = [
  [{ fromSec: 0, offsetSec: 0 }],
  [{ fromSec: 0, offsetSec: 19_800 }],
  [
    { fromSec: 0, offsetSec: 7200 },
    { fromSec: 1_800_050_000, offsetSec: 3600 },
  ],
];
const modes: readonly PacingMode[] = ["even", "ahead", "asap"];
const startMs = 1_800_000_000_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekOf = (random: SeededRandom): number[] =>
  Array.from({ length: 6 }, () => random.below(2 ** 32));

class Side {
  readonly state: SharedState;
  readonly history = new BudgetHistory();
  readonly book: BudgetBook;

  constructor() {
    const sizes = { workers: 1, places: 64, slots: 1, capEntries: 1, ringRecords: 1 };
    this.state = sharedStateFrom(createSharedBuffers(sizes), 0);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    // What an earlier boot left, of campaigns that are in no plan at first.
    for (let lineItem = 0; lineItem < 24; lineItem += 5) {
      this.history.noteLineItem(lineItem + 1, campaignOf(lineItem + 1), 1, 840);
      this.history.chargeEarlier(1, lineItem + 1, 700n, startMs - hourMs);
    }
    this.book = new BudgetBook(this.state, this.history, 2);
  }

  /** What one look gives and shows. */
  look(nowMs: number): unknown[] {
    const out: AllowanceEntry[] = [];
    this.book.plan(nowMs, out);
    this.book.applyGrants();
    const shown = [this.book.spend(), [...this.book.lineItemPaces()], [...this.state.skips]];
    const accounts = [Unit.MONEY, Unit.IMPRESSIONS].map((unit) => this.book.accounts(unit));
    return [out, ...shown, accounts, [...this.state.allowances]];
  }
}

const campaignOf = (lineItem: number): number => Math.ceil(lineItem / 4);

function lineItemOf(lineItem: number, random: SeededRandom): LineItemBudget {
  const dailyNanos = random.below(3) === 0 ? BigInt(random.below(20_000)) : null;
  const counted = campaignOf(lineItem) % 2 === 0 ? { impressionPlace: 32 + lineItem } : {};
  return {
    ...{ lineItem, place: lineItem, bidNanosMax: 1 + random.below(60), ...counted },
    ...(dailyNanos === null ? {} : { limits: { totalNanos: null, dailyNanos } }),
    ...(random.below(4) === 0 ? { pacing: random.pick(modes) } : {}),
    ...(random.below(4) === 0 ? { week: weekOf(random) } : {}),
  };
}

function campaignBudgetOf(campaign: number, random: SeededRandom): CampaignBudget {
  const ids = [1, 2, 3, 4].map((n) => (campaign - 1) * 4 + n);
  const kept = ids.filter(() => random.below(5) > 0);
  return {
    ...{ campaign, advertiser: 1 + (campaign % 2), zone: random.pick(zones) },
    ...{ startMs: startMs - dayMs, endMs: startMs + (1 + random.below(40)) * dayMs },
    totalNanos: random.below(2) === 0 ? BigInt(random.below(2_000_000)) : null,
    dailyNanos: random.below(4) > 0 ? BigInt(random.below(100_000)) : null,
    dailyImpressions: campaign % 2 === 0 ? BigInt(random.below(2000)) : null,
    pacing: random.pick(modes),
    lineItems: kept.map((lineItem) => lineItemOf(lineItem, random)),
  };
}

/** The plan after an edit or two: what is not edited is the same. */
function edited(plan: BudgetPlan, random: SeededRandom): BudgetPlan {
  const id = 1 + random.below(6);
  const others = plan.campaigns.filter(({ campaign }) => campaign !== id);
  const campaigns = random.below(5) === 0 ? others : [...others, campaignBudgetOf(id, random)];
  const ceiling = {
    ...{ currency: 840, bidNanosMax: 50n, lineItemDailyNanos: 15_000n },
    ...{ campaignDailyNanos: null, advertiserDailyNanos: null, allDailyNanos: 250_000n },
  };
  const ceilings = random.below(6) === 0 ? [ceiling] : (plan.ceilings ?? []);
  const advertisers = [1, 2].map((advertiser) => ({
    ...{ advertiser, currency: 840, zone: zones[0]!, totalNanos: null },
    dailyNanos: advertiser === 1 ? 150_000n : null,
  }));
  return { ...plan, generation: plan.generation + 1, campaigns, ceilings, advertisers };
}

/** The same budgets, flights, hours and zones otherwise: nothing of it may be kept after it. */
const scrambled = (plan: BudgetPlan): BudgetPlan => ({
  ...plan,
  campaigns: plan.campaigns.map((campaign) => ({
    ...campaign,
    ...{ zone: [{ fromSec: 0, offsetSec: 43_200 }], startMs: 1, endMs: startMs + 777 * dayMs },
  })),
});

/** Bids and bills of both alike. */
function trade(sides: readonly Side[], nowMs: number, random: SeededRandom): void {
  const lineItem = 1 + random.below(24);
  const nanos = 1 + random.below(40);
  const billed = random.below(2) === 0;
  for (const { state, book } of sides) {
    isPaced(state, lineItem, nanos, random.below(1), 1);
    if (state.allowances[lineItem]! < nanos || book.placeOf(lineItem) < 0) continue;
    state.allowances[lineItem]! -= BigInt(nanos);
    if (book.placeOf(lineItem, Unit.IMPRESSIONS) >= 0) state.allowances[32 + lineItem]! -= 1n;
    if (billed) book.charge(2, lineItem, nanos, nowMs, true, 3);
  }
}

test.each(Array.from({ length: 30 }, (_, i) => i + 1))(
  "a plan after another gives what it gives where nothing is kept of that one (seed %i)",
  (seed) => {
    const random = new SeededRandom(seed);
    const [kept, whole] = [new Side(), new Side()];
    let plan: BudgetPlan = { generation: 0, campaigns: [], billsBy: [] };
    let grants = 0;
    for (let nowMs = startMs; nowMs < startMs + 2 * dayMs; ) {
      if (random.below(8) === 0) plan = edited(plan, random);
      if (random.below(4) === 0) {
        kept.book.adopt(structuredClone(plan));
        whole.book.adopt(scrambled(plan));
        whole.book.adopt(plan);
      }
      for (let bids = random.below(20); bids > 0; bids--) trade([kept, whole], nowMs, random);
      const seen = kept.look(nowMs);
      expect(seen).toEqual(whole.look(nowMs));
      grants += (seen[0] as unknown[]).length;
      nowMs += random.below(3) === 0 ? random.below(30 * 60_000) : 1000 + random.below(3000);
    }
    expect(grants).toBeGreaterThan(100);
  },
);

const paced: CampaignBudget = {
  ...{ campaign: 1, zone: zones[0]!, startMs: startMs - dayMs, endMs: startMs + 9 * dayMs },
  ...{ totalNanos: 1_000_000n, dailyNanos: null, pacing: "even" },
  lineItems: [{ lineItem: 1, place: 1, bidNanosMax: 10 }],
};
const closedAtNight = [0xff00, 0xff_ff00, 0xff_ff00, 0xff_ff00, 0xff_ff00, 0xff_ff00];

/** What is planned of the day after each of these plans, a second apart. */
function planned(...campaigns: readonly CampaignBudget[]): unknown {
  const { book } = new Side();
  for (const [i, campaign] of campaigns.entries()) {
    book.adopt({ generation: i, campaigns: [campaign], billsBy: [] });
    book.plan(startMs + 1000 * (i - campaigns.length), []);
  }
  const [first] = book.spend();
  return [first?.plannedToday, first?.dayBudget];
}

test.each<[string, Partial<CampaignBudget>]>([
  ["another pace", { pacing: "ahead" }],
  ["another flight", { endMs: startMs + 3 * dayMs }],
  ["another zone", { zone: [{ fromSec: 0, offsetSec: 3600 }] }],
  ["other hours", { lineItems: [{ ...paced.lineItems[0]!, week: closedAtNight }] }],
])("%s: it counts at once in the same day and hour", (_, change) => {
  const other = { ...paced, ...change };
  expect(planned(paced, other)).toEqual(planned(other));
  expect(planned(paced, other)).not.toEqual(planned(paced));
});
