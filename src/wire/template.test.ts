// biome-ignore-all lint/suspicious/noTemplateCurlyInString: macros of exchanges look like this
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { NoticeKind } from "../base/lists.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CreativeModel } from "../campaign/model.js";
import {
  html,
  mediaFile,
  publicUrl,
  sampleCreative,
  sampleExchange,
  tag,
  vastInline,
  vastWrapper,
} from "../testing/wire-samples.js";
import { markupPieces } from "./creative-template.js";
import { HtmlContext, htmlContexts } from "./html-context.js";
import { OpaqueKind, opaqueIdInto, opaqueIdOf } from "./opaque-id.js";
import { bidEntryOf, landingPageOf, NO_ENTRY, Slot, templatesFrom } from "./template.js";
import { compileTemplates } from "./template-compile.js";
import { TemplateMemory } from "./template-memory.js";
import { dialectNumbers, NoticeUrls, publicUrlProblem } from "./template-notice.js";
import type { Pieces } from "./template-pieces.js";
import { cdata, scriptEscape } from "./template-pieces.js";

const token = "T".repeat(88);
const filled = (pieces: Pieces): string =>
  pieces
    .map((piece) => {
      if (typeof piece === "string") return piece;
      if (piece === Slot.TOKEN) return token;
      if (piece === Slot.BID_ID) return "bidbidbidbid";
      return piece === Slot.CACHEBUSTER ? "012345678901" : String(piece);
    })
    .join("");

const compile = (
  creatives: readonly CreativeModel[],
  exchanges: readonly Exchange[] = [sampleExchange(0)],
  url = publicUrl,
) => compileTemplates({ creatives, exchanges, agencies: [], publicUrl: url, retired: [] });

function admOf(creative: CreativeModel, exchange = sampleExchange(0)): string {
  const { pieces, problems } = markupPieces(creative, new NoticeUrls(publicUrl, exchange));
  expect(problems).toEqual([]);
  return filled(pieces);
}

const problemsOf = (creative: CreativeModel): string[] =>
  compile([creative]).problems.map((problem) => problem.what);

describe("a creative that loads from elsewhere", () => {
  test("is usable only where the list holds the host, and says which one it is", () => {
    const creatives = [sampleCreative(1, html('<img src="//pixel.example/p">'))];
    const input = { creatives, agencies: [], publicUrl, retired: [] };
    const with_ = (thirdPartyHosts: readonly string[]) =>
      compileTemplates({ ...input, exchanges: [sampleExchange(0)], thirdPartyHosts });
    expect(with_(["pixel.example"]).usable[0]).toBe(1);
    const refused = with_(["brand.example"]);
    expect(refused.usable[0]).toBe(0);
    expect(refused.problems.map(({ what }) => what)).toEqual([
      expect.stringContaining("loads from pixel.example, which would see who sees the ad"),
    ]);
  });

  test("is told of the hosts of its own domains, and of nobody else's", () => {
    const creative = { ...sampleCreative(1, html('<img src="//pixel.example/p">')) };
    const input = { creatives: [{ ...creative, domains: ["brand.example"] }], agencies: [] };
    const { problems } = compileTemplates({
      ...{ ...input, publicUrl, retired: [], exchanges: [sampleExchange(0)] },
      thirdPartyHosts: ["rival.example", "brand.example"],
    });
    expect(problems.map(({ what }) => what)).toEqual([
      "loads from pixel.example, which would see who sees the ad: take it from brand.example, " +
        "or have it added to thirdPartyHosts in privacy.yaml",
    ]);
  });
});

