import { Browser, Os } from "../base/lists.js";
import { WordTable } from "./decode-words.js";

/**
 * System and browser out of a user agent text: one linear pass over its words, no pattern. Each
 * word that means something carries a rank, and the highest wins, because user agents pile up the
 * names of what they resemble ("Mozilla/5.0 ... Chrome/120 Safari/537 Edg/120" is Edge).
 */
export class UserAgentFacts {
  os = 0;
  browser = 0;
}

/** The names that count stand in front; the bound keeps a long text cheap. */
const scannedBytesMax = 512;

/**
 * Values of the word table: what the word says, its rank and code: kind x 1024 + rank x 32 + code.
 */
const osWord = (rank: number, os: number): number => 1024 + rank * 32 + os;
const browserWord = (rank: number, browser: number): number => 2048 + rank * 32 + browser;
const hint = (bit: number): number => 4096 + bit;

const Hint = { SAFARI: 1, VERSION: 2, APPLE_WEBKIT: 4, SILK: 8, PHONE: 16 } as const;

/** Linux is in Android's and the television systems' texts. */
const words = new WordTable(
  [
    ["x11", osWord(1, Os.LINUX)],
    ["linux", osWord(1, Os.LINUX)],
    ["ubuntu", osWord(1, Os.LINUX)],
    ["macintosh", osWord(2, Os.MACOS)],
    ["windows", osWord(3, Os.WINDOWS)],
    ["android", osWord(4, Os.ANDROID)],
    ["iphone", osWord(5, Os.IOS)],
    ["ipad", osWord(5, Os.IOS)],
    ["ipod", osWord(5, Os.IOS)],
    ["cros", osWord(6, Os.CHROMEOS)],
    ["appletv", osWord(6, Os.TVOS)],
    ["tvos", osWord(6, Os.TVOS)],
    ["roku", osWord(6, Os.ROKU)],
    ["tizen", osWord(6, Os.TIZEN)],
    ["web0s", osWord(6, Os.WEBOS)],
    ["webos", osWord(6, Os.WEBOS)],
    ["harmonyos", osWord(6, Os.HARMONY)],
    ["openharmony", osWord(6, Os.HARMONY)],
    ["phone", hint(Hint.PHONE)],
    ["kaios", osWord(6, Os.OTHER)],
    ["playstation", osWord(6, Os.OTHER)],
    ["safari", hint(Hint.SAFARI)],
    ["version", hint(Hint.VERSION)],
    ["applewebkit", hint(Hint.APPLE_WEBKIT)],
    ["silk", hint(Hint.SILK)],
    ["chrome", browserWord(2, Browser.CHROME)],
    ["crios", browserWord(2, Browser.CHROME)],
    ["chromium", browserWord(2, Browser.CHROME)],
    ["wv", browserWord(3, Browser.WEBVIEW)],
    ["firefox", browserWord(3, Browser.FIREFOX)],
    ["fxios", browserWord(3, Browser.FIREFOX)],
    ["focus", browserWord(3, Browser.FIREFOX)],
    ["instagram", browserWord(3, Browser.WEBVIEW)],
    ["fban", browserWord(3, Browser.WEBVIEW)],
    ["fbav", browserWord(3, Browser.WEBVIEW)],
    ["msie", browserWord(3, Browser.OTHER)],
    ["trident", browserWord(3, Browser.OTHER)],
    ["edg", browserWord(4, Browser.EDGE)],
    ["edge", browserWord(4, Browser.EDGE)],
    ["edga", browserWord(4, Browser.EDGE)],
    ["edgios", browserWord(4, Browser.EDGE)],
    ["opr", browserWord(4, Browser.OPERA)],
    ["opera", browserWord(4, Browser.OPERA)],
    ["opios", browserWord(4, Browser.OPERA)],
    ["opt", browserWord(4, Browser.OPERA)],
    ["samsungbrowser", browserWord(4, Browser.SAMSUNG)],
    ["ucbrowser", browserWord(4, Browser.UC)],
    ["ubrowser", browserWord(4, Browser.UC)],
    ["ucweb", browserWord(4, Browser.UC)],
    ["micromessenger", browserWord(5, Browser.WECHAT)],
    ["yabrowser", browserWord(4, Browser.OTHER)],
    ["vivaldi", browserWord(4, Browser.OTHER)],
    ["whale", browserWord(4, Browser.OTHER)],
    ["duckduckgo", browserWord(4, Browser.OTHER)],
    ["ddg", browserWord(4, Browser.OTHER)],
    ["miuibrowser", browserWord(4, Browser.OTHER)],
    ["huaweibrowser", browserWord(4, Browser.OTHER)],
    ["qqbrowser", browserWord(4, Browser.OTHER)],
    ["mqqbrowser", browserWord(4, Browser.OTHER)],
    ["gsa", browserWord(4, Browser.OTHER)],
  ],
  true,
);

