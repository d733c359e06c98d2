import { expect, test } from "vitest";
import { ChannelKind, KeyKind } from "../base/lists.js";
import { Slice, SpanUse } from "../bid/request.js";
import { bodyOf, DecodedRequest, withRequest } from "../testing/decoded-request.js";
import { hostInto } from "./decode-host.js";

const decoded = new DecodedRequest();
const { record } = decoded;
const decode = (more: object): DecodedRequest => decoded.decode(withRequest(more));

test.each([
  ["example.com", "example.com"],
  ["Example.COM.", "Example.COM"],
  ["example.com:8080", "example.com"],
  ["https://news.example.co.uk/a?b=http://c.d/e", "news.example.co.uk"],
  ["http://user:secret@a.example:81/x", "a.example"],
  ["//cdn.example/x", "cdn.example"],
  ["example.com/path", "example.com"],
  ["https://example.com?x", "example.com"],
  ["https://example.com#x", "example.com"],
  ["about:blank", "about"],
  ["https://", ""],
  ["", ""],
  ["two words.example", ""],
  [`${"a.".repeat(127)}example`, ""],
])("the host of %j is %j", (text, host) => {
  const bytes = bodyOf(`x${text}`);
  const out = new Slice();
  hostInto(bytes, 1, bytes.length, out);
  expect(new TextDecoder().decode(bytes.subarray(out.start, out.end))).toBe(host);
});

test("a site's domain gives itself and its parents, and is the property", () => {
  decode({ site: { domain: "www.News.Example.co.uk:443", page: "https://other.example/" } });
  for (const domain of ["www.news.example.co.uk", "news.example.co.uk", "example.co.uk", "co.uk"]) {
    expect(decoded.value(KeyKind.DOMAIN, domain), domain).toBe(true);
  }
  expect(decoded.count(SpanUse.VALUE, KeyKind.DOMAIN)).toBe(4);
  expect(decoded.text(record.property)).toBe("www.News.Example.co.uk");
  expect(record.channelKind).toBe(ChannelKind.SITE);
});

test("the host of the page stands in for a domain that is missing or of the wrong type", () => {
  decode({ site: { page: "https://a.example/x", domain: 5 } });
  expect(decoded.value(KeyKind.DOMAIN, "a.example")).toBe(true);
  decode({ site: { page: "https:\\/\\/b.example" } });
  decoded.decode('{"id":"r","imp":[{"id":"1"}],"site":{"page":"https:\\/\\/b.example\\/x"}}');
  expect(decoded.text(record.property)).toBe("b.example");
  decode({ site: { domain: "localhost" } });
  expect(decoded.value(KeyKind.DOMAIN, "localhost")).toBe(true);
});

test("an app is known by its bundle", () => {
  decode({ app: { id: "a1", bundle: "com.Game", publisher: { id: "p" } } });
  expect(record.channelKind).toBe(ChannelKind.APP);
  expect(decoded.text(record.property)).toBe("com.Game");
  expect(decoded.value(KeyKind.BUNDLE, "com.game")).toBe(true);
  expect(decoded.value(KeyKind.SITE_APP, "a1")).toBe(true);
  expect(decoded.value(KeyKind.PUBLISHER, "p")).toBe(true);
});

test("ids that are numbers count as their text, other types drop out", () => {
  decode({ site: { id: 17, publisher: { id: 1.5e3, cat: ["IAB1"] }, cat: 5, keywords: {} } });
  expect(decoded.value(KeyKind.SITE_APP, "17")).toBe(true);
  expect(decoded.value(KeyKind.PUBLISHER, "1500")).toBe(true);
  decode({ site: { id: true, publisher: { id: [] } } });
  expect(decoded.count(SpanUse.VALUE, KeyKind.SITE_APP)).toBe(0);
  expect(decoded.count(SpanUse.VALUE, KeyKind.PUBLISHER)).toBe(0);
});

test("categories are scoped by the taxonomy of the object that holds them", () => {
  decode({
    cattax: 6,
    site: {
      cat: ["IAB1"],
      pagecat: "IAB3",
      content: { cat: ["12"], cattax: 7 },
      sectioncat: ["IAB2"],
      cattax: 2,
    },
  });
  const scoped = (text: string, cattax: number): boolean =>
    decoded.value(KeyKind.CATEGORY, text, cattax);
  expect([scoped("IAB1", 2), scoped("IAB2", 2), scoped("IAB3", 2)]).toEqual([true, true, true]);
  expect([scoped("12", 7), scoped("12", 2), scoped("IAB1", 6)]).toEqual([true, false, false]);
  decode({ site: { cat: ["IAB1"], content: { cat: ["IAB9"] } } });
  expect([scoped("IAB1", 1), scoped("IAB9", 1)]).toEqual([true, true]);
});