describe("banner markup", () => {
  const click = `${publicUrl}/click?t=${token}`;

  test("gets each macro escaped for the place where it stands", () => {
    const markup =
      '<a href="{CLICK_URL}">{CLICK_URL_ENC}</a>' +
      "<script>f(\"{CLICK_URL}\", '{CACHEBUSTER}')</script>" +
      "<b onclick=\"g('{CLICK_URL}')\"></b>";
    const withMacro = sampleExchange(0, { clickMacro: "%%CLICK_URL_UNESC%%", notices: [] });
    const out = admOf(sampleCreative(1, html(markup)), withMacro);
    const encoded = encodeURIComponent(`${publicUrl}/click?t=`) + token;
    expect(out).toBe(
      `<a href="%%CLICK_URL_UNESC%%${encoded}">${encoded}</a>` +
        `<script>f("%%CLICK_URL_UNESC%%${encoded}", '012345678901')</script>` +
        `<b onclick="g('%%CLICK_URL_UNESC%%${encoded}')"></b>`,
    );
  });

  test("carries the impression pixel only where the exchange lets the markup count", () => {
    const creative = sampleCreative(1, html('<a href="{CLICK_URL}">x</a>'));
    expect(admOf(creative)).toBe(
      `<a href="${click}">x</a><img src="${publicUrl}/impression?t=${token}" width="1" ` +
        'height="1" alt="" style="position:absolute">',
    );
    const silent = sampleExchange(0, { notices: [NoticeKind.BILL] });
    expect(admOf(creative, silent)).toBe(`<a href="${click}">x</a>`);
  });

  test("shows a price only where it bills and the exchange encodes it", () => {
    const creative = sampleCreative(1, html("x"));
    const billed = { billsBy: NoticeKind.IMPRESSION };
    const encoded = sampleExchange(0, { ...billed, priceMacro: "${AUCTION_PRICE:B64}" });
    expect(admOf(creative, encoded)).toContain("&amp;pb=${AUCTION_PRICE:B64}");
    expect(admOf(creative, sampleExchange(0, billed))).not.toContain("AUCTION_PRICE");
    const notBilling = sampleExchange(0, { priceMacro: "${AUCTION_PRICE:B64}" });
    expect(admOf(creative, notBilling)).not.toContain("AUCTION_PRICE");
  });

  test.each([
    ["<a href={CLICK_URL}>x</a>", /unsafe/],
    ["<!-- {CLICK_URL} -->", /unsafe/],
    ["<style>a{b:url({CLICK_URL})}</style>", /unsafe/],
    ['<i style="{CLICK_URL}">', /unsafe/],
    ["<script>f({CLICK_URL})</script>", /unsafe/],
    ["<script>f(`{CLICK_URL}`)</script>", /unsafe/],
    ["<script>// '{CLICK_URL}'\n</script>", /unsafe/],
    ['<i srcdoc="{CLICK_URL}">', /unsafe/],
    ["<b{CLICK_URL}>", /unsafe/],
    ["<{CLICK_URL}>", null],
    ["{CLICK_URI}", /not known/],
    ["{__PROTO}", null],
    ["{CONSTRUCTOR}", /not known/],
    ["${CLICK_URL}", /not known/],
    ["${AUCTION_ID}", /not known/],
    ["${AUCTION_PRICE:B64}", /not known/],
    ["%%PATTERN:url%%", /not known/],
    ["<script>const f = (a) => `${a}` + {b: 1}</script>", null],
    ["<a href='x", /closed|close it/],
    ["<script>x", /close it/],
  ])("with %j is judged", (markup, problem) => {
    const found = problemsOf(sampleCreative(1, html(markup)));
    if (problem === null) expect(found).toEqual([]);
    else expect(found.join()).toMatch(problem);
  });

  test("takes a third party's tag with the click macro as a parameter, also in noscript", () => {
    const text = '<noscript><a href="https://t.example/c?u={CLICK_URL_ENC}">x</a></noscript>';
    expect(admOf(sampleCreative(1, tag(text)))).toContain(
      "?u=https%3A%2F%2Fbidder.example%2Fclick",
    );
  });

  test("contexts follow quotes, comments and raw elements", () => {
    const text = `a<b c="d" e='f' g=h>i</b><script>j='k'</script>`;
    const at = (char: string) => htmlContexts(text)[text.indexOf(char)];
    expect([..."adfi"].map(at)).toEqual([
      HtmlContext.TEXT,
      HtmlContext.QUOTED_ATTRIBUTE,
      HtmlContext.QUOTED_ATTRIBUTE,
      HtmlContext.TEXT,
    ]);
    expect([..."hj"].map(at)).toEqual([HtmlContext.UNSAFE, HtmlContext.UNSAFE]);
    expect(at("k")).toBe(HtmlContext.SCRIPT_STRING);
    expect(scriptEscape("a'\"\\</script>&\n")).toMatch(
      /^a(\\u[0-9a-f]{4}){4}\/script(\\u[0-9a-f]{4}){3}$/,
    );
  });
});

