import { describe, expect, test } from "vitest";
import { Hash64, textKeyOf } from "../base/hash.js";
import { eidsMax, schainNodesMax } from "../base/limits.js";
import { Browser, KeyKind, Os } from "../base/lists.js";
import { packAlpha3 } from "../base/units.js";
import { type Slice, SpanUse } from "../bid/request.js";
import { DecodedRequest, withRequest } from "../testing/decoded-request.js";
import { sellerKeyInto } from "./decode-source.js";

const decoded = new DecodedRequest();
const { record } = decoded;
const decode = (more: object): DecodedRequest => decoded.decode(withRequest(more));
const usa = packAlpha3("USA");
const deu = packAlpha3("DEU");

describe("device", () => {
  test("its fields land in their places", () => {
    decode({
      device: {
        ...{ ua: "Mozilla", ifa: "i-1", make: "Apple", model: "iPhone", devicetype: 4 },
        ...{
          connectiontype: 2,
          language: "en-GB",
          carrier: "EE",
          mccmnc: "234-030",
          lmt: 1,
          dnt: 0,
        },
        ext: { ifa_type: "idfa", atts: 3 },
      },
    });
    expect(decoded.text(record.userAgent)).toBe("Mozilla");
    expect([decoded.text(record.ifa), decoded.text(record.ifaType)]).toEqual(["i-1", "idfa"]);
    expect([record.deviceType, record.connectionType]).toEqual([4, 2]);
    expect([record.consent.lmt, record.consent.dnt, record.consent.atts]).toEqual([1, 0, 3]);
    expect(decoded.value(KeyKind.MAKE, "apple")).toBe(true);
    expect(decoded.value(KeyKind.MODEL, "iphone")).toBe(true);
    expect(decoded.value(KeyKind.LANGUAGE, "en")).toBe(true);
    expect(decoded.value(KeyKind.CARRIER, "ee")).toBe(true);
    expect(decoded.value(KeyKind.CARRIER, "234-030")).toBe(true);
  });

  test("wrong types drop their field only", () => {
    decode({ device: { ua: 5, ifa: [], make: {}, devicetype: "4", connectiontype: "2", lmt: 1 } });
    expect(record.userAgent.end).toBe(0);
    expect([record.deviceType, record.connectionType, record.consent.lmt]).toEqual([0, 0, 1]);
  });

  test.each([
    [1, 1],
    [true, 1],
    ["1", 1],
    [2, 1],
    [0, 0],
    [false, 0],
    ["0", 0],
    [null, 0],
    [0.5, 1],
    [0.0, 0],
    ["", 0],
    ["false", 0],
    ["true", 1],
    ["[LMT]", 1],
    [[], 1],
    [{}, 1],
  ])("lmt %j is %i: what asks for privacy is heard in every form", (lmt, flag) => {
    decode({ device: { lmt } });
    expect(record.consent.lmt).toBe(flag);
    decode({ device: { dnt: lmt }, regs: { coppa: lmt, gpc: lmt, ext: { gpc: 0 } } });
    const { dnt, coppa, gpc } = record.consent;
    expect([dnt, coppa, gpc]).toEqual([flag, flag, flag]);
  });

  test.each([
    ["3", 3],
    [3, 3],
    ["2", 2],
    [0, 0],
    [4, 0],
    ["yes", 0],
    [null, -1],
    ["", -1],
  ])("atts %j is %i: only 3 is leave to track", (atts, status) => {
    decode({ device: { ext: { atts } } });
    expect(record.consent.atts).toBe(status);
  });

  test("what stands twice is told twice", () => {
    const head = '{"id":"r","imp":[{"id":"1"}],';
    const of = (rest: string): typeof record.consent => {
      decoded.decode(`${head + rest}}`);
      return record.consent;
    };
    expect(of('"device":{"lmt":1,"lmt":0,"dnt":1,"dnt":0}')).toMatchObject({ lmt: 1, dnt: 1 });
    expect(of('"device":{"ext":{"atts":1,"atts":3}}').atts).toBe(1);
    expect(of('"device":{"ext":{"atts":1},"ext":{"atts":3}}').atts).toBe(1);
    expect(of('"regs":{"coppa":1,"coppa":0,"gdpr":1,"gdpr":0}')).toMatchObject({
      ...{ coppa: 1, gdpr: 1 },
    });
    expect(of('"regs":{"coppa":1,"ext":{"gpc":1}},"regs":{}')).toMatchObject({ coppa: 1, gpc: 1 });
    expect(of('"regs":{"\\u0063oppa":1}').coppa).toBe(1);
    const texts = '"user":{"consent":"A","consent":"B"},"regs":{"us_privacy":"1YYN"},';
    expect(of(`${texts}"regs":{"us_privacy":"1YNN"}`).unreadable).toBe(0);
    expect(decoded.text(record.tcfString) + decoded.text(record.tcfStringSecond)).toBe("AB");
    expect(decoded.text(record.usPrivacySecond)).toBe("1YNN");
    expect(of('"user":{"consent":"A","consent":"B","consent":"C"}').unreadable).toBe(1);
    expect(of('"user":{"consent":"A","consent":"B","consent":"A"}').unreadable).toBe(0);
    expect(of("").unreadable).toBe(0);
  });

  const chrome = { brand: "Chromium" };
  test.each([
    ["sua before os and ua", { os: "iOS", sua: { platform: { brand: "Windows" } } }, Os.WINDOWS, 0],
    ["os before ua", { os: "macOS", ua: "X (Windows NT 10.0) Chrome/1" }, Os.MACOS, Browser.CHROME],
    ["ua alone", { ua: "X (Windows NT 10.0) Chrome/1 Edg/1" }, Os.WINDOWS, Browser.EDGE],
    ["a name that is none of ours", { os: "Plan 9", ua: "X (Windows)" }, Os.OTHER, Browser.UNKNOWN],
    ["an os of the wrong type", { os: 5, ua: "X (Windows)" }, Os.WINDOWS, Browser.UNKNOWN],
    [
      "the special brand before the common one",
      { sua: { browsers: [chrome, { brand: "Google Chrome" }, { brand: "Microsoft Edge" }] } },
      Os.UNKNOWN,
      Browser.EDGE,
    ],
    [
      "decoy brands beside Chrome",
      { sua: { browsers: [{ brand: "Not A;Brand" }, 5, { brand: "Google Chrome" }] } },
      Os.UNKNOWN,
      Browser.CHROME,
    ],
  ])("system and browser from %s", (_, device, os, browser) => {
    decode({ device });
    expect([record.os, record.browser]).toEqual([os, browser]);
  });

  test("a second device takes the place of the first, but for what it refused", () => {
    decoded.decode(
      '{"id":"r","imp":[{"id":"1"}],"device":{"make":"a","ifa":"x","lmt":1,' +
        '"geo":{"country":"USA"}},"device":{}}',
    );
    expect([record.ifa.end, record.consent.lmt, record.country]).toEqual([0, 1, 0]);
    expect(decoded.count(SpanUse.VALUE, KeyKind.MAKE)).toBe(0);
  });
});

