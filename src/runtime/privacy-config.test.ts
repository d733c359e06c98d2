import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CountryCode } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { Regime, WithoutSignal } from "../bid/consent.js";
import { loadPrivacyConfig, readPrivacyConfig } from "./privacy-config.js";

const shipped = readFileSync("config/privacy.yaml", "utf8");
const demo = readFileSync("config/demo/privacy.yaml", "utf8");
const nothingBeside = (name: string): string => {
  throw new Error(`no file ${name}`);
};
const problemsOf = (text: string, readBeside = nothingBeside): readonly string[] => {
  const config = readPrivacyConfig(text, "privacy.yaml", readBeside);
  return config.ok ? [] : config.problems;
};
const withVendorList = shipped
  .replace("vendorId: null", "vendorId: 51")
  .replace("# vendorList:", "vendorList:");

describe("the shipped privacy settings", () => {
  it("compile, with no vendor of ours and the strictest market for everyone else", () => {
    const config = loadPrivacyConfig("config/privacy.yaml");
    if (!config.ok) expect.fail(config.problems.join("\n"));
    const { settings } = config;
    const marketOf = (country: string) =>
      settings.marketByCountry.get(packAlpha3(country) as CountryCode)?.name;
    expect(settings.tcf.vendorId).toBe(0);
    expect(config.plan.tcf.vendorId).toBeNull();
    expect(settings.tcf.tagPurposes).toBe(0b10_0100_1111);
    expect([marketOf("DEU"), marketOf("GBR"), marketOf("CHE"), marketOf("NOR")]).toEqual(
      Array(4).fill("EU"),
    );
    expect([marketOf("USA"), marketOf("CHN"), marketOf("IND")]).toEqual(["US", "CN", "IN"]);
    expect(marketOf("BRA")).toBeUndefined();
    expect(settings.otherMarket).toMatchObject({
      regime: Regime.TCF,
      withoutSignal: WithoutSignal.CONTEXTUAL,
    });
    expect(settings.eidSources.number).toEqual(Uint32Array.of(1, 2, 3));
  });

  it("hold the European Economic Area, the United Kingdom and Switzerland", () => {
    const eea =
      "AUT BEL BGR HRV CYP CZE DNK EST FIN FRA DEU GRC HUN ISL IRL ITA LVA LIE LTU LUX MLT NLD " +
      "NOR POL PRT ROU SVK SVN ESP SWE GBR CHE";
    const config = loadPrivacyConfig("config/privacy.yaml");
    if (!config.ok) expect.fail(config.problems.join("\n"));
    for (const country of eea.split(" ")) {
      const market = config.settings.marketByCountry.get(packAlpha3(country) as CountryCode);
      expect(market?.gdprWhenUnstated, country).toBe(true);
    }
  });

  it("are those of the demo but for the vendor number and the creatives' hosts", () => {
    const [ours = "", hosts = ""] = demo.split("thirdPartyHosts:");
    const differing = ours
      .trimEnd()
      .split("\n")
      .filter((line, i) => line !== shipped.split("\n")[i]);
    expect(differing.map((line) => line.trim().split(" ")[0])).toEqual(["#", "vendorId:"]);
    expect(hosts.trim().split(/\s+- /)).toContain("northwind.example");
    expect(loadPrivacyConfig("config/demo/privacy.yaml").ok).toBe(true);
  });
});

describe("a bad privacy file", () => {
  it.each([
    [
      "withoutSignal: granted",
      "withoutSignal: always",
      /privacy\.yaml:\d+:\d+: markets\.US\.withoutSignal: .*"none"/,
    ],
    ["countries: [CHN]", "countries: [China]", /markets\.CN\.countries\.0: write three capital/],
    ["countries: [CHN]", "countries: [IND]", /IND is already in market CN/],
    ["countries: [CHN]", "countries: []", /names no country/],
    ["tagPurposes: [1, 2, 3", "tagPurposes: [2, 3", /must hold 1, 3 and 4/],
    ["legitimateInterest: []", "legitimateInterest: [2]", /purpose 2 is in `consent` too/],
    ["flexible: [2, 7, 10]", "flexible: [9]", /flexible\.0: purpose 9 is declared on no basis/],
    ["maxAgeDays: 395", "maxAgeDays: soon", /tcf\.maxAgeDays: .*expected number/],
    ["maxAgeDays: 395", "maxAge: 395", /tcf: Unrecognized key/],
    ["- brand.example", "- https://brand.example", /thirdPartyHosts\.0: write a host/],
    ["number: 2", "number: 1", /1 is given twice/],
    ["id5-sync.com", "UIDAPI.com", /uidapi\.com is given twice/],
    ["vendorId: null", "vendorId: 0", /tcf\.vendorId/],
    ["us:", "us: [", /privacy\.yaml:\d+:\d+: /],
  ])("with '%s' changed to '%s' is refused and says where and what", (from, to, message) => {
    expect(shipped).toContain(from);
    const problems = problemsOf(shipped.replace(from, to));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).toMatch(message);
  });

  it("points at the line of the value", () => {
    const line = shipped.split("\n").findIndex((text) => text.includes("maxAgeDays")) + 1;
    const [problem] = problemsOf(shipped.replace("maxAgeDays: 395", "maxAgeDays: 0"));
    expect(problem).toMatch(new RegExp(`^privacy\\.yaml:${line}:15: tcf\\.maxAgeDays: `));
  });
});

describe("a vendor list", () => {
  const listWith = (vendor: Record<string, unknown>): string =>
    JSON.stringify({
      vendors: {
        51: { purposes: [1, 3], legIntPurposes: [2], flexiblePurposes: [], ...vendor },
      },
    });

  it("decides what we declared", () => {
    const config = readPrivacyConfig(withVendorList, "privacy.yaml", () => listWith({}));
    if (!config.ok) expect.fail(config.problems.join("\n"));
    expect(config.settings.tcf).toMatchObject({
      declaredConsent: 0b101,
      declaredLegitimateInterest: 0b10,
      flexible: 0,
    });
  });

  it("must be readable and hold us, and needs our number", () => {
    expect(problemsOf(withVendorList).join()).toMatch(
      /:\d+:\d+: vendor-list\.json is not readable/,
    );
    expect(problemsOf(withVendorList, () => "{").join()).toMatch(/not readable/);
    const gone = problemsOf(withVendorList, () => listWith({ deletedDate: "2026-01-01" }));
    expect(gone.join()).toMatch(/vendor 51 is deleted from vendor-list\.json/);
    expect(problemsOf(withVendorList, () => '{"vendors":{}}').join()).toMatch(/51 is not on/);
    const unnumbered = withVendorList.replace("vendorId: 51", "vendorId: null");
    expect(problemsOf(unnumbered, () => listWith({})).join()).toMatch(/without tcf\.vendorId/);
  });
});
