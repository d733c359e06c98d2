import { expect, test } from "vitest";
import { campaignText, configTexts } from "../testing/config-text.js";
import { audiencesNeeded } from "./compile.js";
import { issueText } from "./issue.js";
import { loadConfig } from "./load.js";

const saved = `audiences:
  - {id: 12, agency: 1, name: Well-off, audience: {any: [rich, {all: [aware, keen]}]}}
  - {id: 13, agency: 9, name: Another agency's, audience: rich}
agencies:
  - {id: 9, name: Another}
`;
const own = "    audience:\n      all: [aware, {none: [rich]}]\n";
const load = (audience: string) =>
  loadConfig(
    configTexts({
      "campaigns/one.yaml": campaignText.replace(own, `    audience: ${audience}\n`),
      "campaigns/saved.yaml": saved,
    }),
  );

test.each([
  ["{saved: 12}", { any: ["rich", { all: ["aware", "keen"] }] }],
  ["{all: [far, {saved: 12}]}", { all: ["far", { any: ["rich", { all: ["aware", "keen"] }] }] }],
  ["{none: [{saved: 12}]}", { none: [{ any: ["rich", { all: ["aware", "keen"] }] }] }],
])("%s is the same audience as the expression written out", (short, long) => {
  const { config } = load(short);
  const written = load(JSON.stringify(long)).config;
  expect(config?.book.lineItems[0]?.audience).toEqual(long);
  const digest = audiencesNeeded(config!.book).map((one) => one.digest);
  expect(digest).toEqual(audiencesNeeded(written!.book).map((one) => one.digest));
});

test.each([
  ["{saved: 13}", "no audience 13"],
  ["{any: [rich, {saved: 14}]}", "no audience 14"],
])("%s, of another agency or of none, is refused at its place", (audience, words) => {
  const { config, issues } = load(audience);
  expect(config).toBeNull();
  expect(issues.map(issueText).join("\n")).toContain(words);
  expect(issues[0]).toMatchObject({ file: "config/campaigns/one.yaml", line: 27 });
});

test("a saved audience is made of segments alone", () => {
  const nested = saved.replace("audience: rich}", "audience: {any: [{saved: 12}]}}");
  const { issues } = loadConfig(configTexts({ "campaigns/saved.yaml": nested }));
  expect(issues.map(issueText).join("\n")).toContain("write the name of a segment");
});
