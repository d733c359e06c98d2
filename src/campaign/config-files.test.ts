import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { demoPeopleCount } from "../bank/generate/demo-person.js";
import { demoBrands, demoSegments, stages } from "../bank/generate/demo-segments.js";
import { crowdMinimumPeople } from "../base/limits.js";
import type { UnixMs } from "../base/units.js";
import { readConfigFolder } from "../runtime/config-folder.js";
import { compileTemplates } from "../wire/template-compile.js";
import { checkConfig } from "./check.js";
import { audiencesNeeded, compile, segmentNames } from "./compile.js";
import { isOpen } from "./exchange-file.js";
import { issueText } from "./issue.js";
import { jsonSchemas } from "./json-schema.js";
import { kindOfFile } from "./load.js";
import { Live, tableFrom } from "./table.js";

/** `UPDATE_SCHEMAS=1 npx vitest run config-files` writes the schema files anew. */
const update = process.env["UPDATE_SCHEMAS"] === "1";
const folder = fileURLToPath(new URL("../../config", import.meta.url));
const demoFolder = `${folder}/demo`;
const nowMs = Date.parse("2026-12-05T12:00Z") as UnixMs;

describe("schema files", () => {
  test.each(Object.entries(jsonSchemas()))("%s is what the forms say", (name, schema) => {
    const path = `${folder}/${name}`;
    if (update) writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  const schemaOf = {
    campaign: "campaigns.schema.json",
    exchange: "exchange.schema.json",
    profile: "exchange-profile.schema.json",
    rates: "rates.schema.json",
    fees: "fees.schema.json",
    ceilings: "ceilings.schema.json",
  } as const;
  const shipped = [...readConfigFolder(folder), ...readConfigFolder(demoFolder)].flatMap((file) => {
    const kind = kindOfFile(file.name);
    // Markets are looked at with the rest of the bank's files.
    if (kind === "other" || kind === "unknown" || kind === "market") return [];
    return [{ ...file, kind }];
  });

  test.each(shipped)("$path names its schema and satisfies it", ({ path, text, kind }) => {
    const [, named = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    const schema = new URL(named, `file://${path}`).pathname;
    expect(schema).toBe(new URL(`file://${folder}/${schemaOf[kind]}`).pathname);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      JSON.parse(readFileSync(schema, "utf8")) as object,
    );
    validate(parse(text) ?? {});
    expect(validate.errors).toBeNull();
  });
});

describe("config/", () => {
  test("is sound, buys nothing, and its exchange wants a credential", () => {
    const options = { nowMs, segments: null };
    const { config, issues } = checkConfig(readConfigFolder(folder), options);
    expect(issues.map(issueText)).toEqual([
      expect.stringContaining("warning: no exchange that it targets has approved a creative"),
    ]);
    expect(config?.exchanges.map(isOpen)).toEqual([false]);
    expect(config?.book.lineItems.every(({ paused }) => paused)).toBe(true);
  });
});

describe("config/demo", () => {
  const names = [
    ...demoBrands.flatMap(({ name }) => stages.map((stage) => `aipl.${name}.${stage}`)),
    ...demoSegments.map(({ name }) => name),
  ];
  const { config, issues } = checkConfig(readConfigFolder(demoFolder), {
    nowMs,
    segments: new Map(names.map((name) => [name, []])),
  });
  const { book, exchanges, rates } = config!;

  /** Expected people of a term if memberships were independent, enough to tell large from small. */
  const shareOf = new Map<string, number>([
    ...demoSegments.map(({ name, share }) => [name, share] as const),
    ...demoBrands.flatMap(({ name, shares }) =>
      stages.map((stage, s) => [`aipl.${name}.${stage}`, shares[s] ?? 0] as const),
    ),
  ]);
  const peopleOf = (term: { all: readonly string[]; none: readonly string[] }): number =>
    term.all.reduce((people, name) => people * shareOf.get(name)!, demoPeopleCount) *
    term.none.reduce((share, name) => share * (1 - shareOf.get(name)!), 1);

  test("has no finding, its exchanges are open and its rates never stale", () => {
    expect(issues.map(issueText)).toEqual([]);
    expect(exchanges.map(({ name }) => name)).toEqual(["openrtb26", "openrtb25", "onebid"]);
    expect(exchanges.every(isOpen)).toBe(true);
    expect(exchanges[2]).toMatchObject({ maxBids: 1, maxBidsPerImp: 1 });
    expect(rates.fixed).toBe(true);
  });

  test("has templates for every creative on every exchange", () => {
    const publicUrl = "http://127.0.0.1:8080";
    const { creatives, agencies } = book;
    const compiled = compileTemplates({ creatives, agencies, exchanges, publicUrl, retired: [] });
    expect(compiled.problems).toEqual([]);
    expect(new Set(compiled.usable)).toEqual(new Set([0b111]));
  });

  test("certifies the large audiences and refuses exactly three", () => {
    const needed = audiencesNeeded(book);
    const large = needed.filter(({ audience }) =>
      audience.terms.every((term) => peopleOf(term) >= 1.15 * crowdMinimumPeople),
    );
    const small = needed.filter(({ audience }) =>
      audience.terms.some((term) => peopleOf(term) < 0.5 * crowdMinimumPeople),
    );
    expect(small).toHaveLength(3);
    expect(large).toHaveLength(needed.length - 3);
    expect(large.length).toBeGreaterThanOrEqual(6);
    const projection = new Map(
      segmentNames(book).map((name, i) => [name, { word: i >> 5, bit: i & 31, agencies: [] }]),
    );
    const table = tableFrom(
      compile({
        ...{ book, exchanges, projection },
        certificates: new Set(large.map(({ digest }) => digest)),
        allowancePlaceOf: (id) => id,
      }).table,
    );
    const refused = table.lineItemLive.filter((live) => live === Live.UNCERTIFIED);
    const live = table.lineItemLive.filter((live) => live === Live.LIVE);
    expect(refused).toHaveLength(3);
    expect(live).toHaveLength(book.lineItems.length - 3);
  });

  test("has every stage of three brands, and the pavilion behind its deal", () => {
    const audiences = JSON.stringify(book.lineItems.map(({ audience }) => audience));
    for (const { name } of demoBrands) {
      for (const stage of stages) expect(audiences).toContain(`aipl.${name}.${stage}`);
    }
    const pavilion = book.lineItems.filter(
      ({ audience }) => audience === "premium.luxury-pavilion",
    );
    expect(pavilion.map(({ targeting }) => targeting.include.deals)).toEqual([["PAVILION-2026"]]);
    expect(book.deals.every(({ inviteOnly }) => inviteOnly.length === 1)).toBe(true);
  });

  test("answers every format in every currency to anybody, for floors up to 2 dollars", () => {
    const usdIn: Readonly<Record<number, number>> = Object.fromEntries(
      rates.codes.map((code, i) => [code, rates.numerator[i]! / rates.denominator[i]! / 1.1]),
    );
    const advertiserOf = new Map(book.campaigns.map(({ id, advertiser }) => [id, advertiser]));
    const currencyOf = new Map(book.advertisers.map(({ id, currency }) => [id, currency]));
    const broad = book.lineItems.filter(({ audience }) => audience === null);
    const kinds = new Set<string>();
    for (const { campaign, price, targeting, frequency } of broad) {
      const currency = currencyOf.get(advertiserOf.get(campaign)!)!;
      expect(price.cpmMicros / 1e6 / usdIn[currency]!).toBeGreaterThan(2.3);
      expect(frequency).toEqual([]);
      expect(Object.keys(targeting.include)).toEqual(["media"]);
      kinds.add(`${currency} ${targeting.include.media?.join()}`);
    }
    expect(kinds.size).toBe(16);
  });
});
