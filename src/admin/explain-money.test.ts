import { beforeAll, expect, it } from "vitest";
import {
  Cell,
  createSharedBuffers,
  MoneyState,
  NO_WORKER,
  type SharedState,
  sharedStateFrom,
} from "../bid/shared-state.js";
import { type ExplainWorld, explainWorld } from "../testing/explain-world.js";
import { explain } from "./explain.js";

let world: ExplainWorld;
let money: SharedState;
beforeAll(async () => {
  world = await explainWorld("fixtures/worlds/rules");
  const sizes = { workers: 1, places: 1024, slots: 16, capEntries: 16, ringRecords: 16 };
  money = sharedStateFrom(createSharedBuffers(sizes), NO_WORKER);
  money.setCell(Cell.MONEY_STATE, MoneyState.READY);
});

const request = {
  ...{ id: "r", at: 2, imp: [{ id: "1", banner: { w: 300, h: 250 } }] },
  ...{ site: { domain: "country.rules.example" }, device: { geo: { country: "CHN" } } },
};

function notes(): readonly string[] {
  const result = explain({ ...world.input("openrtb26", request), money });
  if (result.status !== 200) throw new Error(result.reason);
  const found = result.imps[0]?.lineItems.find(({ lineItem }) => lineItem === 110);
  return found?.notes ?? [];
}

it("tells of no budget, of its pace, of a hold and of money that cannot be booked, each alone", () => {
  const { table } = world.served.world;
  const index = [...table.lineItemId].indexOf(110);
  const place = table.lineItemAllowance[index]!;
  expect(notes()).toEqual(["its budget grants it nothing just now: see /api/v1/spend"]);
  money.allowances[place] = 1_000_000n;
  expect(notes()).toEqual([]);
  money.skips[place] = 2 ** 30;
  expect(notes()).toEqual(["its pace lets it bid on 75.0 % of such requests just now"]);
  money.skips[place] = 0;
  const [exchange] = world.served.world.exchanges.filter(({ name }) => name === "openrtb26");
  money.learnt.holds.hold(table.lineItemCampaign[index]!, exchange!.id);
  expect(notes()).toEqual([expect.stringContaining("its campaign is held at openrtb26")]);
  money.learnt.holds.letGo(table.lineItemCampaign[index]!, exchange!.id);
  money.setCell(Cell.MONEY_STATE, MoneyState.FAILED);
  expect(notes()).toEqual([expect.stringContaining("bills cannot be booked")]);
  expect(money.allowances[place]).toBe(1_000_000n);
});
