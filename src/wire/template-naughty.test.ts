import { existsSync, readFileSync } from "node:fs";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import type { CreativeModel, Native } from "../campaign/model.js";
import {
  html,
  native,
  publicUrl,
  sampleCreative,
  sampleExchange,
  vastInline,
  vastWrapper,
} from "../testing/wire-samples.js";
import { nativeAssets } from "./native-template.js";
import { bidEntryOf, Slot, templatesFrom } from "./template.js";
import { compileTemplates } from "./template-compile.js";
import { httpsAddress, xmlForbiddenAt } from "./template-pieces.js";

const token = "T".repeat(88);

const corpus = "../shared/corpora/blns.json";
describe.skipIf(!existsSync(corpus))(
  `naughty strings (${corpus}; skipped where it is missing)`,
  () => {
    const strings: string[] = existsSync(corpus) ? JSON.parse(readFileSync(corpus, "utf8")) : [];
    const parser = new XMLParser({
      parseTagValue: false,
      trimValues: false,
      htmlEntities: true,
    });
    const bid = (creative: CreativeModel) => {
      const exchange = sampleExchange(0, { notices: [] });
      const compiled = compileTemplates({
        creatives: [creative],
        exchanges: [exchange],
        agencies: [],
        publicUrl,
        retired: [],
      });
      if (compiled.problems.length > 0) return compiled.problems.map(({ what }) => what).join();
      const table = templatesFrom(compiled.buffer);
      const entry = bidEntryOf(table, 0, 0);
      let json = "";
      const first = table.entryStart[entry]!;
      for (let op = first; op < first + table.entryCount[entry]!; op++) {
        const start = table.opLiteralStart[op]!;
        json += Buffer.from(table.bytes.subarray(start, start + table.opLiteralLength[op]!));
        if (table.opSlot[op] === Slot.PRICE || table.opSlot[op] === Slot.EXP) json += "1";
        if (table.opSlot[op] === Slot.DURATION) json += "1";
        if (table.opSlot[op] === Slot.TOKEN) json += token;
      }
      return JSON.parse(json) as Record<string, unknown>;
    };

    test("in HTML come out of the JSON as they went in, or are refused as a macro", () => {
      let whole = 0;
      for (const text of strings) {
        const out = bid(sampleCreative(1, html(text)));
        if (typeof out === "string") expect(text).toMatch(/[{%]/);
        else {
          expect(out["adm"]).toBe(text);
          whole++;
        }
      }
      expect(whole).toBeGreaterThan(strings.length - 10);
    });

    test("in a VAST title come out of the XML as they went in, or cannot stand in XML", () => {
      let whole = 0;
      for (const text of strings) {
        const out = bid(sampleCreative(1, vastInline("4.2", { title: text })));
        if (typeof out === "string") {
          expect(out).toMatch(/cannot stand in XML/);
          expect(xmlForbiddenAt(text)).toBeGreaterThanOrEqual(0);
          continue;
        }
        const adm = out["adm"] as string;
        expect(XMLValidator.validate(adm)).toBe(true);
        expect(parser.parse(adm).VAST.Ad.InLine.AdTitle).toBe(text);
        whole++;
      }
      expect(whole).toBeGreaterThan(strings.length - 10);
    });

    test("in domains, categories, bundle, language and DSA texts stay values", () => {
      for (const text of strings) {
        const out = bid(
          sampleCreative(1, html("x"), {
            domains: [text, "b"],
            categories: [{ taxonomy: 1, id: text }],
            bundle: `b${text}`,
            language: `l${text}`,
            dsa: {
              behalf: text,
              paid: text,
              transparency: [{ domain: text, params: [1] }],
              adRender: true,
            },
          }),
        ) as Record<string, unknown>;
        expect(out["adomain"]).toEqual([text, "b"]);
        expect(out["cat"]).toEqual([text]);
        expect([out["bundle"], out["language"]]).toEqual([`b${text}`, `l${text}`]);
        const transparency = [{ domain: text, dsaparams: [1] }];
        expect(out["ext"]).toEqual({
          dsa: { behalf: text, paid: text, transparency, adrender: 1 },
        });
      }
    });

    test("as addresses are refused, or become one harmless https address", () => {
      for (const text of [...strings, ...strings.map((text) => `https://x.example/${text}`)]) {
        const address = httpsAddress(text);
        if (address !== "") expect(address).toMatch(/^https:\/\/[!-~]+$/);
        const markup = vastWrapper("3.0", { url: text });
        const out = bid(sampleCreative(1, markup));
        if (typeof out === "string") continue;
        expect(XMLValidator.validate(out["adm"] as string)).toBe(true);
        expect(parser.parse(out["adm"] as string).VAST.Ad.Wrapper.VASTAdTagURI).toBe(address);
      }
    });

    test("in native texts come out of the JSON inside the JSON", () => {
      for (const text of strings) {
        const assets = nativeAssets(native({ title: text, data: { 2: text } }) as Native);
        const members = assets.members.map(
          (pieces) => JSON.parse(`"${pieces.join("")}"`) as string,
        );
        const parsed = members.map((member) => JSON.parse(`{${member}}`));
        if (text !== "") expect(parsed[0]).toEqual({ title: { text } });
        expect(parsed.at(-1)).toEqual({ data: { value: text } });
      }
    });
  },
);
