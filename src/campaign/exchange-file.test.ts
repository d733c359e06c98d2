import { expect, test } from "vitest";
import { Namespace } from "../base/identifier.js";
import { NoticeKind } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { configTexts } from "../testing/config-text.js";
import { dialectNumbers } from "../wire/template-notice.js";
import type { Exchange } from "./exchange.js";
import { isOpen } from "./exchange-file.js";
import { loadConfig } from "./load.js";

function exchangesOf(beta: string): readonly Exchange[] {
  const { config, issues } = loadConfig(configTexts({ "exchanges/beta.yaml": beta }));
  expect(issues).toEqual([]);
  return config!.exchanges;
}

test("an instance overrides its profile, key by key", () => {
  const [alpha, beta] = exchangesOf(
    [
      "id: 7",
      "name: beta",
      "extends: plain",
      "currency: CNY",
      "identityOrder: [eid, buyerUid, eid]",
      "notices: [loss, win, bill]",
      "billsBy: win",
      "addresses: [203.0.113.0/24]",
      "sellersBlocked: [bad.example/1]",
      "",
    ].join("\n"),
  );
  expect(alpha).toMatchObject({ index: 0, networkMarginMs: 20, billsBy: NoticeKind.BILL });
  expect(beta).toMatchObject({
    id: 7,
    index: 1,
    currency: packAlpha3("CNY"),
    identityOrder: [Namespace.EID, Namespace.BUYER_UID],
    notices: [NoticeKind.WIN, NoticeKind.BILL, NoticeKind.LOSS],
    billsBy: NoticeKind.WIN,
    networkMarginMs: 20,
    dialect: 1,
  });
  expect(beta?.sellersBlocked).toHaveLength(2);
  expect([isOpen(alpha!), isOpen(beta!)]).toEqual([true, false]);
});

test("dialects are numbered as the template compiler numbers them", () => {
  const plain = "name: beta\nextends: plain\n";
  for (const more of ["", 'version: "2.5"\n', 'clickMacro: "X"\n', "notices: [bill, win]\n"]) {
    const exchanges = exchangesOf(`id: 2\n${plain}${more}`);
    expect(exchanges.map(({ dialect }) => dialect)).toEqual(dialectNumbers(exchanges));
  }
});

test("the index follows the id, not the file's name", () => {
  const { config } = loadConfig(
    configTexts({ "exchanges/zeta.yaml": "id: 9\nname: zeta\nextends: plain\n" }),
  );
  expect(config?.exchanges.map(({ id, index }) => [id, index])).toEqual([
    [1, 0],
    [2, 1],
    [9, 2],
  ]);
});

test("an exchange's id fits the two bytes that a token has for it", () => {
  const issuesOf = (id: number) =>
    loadConfig(configTexts({ "exchanges/zeta.yaml": `id: ${id}\nname: zeta\nextends: plain\n` }))
      .issues;
  expect(issuesOf(65_535)).toEqual([]);
  expect(issuesOf(65_536)).toMatchObject([
    { line: 1, message: expect.stringContaining("a whole number from 1 to 65535") },
  ]);
});