describe("geo", () => {
  test("region, city and zip are scoped by the country, wherever it stands; metro is not", () => {
    decode({
      device: { geo: { region: "US-CA", city: "LA", zip: 90210, metro: 803, country: "us" } },
    });
    expect(record.country).toBe(usa);
    expect(decoded.value(KeyKind.REGION, "ca", usa)).toBe(true);
    expect(decoded.value(KeyKind.CITY, "la", usa)).toBe(true);
    expect(decoded.value(KeyKind.ZIP, "90210", usa)).toBe(true);
    expect(decoded.value(KeyKind.METRO, "803")).toBe(true);
    expect(decoded.value(KeyKind.REGION, "ca")).toBe(false);
  });

  test.each([
    ["the device's", { region: "BY", country: "DEU" }, { region: "CA", country: "USA" }, deu, "BY"],
    [
      "the user's without a country of the device",
      { region: "BY" },
      { region: "CA", country: "USA" },
      usa,
      "CA",
    ],
    ["the user's alone", undefined, { region: "CA", country: "USA" }, usa, "CA"],
  ])("%s counts, in any order", (_, geo, userGeo, country, region) => {
    for (const swap of [false, true]) {
      const device = { device: { geo } };
      const user = { user: { geo: userGeo } };
      decode(swap ? { ...user, ...device } : { ...device, ...user });
      expect(record.country).toBe(country);
      expect(decoded.value(KeyKind.REGION, region, country)).toBe(true);
      expect(decoded.count(SpanUse.VALUE, KeyKind.REGION)).toBe(1);
    }
  });
});

