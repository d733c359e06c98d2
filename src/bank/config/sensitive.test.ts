import { describe, expect, test } from "vitest";
import { issueText } from "../../campaign/issue.js";
import { bankFilesOf, bankTexts, saidOf } from "../../testing/bank-config.js";
import { loadBankConfig } from "./load.js";
import { bankSegmentNames } from "./segment-names.js";
import { sensitiveTopicOf } from "./sensitive.js";

test.each([
  ["interest.diabetes-care", "health"],
  ["Patients of clinics", "health"],
  ["life.weight-loss", "health"],
  ["Churches nearby", "faith"],
  ["lgbtq", "sex life"],
  ["Hispanic shoppers", "ethnicity"],
  ["list.voters", "politics"],
  ["Right-wing news", "politics"],
  ["trade-union-members", "unions"],
  ["Teenagers who play", "children"],
])("%s tells of %s", (text, topic) => {
  expect(sensitiveTopicOf(text)).toBe(topic);
});

test.each([
  "interest.running",
  "Credit unions",
  "European Union",
  "essex",
  "Parents",
  "Drugstores",
])("%s tells of nothing sensitive", (text) => {
  expect(sensitiveTopicOf(text)).toBeNull();
});

describe("no sensitive segment is outward, nor what rests on one", () => {
  const file = "segments/a.yaml";
  const inside = "label: Viewers\n    method: observed\n    outward: false\n";
  /** [from, to, words] */
  test.each([
    ["name: premium.guests", "name: premium.patients", 'tells of health (name "premium.patients")'],
    ["label: Guests", "label: Gay guests", 'tells of sex life (label "Gay guests")'],
    ["[beauty, sports]", "[beauty, church]", 'tells of faith (name "interest.church")'],
    ["behaviour: order, within", "behaviour: order, category: cancer, within", 'category "cancer"'],
    ["label: Guests\n", "label: Guests\n    outward: true\n    sensitive: true\n", "is marked"],
    ["word: northwind", "word: pharmacy", '"pharmacy" tells of health, and stages leave the bank'],
    ["behaviour: categorySearch }", "behaviour: categorySearch, category: hiv }", '"hiv" tells of'],
  ])("%s becomes %s", (from, to, words) => {
    const said = saidOf(file, from, to);
    expect(said).toContainEqual(expect.stringMatching(/: error: /));
    expect(said.join("\n")).toContain(words);
  });

  test("what it leaves out tells as much as what it takes in, through any number of steps", () => {
    const text = bankTexts[file]!.replace(inside, `${inside}    sensitive: true\n`)
      .replace("[{ segment: interest.sports }]", "[{ segment: inside.middle }]")
      .replace(
        "  - name: inside.viewers",
        "  - name: inside.middle\n    label: Middle\n    method: observed\n    outward: false\n" +
          "    rule: { any: [{ segment: inside.viewers }] }\n  - name: inside.viewers",
      );
    const { config, issues } = loadBankConfig(bankFilesOf({ ...bankTexts, [file]: text }));
    expect(config).toBeNull();
    expect(issues.map(issueText)).toEqual([
      expect.stringContaining("rests on inside.middle, which is sensitive: no such segment leaves"),
    ]);
  });

  test("marked or inside it stays in the bank, for whom it may still be a rule", () => {
    const marked = bankTexts[file]!.replace(
      "label: Guests\n",
      "label: Patients\n    sensitive: true\n",
    );
    const { config, issues } = loadBankConfig(bankFilesOf({ ...bankTexts, [file]: marked }));
    expect(issues.map(issueText)).toEqual([]);
    expect(config!.segments.map(({ name, outward }) => [name, outward])).toContainEqual([
      ...["premium.guests", false],
    ]);
    expect(bankSegmentNames(config!).map(({ name }) => name)).not.toContain("premium.guests");
  });
});
