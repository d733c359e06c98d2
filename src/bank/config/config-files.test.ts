import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { SourceFile } from "../../campaign/document.js";
import { issueText } from "../../campaign/issue.js";
import { isBankFile } from "../../campaign/load.js";
import { readConfigFolder } from "../../runtime/config-folder.js";
import { bankJsonSchemas } from "./json-schema.js";
import { loadBankConfig } from "./load.js";
import { bankSegmentNames } from "./segment-names.js";

/** `UPDATE_SCHEMAS=1 npx vitest run config-files` writes the schema files anew. */
const update = process.env["UPDATE_SCHEMAS"] === "1";
const folder = fileURLToPath(new URL("../../../config", import.meta.url));
const files = readConfigFolder(folder, isBankFile);

describe("schema files", () => {
  test.each(Object.entries(bankJsonSchemas()))("%s is what the forms say", (name, schema) => {
    const path = `${folder}/${name}`;
    if (update) writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  const schemaOf: Readonly<Record<string, string>> = {
    "bank.yaml": "bank.schema.json",
    markets: "market.schema.json",
    touchpoints: "touchpoint.schema.json",
    segments: "segments.schema.json",
  };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validators = new Map<string, ValidateFunction>();
  const shipped = [...files, ...readConfigFolder(`${folder}/demo`, isBankFile)];

  test.each(shipped)("$path names its schema and satisfies it", ({ path, name, text }) => {
    const [, named = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    const schema = new URL(named, `file://${path}`).pathname;
    const wanted = schemaOf[name.split("/")[0]!];
    expect(schema).toBe(new URL(`file://${folder}/${wanted}`).pathname);
    const validate =
      validators.get(schema) ?? ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
    validators.set(schema, validate);
    validate(parse(text) ?? {});
    expect(validate.errors).toBeNull();
  });
});

describe("config/", () => {
  const buyers = { agencies: new Set([10]), agencyOf: new Map([[100, 10]]) };
  const { config, issues } = loadBankConfig(files, buyers);
  const names = bankSegmentNames(config!);

  test("makes about 500 outward segments without a finding", () => {
    expect(issues.map(issueText)).toEqual([]);
    expect(names.length).toBeGreaterThanOrEqual(450);
    expect(names.length).toBeLessThanOrEqual(550);
    expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
    expect(config!.segments.filter(({ outward }) => !outward).length).toBeGreaterThan(0);
  });

  test("has four markets, ten touch-points and areas above the crowd minimum", () => {
    expect([...config!.markets.keys()].sort()).toEqual(["CN", "EU", "IN", "US"]);
    const optOut = [...config!.markets.values()].filter(({ consent }) => consent === "optOut");
    expect(optOut.map(({ name }) => name)).toEqual(["US"]);
    expect([...config!.touchpoints.keys()].sort().join(" ")).toBe(
      "ad commerce consent cookie map payment search social store video",
    );
    expect(config!.touchpoints.get("ad")!.identifiers[0]).toMatchObject({
      column: "person",
      kind: { always: "person" },
    });
    const demoAreas = ["US-CA", "US-NY", "US-TX", "CN-SH", "CN-GD", "CN-BJ", "IN-MH", "IN-KA"];
    expect(config!.areas).toEqual(expect.arrayContaining(demoAreas));
    expect(config!.areas).toEqual(expect.arrayContaining(["DE-BY", "FR-IDF", "GB-ENG", "NL-NH"]));
  });

  test("shows private segments to their agency only", () => {
    const limited = names.filter(({ agencies }) => agencies.length > 0);
    expect(limited.map(({ name }) => name)).toEqual([
      ...["aipl.example.awareness", "aipl.example.interest"],
      ...["aipl.example.purchase", "aipl.example.loyalty"],
      ...["premium.luxury-pavilion", "premium.travellers"],
    ]);
    expect(new Set(limited.flatMap(({ agencies }) => agencies))).toEqual(new Set([10]));
  });

  test("says nothing of health, faith, sex, origin, union or children", () => {
    const words = [
      "health|medic|pharma|diet|pregnan|bab(?:y|ies)|child|kid",
      "parent|faith|relig|church|gender|women|\\bmen\\b|gay|ethnic",
      "race|union|politic|dating|gambl|debt",
    ];
    const sensitive = new RegExp(words.join("|"), "i");
    const said = config!.segments.map(({ name, label }) => `${name}: ${label}`);
    expect(said.filter((text) => sensitive.test(text))).toEqual([]);
  });

  test("takes a new market by files alone", () => {
    const added: SourceFile = { name: "markets/br.yaml", path: "markets/br.yaml", text: brazil };
    const rule = `
segments:
  - name: interest.futebol.{area}
    each: { area: [br-sp, br-rj] }
    label: Follows futebol
    method: observed
    rule: { did: commerce, market: BR, category: futebol, within: 30, amount: { BRL: 250.5 } }
  - name: home.sao-paulo
    label: Lives in São Paulo
    method: observed
    rule: { all: [{ area: BR-SP }, { market: BR }] }
`;
    const wider = files.map((file) =>
      file.name.startsWith("touchpoints/")
        ? { ...file, text: file.text.replace("markets: [US,", "markets: [BR, US,") }
        : file,
    );
    const segments = { name: "segments/br.yaml", path: "segments/br.yaml", text: rule };
    const before = config!;
    const { config: after, issues: found } = loadBankConfig([...wider, added, segments]);
    expect(found.map(issueText)).toEqual([]);
    expect(after!.markets.get("BR")).toMatchObject({ currency: "BRL", consent: "optIn" });
    expect(after!.areas.slice(0, 2)).toEqual(["BR-SP", "BR-RJ"]);
    expect(after!.areas.length).toBe(before.areas.length + 2);
    expect(after!.segments.length).toBe(before.segments.length + 3);
    const made = after!.segments.find(({ name }) => name === "interest.futebol.br-rj")!;
    expect(made).toMatchObject({ source: "commerce", recencyDays: 30 });
    expect(made.rule).toMatchObject({
      kind: "did",
      behaviour: { markets: ["BR"], amountMicros: new Map([["BRL", 250_500_000]]) },
    });
  });
});

const brazil = `
market: BR
label: Brazil
countries: [BRA]
currency: BRL
consent: optIn
areas:
  - { name: BR-SP, label: São Paulo, people: 44400000 }
  - { name: BR-RJ, label: Rio de Janeiro, people: 16050000 }
categories: [futebol, travel]
`;