describe("user", () => {
  test("both places of consent are kept; the 2.6 place of eids wins whatever the order", () => {
    const eids = (id: string): object[] => [{ source: "s.example", uids: [{ id }] }];
    const ext = { consent: "OLD", eids: eids("old") };
    const seen = (user: object): unknown[] => {
      decode({ user });
      const id = { start: record.eidStart[0] ?? 0, end: record.eidEnd[0] ?? 0 };
      return [
        [record.tcfString, record.tcfStringSecond].map((slice) => decoded.text(slice)).join(),
        record.consent.unreadable,
        record.eidCount,
        decoded.text(id as typeof record.ifa),
      ];
    };
    expect(seen({ ext })).toEqual(["OLD,", 0, 1, "old"]);
    expect(seen({ ext, consent: "NEW", eids: eids("new") })).toEqual(["OLD,NEW", 0, 1, "new"]);
    expect(seen({ consent: "NEW", eids: eids("new"), ext })).toEqual(["NEW,OLD", 0, 1, "new"]);
    expect(seen({ consent: 5, eids: "x", ext })).toEqual(["OLD,", 1, 1, "old"]);
    expect(seen({ ext, consent: "" }).slice(0, 2)).toEqual(["OLD,", 0]);
    expect(seen({ ext, consent: "OLD" }).slice(0, 2)).toEqual(["OLD,", 0]);
  });

  test("each uid is an entry with its source, whatever stands first", () => {
    decode({
      user: {
        buyeruid: "b-1",
        eids: [
          {
            uids: [{ id: "a", atype: 3 }, { id: "" }, {}, { id: "b" }],
            mm: 4,
            source: "One.example",
          },
          { uids: [{ id: "lost" }] },
          { source: "two.example", uids: [{ id: "c", atype: 500 }] },
        ],
      },
    });
    expect(decoded.text(record.buyerUid)).toBe("b-1");
    expect(record.eidCount).toBe(3);
    const one = textKeyOf("one.example", KeyKind.EID_SOURCE);
    expect([...record.eidSourceLo.subarray(0, 2)]).toEqual([one.lo, one.lo]);
    expect(record.eidSourceHi[2]).toBe(textKeyOf("two.example", KeyKind.EID_SOURCE).hi);
    expect([...record.eidAtype.subarray(0, 3)]).toEqual([3, 0, 0]);
    expect([...record.eidMm.subarray(0, 3)]).toEqual([4, 4, 0]);
    const uids = Array.from({ length: eidsMax + 5 }, (_, i) => ({ id: `${i}` }));
    decode({ user: { eids: [{ source: "s", uids }] } });
    expect([record.eidCount, record.overflow]).toEqual([eidsMax, 0]);
  });

  test("a person's profile gives no targeting values, lone surrogates no identifier", () => {
    decode({ user: { keywords: "rich,old", data: [{ segment: [{ id: "x" }] }] } });
    expect(record.keyCount).toBe(0);
    decoded.decode(
      '{"id":"r","imp":[{"id":"1"}],"user":{"buyeruid":"\\udc00"},"device":{"ifa":"a\\u0041"}}',
    );
    expect(record.buyerUid.end).toBe(0);
    expect(decoded.text(record.ifa)).toBe("aA");
  });
});

