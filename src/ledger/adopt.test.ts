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
import { LevelKind } from "./budget-level.js";
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

  constructor(boot = 2) {
    const sizes = { workers: 1, places: 64, slots: 1, capEntries: 1, ringRecords: 1 };
    this.state = sharedStateFrom(createSharedBuffers(sizes), 0);
    this.state.setCell(Cell.MONEY_STATE, MoneyState.READY);
    // What an earlier boot left, of campaigns that are in no plan at first.
    for (let lineItem = 0; lineItem < 24; lineItem += 5) {
      const campaign = campaignOf(lineItem + 1);
      this.history.noteLineItem(lineItem + 1, campaign, 1 + (campaign % 2), 840);
      this.history.chargeEarlier(1, lineItem + 1, 700n, startMs - hourMs);
    }
    // A step does a line item: any step may be the last one of a run that is given up.
    this.book = new BudgetBook(this.state, this.history, boot, 1);
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

/** One line item of a campaign is another, leaves, comes, or takes another place in the list. */
function withOtherLineItem(campaign: CampaignBudget, random: SeededRandom): CampaignBudget {
  const lineItem = (campaign.campaign - 1) * 4 + 1 + random.below(4);
  const others = campaign.lineItems.filter((one) => one.lineItem !== lineItem);
  const other = random.below(3) === 0 ? [] : [lineItemOf(lineItem, random)];
  return { ...campaign, lineItems: [...others, ...other] };
}

/** The plan after an edit or two: what is not edited is the same. */
function edited(plan: BudgetPlan, random: SeededRandom): BudgetPlan {
  if (plan.campaigns.length > 0 && random.below(2) === 0) {
    const chosen = random.pick(plan.campaigns);
    const campaigns = plan.campaigns.map((one) =>
      one === chosen ? withOtherLineItem(one, random) : one,
    );
    return { ...plan, generation: plan.generation + 1, campaigns };
  }
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

const moved = (amount: bigint | null | undefined): bigint | null =>
  amount === null || amount === undefined ? null : amount + 777n;

/** The same line items with other terms each: nothing of it may be kept after it. */
const scrambled = (plan: BudgetPlan): BudgetPlan => ({
  ...plan,
  ceilings: (plan.ceilings ?? []).map((one) => ({
    ...{ ...one, bidNanosMax: 3n, lineItemDailyNanos: moved(one.lineItemDailyNanos) },
    allDailyNanos: moved(one.allDailyNanos),
  })),
  advertisers: (plan.advertisers ?? []).map((one) => ({
    ...{ ...one, zone: zones[1]!, dailyNanos: moved(one.dailyNanos) },
  })),
  campaigns: plan.campaigns.map((campaign) => ({
    ...{ ...campaign, zone: [{ fromSec: 0, offsetSec: 43_200 }] },
    ...{ startMs: 1, endMs: startMs + 777 * dayMs, pacing: "asap" },
    ...{ totalNanos: moved(campaign.totalNanos), dailyNanos: moved(campaign.dailyNanos) },
    dailyImpressions: moved(campaign.dailyImpressions),
    lineItems: campaign.lineItems.map(({ limits, ...one }) => ({
      ...{ ...one, bidNanosMax: one.bidNanosMax + 5, pacing: "even", week: [1, 2, 3, 4, 5, 6] },
      ...(limits === undefined
        ? {}
        : { limits: { totalNanos: null, dailyNanos: moved(limits.dailyNanos) } }),
    })),
  })),
});

/** In slices: at times first a part of another plan, which this one comes before the end of. */
function adoptInSlices(
  { book }: Side,
  plan: BudgetPlan,
  random: SeededRandom,
  between: () => void,
): void {
  const others = random.below(2) === 0 ? book.adoptSteps(structuredClone(scrambled(plan))) : null;
  for (let steps = others === null ? 0 : random.below(90); steps > 0; steps--) others?.next();
  const steps = book.adoptSteps(structuredClone(plan));
  const at = random.below(40);
  for (let step = 0; steps.next().done !== true; step++) if (step === at) between();
}

/** Bids and bills of both alike. */
function trade(
  sides: readonly Side[],
  nowMs: number,
  random: SeededRandom,
  { entries, open }: Seen = { entries: [], open: [] },
): void {
  const lineItem = 1 + random.below(24);
  const nanos = 1 + random.below(40);
  const billed = random.below(2) === 0;
  for (const { state, book } of sides) {
    isPaced(state, lineItem, nanos, random.below(1), 1);
    if (state.allowances[lineItem]! < nanos || book.placeOf(lineItem) < 0) continue;
    state.allowances[lineItem]! -= BigInt(nanos);
    if (book.placeOf(lineItem, Unit.IMPRESSIONS) >= 0) state.allowances[32 + lineItem]! -= 1n;
    if (billed) book.charge(2, lineItem, nanos, nowMs, true, 3);
    (billed ? entries : open).push({ lineItem, nanos, nowMs });
  }
}

type Bill = { readonly lineItem: number; readonly nanos: number; readonly nowMs: number };
type Seen = {
  /** Grants, returns and bills. */
  readonly entries: (AllowanceEntry | Bill)[];
  /** Bids without a bill so far. */
  readonly open: Bill[];
};

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
        let traded = false;
        const between = (): void => {
          traded = true;
          trade([kept, whole], nowMs, random);
        };
        adoptInSlices(kept, plan, random, between);
        if (!traded) trade([kept, whole], nowMs, random);
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

/** What a book knows of each level that a plan names. */
function levelsOf({ book }: Side, plan: BudgetPlan, nowMs: number): unknown[] {
  const ids: [LevelKind, number][] = plan.campaigns.flatMap(({ campaign, lineItems }) => [
    [LevelKind.CAMPAIGN, campaign] as [LevelKind, number],
    ...lineItems.map(({ lineItem }): [LevelKind, number] => [LevelKind.LINE_ITEM, lineItem]),
  ]);
  for (const { advertiser } of plan.advertisers ?? []) ids.push([LevelKind.ADVERTISER, advertiser]);
  ids.push([LevelKind.ALL, 840]);
  return book.levels.flatMap((levels) =>
    ids.map(([kind, id]) => {
      const level = levels.of(kind, id);
      level.turnDay(nowMs);
      const { total, daily, zone, chargedToday } = level;
      const taken = level.spent() + level.granted - level.returned - level.charged;
      const figures = [taken, level.outstanding(), level.left(), chargedToday];
      return [levels.unit, kind, id, total, daily, zone, ...figures];
    }),
  );
}

/** A book of the boot after, with the journal of the one before and this plan alone. */
function nextBoot(entries: readonly (AllowanceEntry | Bill)[], plan: BudgetPlan): Side {
  const next = new Side(3);
  // As TERMS say.
  for (let lineItem = 1; lineItem <= 24; lineItem++) {
    const campaign = campaignOf(lineItem);
    next.history.noteLineItem(lineItem, campaign, 1 + (campaign % 2), 840);
  }
  for (const entry of entries) {
    if ("kind" in entry) next.history.replay(entry);
    else next.history.chargeEarlier(2, entry.lineItem, BigInt(entry.nanos), entry.nowMs);
  }
  next.book.adopt(plan);
  return next;
}

test.each(Array.from({ length: 30 }, (_, i) => i + 1))(
  "plans one after another leave what the last of them makes of the same bills (seed %i)",
  (seed) => {
    const random = new SeededRandom(seed);
    const side = new Side();
    const seen: Seen = { entries: [], open: [] };
    let plan: BudgetPlan = { generation: 0, campaigns: [], billsBy: [] };
    for (let edits = 12; edits > 0; edits--) plan = edited(plan, random);
    let nowMs = startMs;
    for (let round = 0; round < 120; round++) {
      if (random.below(4) === 0) plan = edited(plan, random);
      if (round === 0 || random.below(4) === 0) {
        adoptInSlices(side, plan, random, () => trade([side], nowMs, random, seen));
      }
      for (let n = random.below(9); n > 0; n--) trade([side], nowMs, random, seen);
      seen.entries.push(...(side.look(nowMs)[0] as AllowanceEntry[]));
      nowMs += 1000 + random.below(20 * 60_000);
    }
    adoptInSlices(side, plan, random, () => undefined);
    side.book.returnAll(nowMs, seen.entries as AllowanceEntry[]);
    const next = nextBoot(seen.entries, plan);
    expect(levelsOf(side, plan, nowMs)).toEqual(levelsOf(next, plan, nowMs));
    for (const { lineItem, nanos } of seen.open) {
      for (const { book } of [side, next]) book.charge(2, lineItem, nanos, nowMs, true, 3);
    }
    expect(levelsOf(side, plan, nowMs)).toEqual(levelsOf(next, plan, nowMs));
    const shown = [side, next].map(({ book }) => {
      book.plan(nowMs, []);
      const days = book.spend().map((one) => [one.campaign, one.plannedToday, one.dayBudget]);
      return [days, [...book.lineItemPaces()]];
    });
    expect(shown[0]).toEqual(shown[1]);
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
