import fc from "fast-check";
import { expect, test } from "vitest";
import { Browser, Os } from "../base/lists.js";
import { UserAgentFacts, userAgentInto } from "./user-agent.js";

const mozilla = "Mozilla/5.0";
const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
const facts = new UserAgentFacts();

function read(text: string | Uint8Array): [number, number] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  userAgentInto(bytes, 0, bytes.length, facts);
  return [facts.os, facts.browser];
}

test.each([
  [
    `${mozilla} (Windows NT 10.0; Win64; x64) ${webkit} Chrome/124.0 Safari/537`,
    Os.WINDOWS,
    Browser.CHROME,
  ],
  [
    `${mozilla} (Windows NT 10.0) ${webkit} Chrome/124.0 Safari/537 Edg/124.0`,
    Os.WINDOWS,
    Browser.EDGE,
  ],
  [
    `${mozilla} (X11; Linux x86_64) ${webkit} Chrome/120 Safari/537 OPR/106`,
    Os.LINUX,
    Browser.OPERA,
  ],
  [
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    Os.LINUX,
    Browser.FIREFOX,
  ],
  [
    `${mozilla} (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Version/17.4 Safari/605.1.15`,
    Os.MACOS,
    Browser.SAFARI,
  ],
  [
    `${mozilla} (iPhone; CPU iPhone OS 17 like Mac OS X) ${webkit} Version/17 Mobile Safari/604`,
    Os.IOS,
    Browser.SAFARI,
  ],
  [
    `${mozilla} (iPhone; CPU iPhone OS 6_1 like Mac OS X) ${webkit} Mobile/9A334`,
    Os.IOS,
    Browser.WEBVIEW,
  ],
  [
    `${mozilla} (iPad; CPU OS 16_0 like Mac OS X) ${webkit} CriOS/120.0 Mobile/15E Safari/604`,
    Os.IOS,
    Browser.CHROME,
  ],
  [
    `${mozilla} (Linux; Android 13; SM-G991B) ${webkit} Chrome/124 Safari/537`,
    Os.ANDROID,
    Browser.CHROME,
  ],
  [
    `${mozilla} (Linux; Android 13; SM-G991B; wv) ${webkit} Version/4.0 Chrome/124 Safari/537`,
    Os.ANDROID,
    Browser.WEBVIEW,
  ],
  [
    `${mozilla} (Linux; Android 13) ${webkit} SamsungBrowser/24.0 Chrome/117.0 Safari/537`,
    Os.ANDROID,
    Browser.SAMSUNG,
  ],
  [
    `${mozilla} (Linux; U; Android 10) ${webkit} Version/4.0 Chrome/100 UCBrowser/13.4 Safari/537`,
    Os.ANDROID,
    Browser.UC,
  ],
  [
    `${mozilla} (Linux; Android 12; wv) ${webkit} Chrome/107 Safari/537 MicroMessenger/8.0`,
    Os.ANDROID,
    Browser.WECHAT,
  ],
  [
    `${mozilla} (Linux; Android 9; AFTMM) ${webkit} Chrome/90 Safari/537`,
    Os.FIREOS,
    Browser.CHROME,
  ],
  [
    `${mozilla} (Linux; Android 9; KFONWI) ${webkit} Silk/93 like Chrome/93 Safari/537`,
    Os.FIREOS,
    Browser.OTHER,
  ],
  [
    `${mozilla} (X11; CrOS x86_64 14541) ${webkit} Chrome/124.0 Safari/537`,
    Os.CHROMEOS,
    Browser.CHROME,
  ],
  [`${mozilla} (Web0S; Linux/SmartTV) ${webkit} Chrome/79 Safari/537`, Os.WEBOS, Browser.CHROME],
  [
    `${mozilla} (SMART-TV; Linux; Tizen 5.0) ${webkit} Version/5.0 TV Safari/537`,
    Os.TIZEN,
    Browser.OTHER,
  ],
  ["Roku/DVP-9.10 (519.10E04111A)", Os.ROKU, Browser.UNKNOWN],
  ["AppleTV11,1/11.1", Os.TVOS, Browser.UNKNOWN],
  ["Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft) Edge/15", Os.OTHER, Browser.EDGE],
  ["Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", Os.WINDOWS, Browser.OTHER],
  ["Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 ArkWeb", Os.HARMONY, Browser.UNKNOWN],
  ["", Os.UNKNOWN, Browser.UNKNOWN],
  ["curl/8.0", Os.UNKNOWN, Browser.UNKNOWN],
  ["sandroid windowsill chromes", Os.UNKNOWN, Browser.UNKNOWN],
])("%s", (text, os, browser) => {
  expect(read(text)).toEqual([os, browser]);
});

test("any bytes give codes of the two lists, and what stands far behind is not read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const [os, browser] = read(bytes);
      expect(Object.values(Os)).toContain(os);
      expect(Object.values(Browser)).toContain(browser);
    }),
  );
  expect(read(`${"x ".repeat(300)}Windows Firefox/1`)).toEqual([Os.UNKNOWN, Browser.UNKNOWN]);
});