test("content", () => {
  decode({
    app: {
      id: "a",
      content: {
        ...{
          id: "c",
          title: "A Film",
          series: "S",
          genre: "drama",
          contentrating: "PG",
          livestream: 1,
        },
        ...{ language: "de-AT", keywords: "one, two ,,three", kwarray: ["four"] },
        network: { id: "n1", name: "Net", domain: "net.example" },
        channel: { id: 7, name: "Chan", domain: "chan.example" },
      },
    },
  });
  expect(record.livestream).toBe(1);
  const values: [KeyKind, string][] = [
    [KeyKind.CONTENT_TITLE, "a film"],
    [KeyKind.SERIES, "s"],
    [KeyKind.GENRE, "drama"],
    [KeyKind.CONTENT_RATING, "pg"],
    [KeyKind.CONTENT_LANGUAGE, "de"],
    [KeyKind.NETWORK, "n1"],
    [KeyKind.NETWORK, "net"],
    [KeyKind.NETWORK, "net.example"],
    [KeyKind.CHANNEL, "7"],
    [KeyKind.CHANNEL, "chan"],
    [KeyKind.CHANNEL, "chan.example"],
    [KeyKind.KEYWORD, "one"],
    [KeyKind.KEYWORD, "two"],
    [KeyKind.KEYWORD, "three"],
    [KeyKind.KEYWORD, "four"],
  ];
  for (const [kind, text] of values) expect(decoded.value(kind, text), text).toBe(true);
  expect(decoded.count(SpanUse.VALUE, KeyKind.KEYWORD)).toBe(4);
});

test("keywords and free pairs of the site are values of the request", () => {
  decode({ site: { keywords: " a ", ext: { data: { section: ["x", "y"] } } } });
  expect(decoded.value(KeyKind.KEYWORD, "a")).toBe(true);
  expect(decoded.value(KeyKind.KEY_VALUE, "section=y")).toBe(true);
});

const site = { id: "s", domain: "site.example", cat: ["IAB1"], content: { livestream: 0 } };
const app = { id: "a", bundle: "b", cat: ["IAB2"] };
test.each([
  ["an app with a bundle before a site", { app, site }, ChannelKind.APP, "b"],
  ["a site before an app with a bundle", { site, app }, ChannelKind.APP, "b"],
  ["a site beside an app without a name", { site, app: { cat: ["IAB2"] } }, 1, "site.example"],
  ["a site beside an app of the wrong type", { site, app: 5 }, ChannelKind.SITE, "site.example"],
  ["a screen alone", { dooh: { id: "screen-1", keywords: "k" } }, ChannelKind.DOOH, "screen-1"],
  ["a screen beside a site", { dooh: { id: "d" }, site }, ChannelKind.SITE, "site.example"],
  ["nothing", {}, ChannelKind.NONE, ""],
])("of %s the right one counts, and nothing of the others stays", (_, more, kind, property) => {
  decode(more);
  expect(record.channelKind).toBe(kind);
  expect(decoded.text(record.property)).toBe(property);
  expect(decoded.value(KeyKind.CATEGORY, "IAB1", 1)).toBe(kind === ChannelKind.SITE);
  expect(decoded.value(KeyKind.CATEGORY, "IAB2", 1)).toBe(kind === ChannelKind.APP);
  expect(record.livestream).toBe(kind === ChannelKind.SITE ? 0 : -1);
});

test("a second site takes the place of the first", () => {
  decoded.decode(
    '{"id":"r","imp":[{"id":"1"}],"site":{"id":"old","domain":"a.b","cat":["IAB1"]},' +
      '"site":{"id":"new"}}',
  );
  expect(decoded.count(SpanUse.VALUE, KeyKind.DOMAIN)).toBe(0);
  expect(decoded.count(SpanUse.VALUE, KeyKind.CATEGORY)).toBe(0);
  expect(decoded.value(KeyKind.SITE_APP, "new")).toBe(true);
  expect(decoded.count(SpanUse.VALUE, KeyKind.SITE_APP)).toBe(1);
  expect(decoded.text(record.property)).toBe("");
});