describe("VAST", () => {
  const parser = new XMLParser({ ignoreAttributes: false, parseTagValue: false });
  const versions = ["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"] as const;

  test.each(versions)(
    "%s inline is well-formed, with impression, click, duration and media",
    (v) => {
      const text = admOf(sampleCreative(9, vastInline(v, { skipAfterSec: 5 })));
      expect(XMLValidator.validate(text)).toBe(true);
      const { VAST } = parser.parse(text);
      const inline = VAST.Ad.InLine;
      const { Linear } = inline.Creatives.Creative;
      expect(VAST["@_version"]).toBe(v);
      expect(inline.Impression).toBe(`${publicUrl}/impression?t=${token}`);
      expect(inline.AdTitle).toBe("Shoes & socks");
      expect(Linear.Duration).toBe("00:01:35");
      expect(Linear["@_skipoffset"]).toBe(v === "2.0" ? undefined : "00:00:05");
      expect(Linear.VideoClicks.ClickThrough).toBe(`${publicUrl}/click?t=${token}`);
      expect(Linear.MediaFiles.MediaFile["#text"]).toBe("https://cdn.example/a.mp4?x=1&y=2");
      expect(inline.AdServingId === undefined).toBe(v < "4.1");
      expect(inline.Creatives.Creative.UniversalAdId === undefined).toBe(v < "4");
    },
  );

  test.each(versions)("%s wrapper leads to the third party and pings ours", (v) => {
    const text = admOf(sampleCreative(9, vastWrapper(v)));
    expect(XMLValidator.validate(text)).toBe(true);
    const wrapper = parser.parse(text).VAST.Ad.Wrapper;
    expect(wrapper.VASTAdTagURI).toBe("https://ads.example/vast?id=1&cb=[CACHEBUSTING]");
    expect(wrapper.Impression).toBe(`${publicUrl}/impression?t=${token}`);
    const { ClickTracking } = wrapper.Creatives.Creative.Linear.VideoClicks;
    expect(ClickTracking).toBe(`${publicUrl}/click?t=${token}`);
  });

  test("splits the end of a section that a text would close", () => {
    const text = `<t>${filled(cdata(["a]]>b]]>", Slot.TOKEN, "]]]>"]))}</t>`;
    expect(XMLValidator.validate(text)).toBe(true);
    expect(parser.parse(text).t).toBe(`a]]>b]]>${token}]]]>`);
  });

  test("for audio says so, and an overlay is a NonLinear with an image", () => {
    const sound = mediaFile({ mime: "audio/mpeg", width: 0, height: 0, bitrateKbps: 0 });
    const audio = vastInline("4.1", { medium: "audio", mediaFiles: [sound] });
    expect(admOf(sampleCreative(9, audio))).toMatch(/adType="audio".*type="audio\/mpeg" width="0"/);
    const image = mediaFile({ mime: "image/png", url: "https://cdn.example/o.png" });
    const overlay = vastInline("3.0", { linearity: 2, mediaFiles: [image] });
    expect(admOf(sampleCreative(9, overlay))).toContain(
      '<StaticResource creativeType="image/png">',
    );
    const film = sampleCreative(9, vastInline("3.0", { linearity: 2 }));
    expect(problemsOf(film).join()).toMatch(/shows an image/);
    const click = parser.parse(admOf(sampleCreative(9, vastWrapper("3.0", { linearity: 2 }))));
    expect(click.VAST.Ad.Wrapper.Creatives.Creative.NonLinearAds.NonLinear).toBeTruthy();
  });

  test.each([
    [vastWrapper("3.0", { url: "http://ads.example/vast" }), /must be https/],
    [vastWrapper("3.0", { url: "https://user:pw@ads.example/" }), /must be https/],
    [vastWrapper("3.0", { url: "https://ads.example/?d=[IFA]" }), /player macro \[IFA\]/],
    [vastWrapper("3.0", { url: "https://ads.example/?d=%5BIPADDRESS%5D" }), /IPADDRESS/],
    [vastWrapper("3.0", { url: "https://ads.example/?p=${AUCTION_PRICE}" }), /must be https/],
    [vastInline("3.0", { mediaFiles: [] }), /at least one media file/],
    [vastInline("3.0", { mediaFiles: [mediaFile({ url: "//x" })] }), /must be https/],
    [vastInline("3.0", { mediaFiles: [mediaFile({ width: 0 })] }), /width and a height/],
    [vastInline("3.0", { mediaFiles: [mediaFile({ mime: 'a"b' })] }), /media type/],
    [vastInline("3.0", { title: "a\u0001" }), /cannot stand in XML/],
  ])("with a fault is reported and not usable (%#)", (markup, problem) => {
    const compiled = compile([sampleCreative(1, markup)]);
    expect(compiled.problems.map(({ what }) => what).join()).toMatch(problem);
    expect([...compiled.usable]).toEqual([0]);
  });
});

