import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fieldLabel } from "./field-labels.js";

/** Every field whose editor names it in the text of the page, with that name. */
function namedInEditors(): readonly (readonly [path: string, label: string])[] {
  const folders = ["src/admin/ui", "src/admin/ui/pages"];
  const files = folders.flatMap((folder) =>
    readdirSync(folder).flatMap((name) => (name.endsWith(".tsx") ? [join(folder, name)] : [])),
  );
  const found = files.flatMap((file) => [
    ...readFileSync(file, "utf8").matchAll(/\{ draft, path: "([^"]+)", label: "([^"]+)"/g),
  ]);
  return found.map(([, path = "", label = ""]) => [path, label] as const);
}

test("the history names a field as its editor does", () => {
  const named = namedInEditors();
  expect(named.length).toBeGreaterThan(15);
  for (const [path, label] of named) {
    const isOf = fieldLabel(path).toLowerCase();
    expect(isOf.endsWith(label.toLowerCase()), `${path}: ${label}, not ${isOf}`).toBe(true);
  }
});

test.each([
  ["targeting.include.deviceTypes", "Buy only where: Device types"],
  ["targeting.exclude.sites", "Never buy where: Sites"],
  ["creatives.20000.weight", "Weight of creative #20000"],
  ["price.modifiers.0.when.countries", "Modifier 1: Countries"],
  ["price.modifiers.1.factor", "Modifier 2: factor"],
  ["frequency.impressions", "Cap: impressions"],
  ["frequency.1.per", "Cap 2: time"],
  ["approvals.onebid", "Approval at onebid"],
  ["html", "HTML"],
  ["image.url", "Image: address"],
  ["someRule.ofOld", "Some rule: of old"],
])("%s is %s", (path, label) => {
  expect(fieldLabel(path)).toBe(label);
});