describe("regs", () => {
  const ext = { gdpr: 1, us_privacy: "1YYN", gpp: "OLD", gpp_sid: [7] };
  test("both places count, whatever the order", () => {
    const seen = (regs: object): unknown[] => {
      decode({ regs });
      const { consent, usPrivacy, usPrivacySecond, gppString, gppStringSecond } = record;
      const both = (a: Slice, b: Slice): string =>
        [decoded.text(a), decoded.text(b)].sort().join("");
      const texts = [both(usPrivacy, usPrivacySecond), both(gppString, gppStringSecond)];
      return [consent.gdpr, ...texts, record.gppSidMask, consent.unreadable];
    };
    const regs = { gdpr: 0, us_privacy: "1NNN", gpp: "NEW", gpp_sid: [2, 31] };
    const wanted = [1, "1NNN1YYN", "NEWOLD", 2 ** 31 + 132, 0];
    expect(seen({ ...regs, ext })).toEqual(wanted);
    expect(seen({ ext, ...regs })).toEqual(wanted);
    expect(seen({ ext })).toEqual([1, "1YYN", "OLD", 1 << 7, 0]);
    expect(seen({ us_privacy: 5, gpp: null, gpp_sid: 2, ext })).toEqual([
      ...[1, "1YYN", "OLD", 132, 1],
    ]);
    expect(seen({})).toEqual([-1, "", "", 0, 0]);
  });

  test.each([
    [1, 1],
    [0, 0],
    ["1", 1],
    ["0", 0],
    [true, 1],
    [[], 1],
    [null, -1],
    ["", -1],
  ])("gdpr %j is %i", (gdpr, told) => {
    decode({ regs: { gdpr } });
    expect(record.consent.gdpr).toBe(told);
    decode({ regs: { ext: { gdpr } } });
    expect(record.consent.gdpr).toBe(told);
  });

  test.each([
    [[7], 1 << 7, 0],
    [["7", 8], (1 << 7) | (1 << 8), 0],
    [[0], 0, 0],
    [[-1], 0, 0],
    [null, 0, 0],
    [7, 1 << 7, 0],
    ["7", 1 << 7, 0],
    [[7, 32], (1 << 7) | 1, 1],
    [["usnat"], 1, 1],
    [[null], 1, 1],
    [{}, 1, 1],
  ])("gpp_sid %j: mask %i, unreadable %i", (sids, mask, unreadable) => {
    decode({ regs: { gpp_sid: sids } });
    expect([record.gppSidMask, record.consent.unreadable]).toEqual([mask, unreadable]);
  });

  test("coppa, gpc and the digital services act", () => {
    decode({
      regs: { coppa: 1, ext: { gpc: "1", dsa: { dsarequired: 3, pubrender: 0, datatopub: 2 } } },
    });
    expect([record.consent.coppa, record.consent.gpc]).toEqual([1, 1]);
    expect([record.dsa.required, record.dsa.pubRender, record.dsa.dataToPub]).toEqual([3, 0, 2]);
    decode({ regs: { ext: { gpc: 0, dsa: { dsarequired: 9 } } } });
    expect([record.consent.coppa, record.consent.gpc, record.dsa.required]).toEqual([0, 0, -1]);
  });
});

describe("supply chain", () => {
  const seller = (asi: string, sid: string): Hash64 => {
    const out = new Hash64();
    sellerKeyInto(
      textKeyOf(asi, KeyKind.SCHAIN_SELLER),
      textKeyOf(sid, KeyKind.SCHAIN_SELLER),
      out,
    );
    return out;
  };
  const chain = (asi: string): object => ({ complete: 1, nodes: [{ asi, sid: 5 }] });

  test("the newest place wins whatever the order", () => {
    const lo = (more: object): number => {
      decode(more);
      return record.schainNodeCount === 1 ? (record.schainLo[0] ?? 0) : -1;
    };
    const root = { ext: { schain: chain("root") } };
    const sourceExt = { ext: { schain: chain("source-ext") } };
    expect(lo(root)).toBe(seller("root", "5").lo);
    expect(lo({ source: sourceExt, ...root })).toBe(seller("source-ext", "5").lo);
    expect(lo({ ...root, source: sourceExt })).toBe(seller("source-ext", "5").lo);
    expect(lo({ source: { schain: chain("new"), ...sourceExt }, ...root })).toBe(
      seller("new", "5").lo,
    );
    expect(lo({ ...root, source: { ...sourceExt, schain: chain("new") } })).toBe(
      seller("new", "5").lo,
    );
    expect(lo({ ...root, source: { schain: "x" } })).toBe(seller("root", "5").lo);
    expect([record.schainPresent, record.schainComplete]).toEqual([1, 1]);
  });

  test("a chain that cannot be kept whole is not complete", () => {
    const nodes = Array.from({ length: schainNodesMax + 1 }, () => ({ asi: "a", sid: "s" }));
    decode({ source: { schain: { nodes, complete: 1 } } });
    expect([record.schainNodeCount, record.schainComplete]).toEqual([schainNodesMax, 0]);
    decode({ source: { schain: { complete: 1, nodes: [{ asi: "a" }, { asi: "b", sid: "s" }] } } });
    expect([record.schainNodeCount, record.schainComplete, record.schainLo[0]]).toEqual([2, 0, 0]);
    decode({ source: {} });
    expect(record.schainPresent).toBe(0);
  });

  test("seller and system are not interchangeable", () => {
    expect(seller("a", "b")).not.toEqual(seller("b", "a"));
  });
});