describe("a template table", () => {
  test("has an entry only for dialects whose exchange approved the creative", () => {
    const exchanges = [
      sampleExchange(0, { dialect: 0 }),
      sampleExchange(1, { dialect: 1, version: "2.5" }),
      sampleExchange(2, { dialect: 0 }),
    ];
    const creatives = [
      sampleCreative(10, html("a")),
      sampleCreative(11, html("b"), { approvedBy: ["exchange2"] }),
      sampleCreative(12, html("{WRONG}")),
      sampleCreative(13, html("c"), { approvedBy: [] }),
    ];
    const compiled = compile(creatives, exchanges);
    expect([...compiled.usable]).toEqual([0b111, 0b100, 0, 0]);
    const table = templatesFrom(compiled.buffer);
    expect(bidEntryOf(table, 0, 1)).not.toBe(NO_ENTRY);
    expect(bidEntryOf(table, 1, 1)).toBe(NO_ENTRY);
    expect(bidEntryOf(table, 2, 0)).toBe(NO_ENTRY);
    expect(compiled.problems.map(({ creative, exchange }) => [creative, exchange])).toEqual([
      [12, "exchange0"],
      [12, "exchange1"],
    ]);
  });

  test("finds landing pages by creative id, of retired creatives too", () => {
    const { buffer } = compileTemplates({
      creatives: [sampleCreative(30, html("a")), sampleCreative(20, html("{WRONG}"))],
      exchanges: [sampleExchange(0)],
      agencies: [],
      publicUrl,
      retired: [
        { id: sampleCreative(25, html("")).id, landingPage: "https://old.example/x y" },
        { id: sampleCreative(26, html("")).id, landingPage: "javascript:alert(1)" },
      ],
    });
    const table = templatesFrom(buffer);
    expect(landingPageOf(table, 30)).toBe("https://shop.example/landing/30?a=1&b=2");
    expect(landingPageOf(table, 20)).toBe("https://shop.example/landing/20?a=1&b=2");
    expect(landingPageOf(table, 25)).toBe("https://old.example/x%20y");
    for (const id of [0, 1, 26, 27, 31, 0xffff_ffff]) expect(landingPageOf(table, id)).toBe("");
  });

  test("refuses everything over a public URL or a dialect number that cannot be", () => {
    for (const url of [
      "ftp://x",
      "https://x/",
      "https://x?y",
      'https://x"y',
      "",
      `https://${"x".repeat(600)}`,
    ]) {
      expect(publicUrlProblem(url)).not.toBe("");
      expect([...compile([sampleCreative(1, html("a"))], [sampleExchange(0)], url).usable]).toEqual(
        [0],
      );
    }
    expect(publicUrlProblem("http://127.0.0.1:8080")).toBe("");
    const two = [sampleExchange(0), sampleExchange(1, { dialect: 0, version: "2.5" })];
    const mixed = compile([sampleCreative(1, html("a"))], two);
    expect(mixed.problems[0]?.what).toMatch(/number it apart/);
    expect(dialectNumbers([...two, sampleExchange(2)])).toEqual([0, 1, 0]);
  });

  test("keeps addresses below one segment, and a creative's size within the answer's", () => {
    const long = `https://${"x".repeat(400)}.example`;
    expect(
      compile([sampleCreative(1, html("a"))], [sampleExchange(0)], long).problems[0]?.what,
    ).toMatch(/1200 bytes/);
    const large = compile([sampleCreative(1, html("x".repeat(70_000)))]);
    expect(large.problems[0]?.what).toMatch(/shorten the markup/);
    const landing = { landingPage: "http://shop.example/" };
    expect(compile([sampleCreative(1, html("a"), landing)]).problems[0]?.what).toMatch(
      /landing page/,
    );
  });

  test("opaque ids are alike as text and as bytes, distinct, and unlike their numbers", () => {
    const out = new Uint8Array(8);
    const seen = new Set<string>();
    for (let id = 0; id < 20_000; id++) {
      opaqueIdInto(OpaqueKind.CAMPAIGN, id, out, 0);
      const text = opaqueIdOf(OpaqueKind.CAMPAIGN, id);
      expect(Buffer.from(out).toString()).toBe(text);
      seen.add(text);
    }
    expect(seen.size).toBe(20_000);
    expect(opaqueIdOf(OpaqueKind.CREATIVE, 5)).not.toBe(opaqueIdOf(OpaqueKind.CAMPAIGN, 5));
  });
});

describe("the memory of a build before", () => {
  const exchanges = [sampleExchange(0)];
  const input = { exchanges, agencies: [], publicUrl, retired: [] };
  const creatives = [1, 2, 3].map((id) => sampleCreative(id, html(`<b>${id} {CLICK_URL}</b>`)));

  test("gives the same bytes as compiling anew, whatever changed", () => {
    const memory = new TemplateMemory();
    const edited = [creatives[0]!, sampleCreative(2, html("other")), creatives[2]!];
    const moved = `${publicUrl}/elsewhere`;
    for (const build of [
      { ...input, creatives },
      { ...input, creatives },
      { ...input, creatives: edited },
      { ...input, creatives: edited, publicUrl: moved },
      { ...input, creatives: edited, exchanges: [sampleExchange(0, { version: "2.5" })] },
      { ...input, creatives: edited.slice(1), thirdPartyHosts: ["cdn.example"] },
    ]) {
      const warm = compileTemplates(build, memory);
      const cold = compileTemplates(build);
      expect(Buffer.from(warm.buffer).equals(Buffer.from(cold.buffer))).toBe(true);
      expect([warm.usable, warm.problems]).toEqual([cold.usable, cold.problems]);
    }
  });
});
