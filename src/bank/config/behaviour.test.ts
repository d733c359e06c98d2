import { expect, test } from "vitest";
import { bankFilesOf, bankTexts } from "../../testing/bank-config.js";
import { loadBankConfig } from "./load.js";

const touchpoint = Object.keys(bankTexts).find((name) => name.includes("commerce"))!;

/** What the rule "did commerce" counts where commerce has these behaviours. */
function counted(behaviours: string, behaviour: string): readonly string[] | undefined {
  const { config, issues } = loadBankConfig(
    bankFilesOf({
      ...bankTexts,
      [touchpoint]: bankTexts[touchpoint]!.replace(
        /behaviours: \[.*\]/,
        `behaviours: ${behaviours}`,
      ),
      "segments/one.yaml": [
        "segments:",
        "  - name: one.two",
        "    label: One",
        "    method: observed",
        `    rule: { did: commerce, ${behaviour}within: 7 }`,
      ].join("\n"),
    }),
  );
  expect(issues).toEqual([]);
  const rule = config?.segments.find(({ name }) => name === "one.two")?.rule;
  return rule?.kind === "did" ? rule.behaviour.behaviours : undefined;
}

test("a ghost counts for no rule but those that name it", () => {
  expect(counted("[view, favourite, cart, order]", "")).toEqual([]);
  expect(counted("[view, favourite, cart, order, ghost]", "")).toEqual([
    ...["view", "favourite", "cart", "order"],
  ]);
  expect(counted("[view, favourite, cart, order, ghost]", "behaviour: ghost, ")).toEqual(["ghost"]);
});