/** 1 = letter, 2 = digit: what words are made of. */
const wordByte = new Uint8Array(256);
for (let byte = 0; byte < 128; byte++) {
  const lower = byte | 32;
  if (byte >= 65 && lower >= 97 && lower <= 122) wordByte[byte] = 1;
  else if (byte >= 48 && byte <= 57) wordByte[byte] = 2;
}

/** Fills `out` from the text bytes[start, end); what the text does not tell is UNKNOWN. */
export function userAgentInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: UserAgentFacts,
): void {
  const stop = Math.min(end, start + scannedBytesMax);
  let osBest = 0;
  let browserBest = 0;
  let hints = 0;
  let windows = false;
  let at = start;
  while (at < stop) {
    if (wordByte[bytes[at]!] !== 1) {
      at++;
      continue;
    }
    const from = at;
    while (at < stop && wordByte[bytes[at]!] !== 0) at++;
    const found = wordAt(bytes, from, at);
    if (found >= 4096) hints |= found & 31;
    else if (found >= 2048) browserBest = Math.max(browserBest, found);
    else if (found >= 1024) {
      osBest = Math.max(osBest, found);
      if ((found & 31) === Os.WINDOWS) windows = true;
    }
  }
  const phone = windows && (hints & Hint.PHONE) !== 0;
  out.os = phone ? Os.OTHER : systemOf(osBest & 31, hints);
  out.browser = browserOf(browserBest & 31, out.os, hints);
}

/** "AppleTV11" is AppleTV, "Win64" is Win: the digits behind a name are its version. */
function wordAt(bytes: Uint8Array, start: number, end: number): number {
  let to = end;
  while (wordByte[bytes[to - 1]!] === 2) to--;
  // Amazon's televisions and tablets name their model only: AFTMM, AFTSSS, KFONWI, ...
  if (to - start >= 4 && isFireModel(bytes, start, to)) return osWord(6, Os.FIREOS);
  // the words below have 2 to 14 letters; x11 is the one with digits behind
  if (to - start === 1 && end - start === 3) return words.find(bytes, start, end);
  return words.find(bytes, start, to);
}

function isFireModel(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] === 65) return bytes[start + 1] === 70 && bytes[start + 2] === 84;
  if (bytes[start] !== 75 || bytes[start + 1] !== 70) return false;
  return bytes[end - 2] === 87 && bytes[end - 1] === 73;
}

function systemOf(os: number, hints: number): number {
  return os === Os.ANDROID && (hints & Hint.SILK) !== 0 ? Os.FIREOS : os;
}

function browserOf(browser: number, os: number, hints: number): number {
  const version = (hints & Hint.VERSION) !== 0;
  if ((hints & Hint.SILK) !== 0) return Browser.OTHER;
  if (browser === Browser.CHROME) {
    // before "; wv" existed, Android's web view wrote Version/4.0 before Chrome/
    return os === Os.ANDROID && version ? Browser.WEBVIEW : browser;
  }
  if (browser !== Browser.UNKNOWN) return browser;
  if ((hints & Hint.SAFARI) !== 0) {
    return os === Os.IOS || os === Os.MACOS ? Browser.SAFARI : Browser.OTHER;
  }
  // an application on iOS shows pages with WebKit and does not call itself Safari
  return os === Os.IOS && (hints & Hint.APPLE_WEBKIT) !== 0 ? Browser.WEBVIEW : Browser.UNKNOWN;
}
