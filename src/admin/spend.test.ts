import { expect, test } from "vitest";
import type { CampaignBook } from "../campaign/model.js";
import { spendNow } from "./spend.js";

const book = {
  advertisers: [{ id: 2, name: "Brand", currency: 0x455552 }],
  campaigns: [{ id: 3, advertiser: 2, name: "Spring" }],
} as unknown as CampaignBook;

test("spend is told by campaign in currency units, to the nano", () => {
  const whole = { pacingError: null, lineItems: [] };
  const pace = { participationPermille: 250, plannedToday: "1000000000", dayBudget: "", ...whole };
  const unpaced = { participationPermille: 1000, plannedToday: "", dayBudget: "", ...whole };
  const spend = [
    {
      ...{ campaign: 3, spentToday: "1500000001", outstanding: "7", left: "" },
      ...{ impressionsToday: "12", ...pace },
    },
    {
      ...{ campaign: 4, spentToday: "0", outstanding: "0", left: "-5" },
      ...{ impressionsToday: "0", ...unpaced },
    },
  ];
  expect(spendNow(spend, book, { failure: "" })).toEqual({
    ledger: "balanced",
    campaigns: [
      {
        ...{ campaign: 3, name: "Spring", advertiser: 2, advertiserName: "Brand" },
        ...{ currency: "EUR", spentToday: "1.500000001", outstanding: "0.000000007", left: null },
        ...{ impressionsToday: 12, plannedToday: "1.000000000", dayBudget: null },
        participationPermille: 250,
      },
      {
        ...{ campaign: 4, name: "4", advertiser: 0, advertiserName: "", currency: "" },
        ...{ spentToday: "0.000000000", outstanding: "0.000000000", left: "-0.000000005" },
        ...{ impressionsToday: 0, plannedToday: null, dayBudget: null },
        participationPermille: 1000,
      },
    ],
  });
  expect(spendNow([], null, { failure: "ledger: odd" }).ledger).toBe("ledger: odd");
});
