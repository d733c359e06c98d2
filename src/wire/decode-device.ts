import { Browser, KeyKind, Os } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL } from "../bid/request.js";
import { pixelsMax } from "./decode-banner.js";
import { countryFrom } from "./decode-codes.js";
import { isSaid, readRefusal, readTracking } from "./decode-signals.js";
import { pushValue, readLanguage, readValue, scopeSpan, voidSpans, wants } from "./decode-spans.js";
import { WordTable } from "./decode-words.js";
import { Key } from "./json-keys.js";
import { readBounded, readNameEnd, readSlice, readText } from "./json-read.js";
import { elementsOf, endAt, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";
import { UserAgentFacts, userAgentInto } from "./user-agent.js";

/** Names of systems in sua.platform.brand and device.os. */
const systems = new WordTable(
  [
    ["ios", Os.IOS],
    ["iphone os", Os.IOS],
    ["ipados", Os.IOS],
    ["iphone", Os.IOS],
    ["ipad", Os.IOS],
    ["android", Os.ANDROID],
    ["windows", Os.WINDOWS],
    ["win32", Os.WINDOWS],
    ["windows 10", Os.WINDOWS],
    ["macos", Os.MACOS],
    ["mac os", Os.MACOS],
    ["mac os x", Os.MACOS],
    ["os x", Os.MACOS],
    ["osx", Os.MACOS],
    ["mac", Os.MACOS],
    ["macintosh", Os.MACOS],
    ["linux", Os.LINUX],
    ["ubuntu", Os.LINUX],
    ["chrome os", Os.CHROMEOS],
    ["chromeos", Os.CHROMEOS],
    ["chromium os", Os.CHROMEOS],
    ["cros", Os.CHROMEOS],
    ["tvos", Os.TVOS],
    ["apple tv", Os.TVOS],
    ["roku", Os.ROKU],
    ["roku os", Os.ROKU],
    ["rokuos", Os.ROKU],
    ["tizen", Os.TIZEN],
    ["webos", Os.WEBOS],
    ["web0s", Os.WEBOS],
    ["webos tv", Os.WEBOS],
    ["fireos", Os.FIREOS],
    ["fire os", Os.FIREOS],
    ["fire tv", Os.FIREOS],
    ["firetv", Os.FIREOS],
    ["harmonyos", Os.HARMONY],
    ["openharmony", Os.HARMONY],
    ["harmony", Os.HARMONY],
    ["windows phone", Os.OTHER],
  ],
  true,
);

/** Brands of sua.browsers; a brand that is none of these (a decoy, "Not A;Brand") says nothing. */
const brands = new WordTable(
  [
    ["google chrome", Browser.CHROME],
    ["chrome", Browser.CHROME],
    ["safari", Browser.SAFARI],
    ["mobile safari", Browser.SAFARI],
    ["firefox", Browser.FIREFOX],
    ["microsoft edge", Browser.EDGE],
    ["edge", Browser.EDGE],
    ["opera", Browser.OPERA],
    ["samsung internet", Browser.SAMSUNG],
    ["samsung browser", Browser.SAMSUNG],
    ["ucbrowser", Browser.UC],
    ["uc browser", Browser.UC],
    ["android webview", Browser.WEBVIEW],
    ["wechat", Browser.WECHAT],
    ["yabrowser", Browser.OTHER],
    ["yandex", Browser.OTHER],
    ["brave", Browser.OTHER],
    ["vivaldi", Browser.OTHER],
    ["duckduckgo", Browser.OTHER],
    ["internet explorer", Browser.OTHER],
  ],
  true,
);

/** A place as one of device.geo and user.geo gives it. */
class Place {
  country = 0;
  /** 1 = it names a country, also one that is none of ISO 3166. */
  named = 0;
  spansFrom = 0;
  spansTo = 0;

  clear(): void {
    this.country = this.named = this.spansFrom = this.spansTo = 0;
  }
}
const devicePlace = new Place();
const userPlace = new Place();

const facts = new UserAgentFacts();
let suaOs = 0;
let suaBrowser = 0;
let spansFrom = 0;
let spansTo = 0;

export function startDevice(): void {
  devicePlace.clear();
  userPlace.clear();
  suaOs = suaBrowser = spansFrom = spansTo = 0;
}

/** BidRequest.device (OpenRTB 3.2.18). A second `device` takes the place of the first. */
export function decodeDevice(request: BidRequest, object: number): void {
  clearDevice(request);
  spansFrom = request.spanCount;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.geo:
        decodeGeo(request, at, devicePlace);
        break;
      case Key.ua:
        readSlice(request, at, request.userAgent);
        break;
      case Key.sua:
        decodeSua(request, at);
        break;
      case Key.ifa:
        readSlice(request, at, request.ifa);
        break;
      case Key.os:
        request.os = readText(request, at) ? systemAt(request, at) : Os.UNKNOWN;
        break;
      case Key.make:
        readValue(request, at, KeyKind.MAKE, REQUEST_LEVEL);
        break;
      case Key.model:
        readValue(request, at, KeyKind.MODEL, REQUEST_LEVEL);
        break;
      case Key.language:
      case Key.langb:
        readLanguage(request, at, KeyKind.LANGUAGE);
        break;
      case Key.carrier:
      case Key.mccmnc:
        readValue(request, at, KeyKind.CARRIER, REQUEST_LEVEL);
        break;
      case Key.devicetype:
        request.deviceType = readBounded(request, at, 0, 255, 0);
        break;
      case Key.connectiontype:
        request.connectionType = readBounded(request, at, 0, 255, 0);
        break;
      case Key.w:
        request.deviceWidth = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.h:
        request.deviceHeight = readBounded(request, at, 1, pixelsMax, 0);
        break;
      case Key.lmt:
        request.consent.lmt |= readRefusal(request, at);
        break;
      case Key.dnt:
        request.consent.dnt |= readRefusal(request, at);
        break;
      case Key.ext:
        decodeDeviceExt(request, at);
        break;
      default:
    }
  }
  spansTo = request.spanCount;
  finishDevice(request);
}

function clearDevice(request: BidRequest): void {
  voidSpans(request, spansFrom, spansTo);
  devicePlace.clear();
  suaOs = suaBrowser = 0;
  request.deviceType = request.connectionType = request.os = request.browser = 0;
  request.deviceWidth = request.deviceHeight = 0;
  request.userAgent.clear();
  request.ifa.clear();
  request.ifaType.clear();
}

/** sua is preferred, then device.os, then the words of the user agent. */
function finishDevice(request: BidRequest): void {
  if (suaOs !== Os.UNKNOWN) request.os = suaOs;
  request.browser = suaBrowser;
  const ua = request.userAgent;
  if (ua.end === ua.start) return;
  const toldBrowser = request.browser !== Browser.UNKNOWN || request.browserWanted === 0;
  if (request.os !== Os.UNKNOWN && toldBrowser) return;
  userAgentInto(request.bytes, ua.start, ua.end, facts);
  if (request.os === Os.UNKNOWN) request.os = facts.os;
  if (request.browser === Browser.UNKNOWN) request.browser = facts.browser;
}

/** A system by its name; a name that is none of ours is another system. */
function systemAt(request: BidRequest, at: number): number {
  if (endAt(at) === startAt(at)) return Os.UNKNOWN;
  const os = systems.find(request.bytes, startAt(at), endAt(at));
  return os === 0 ? Os.OTHER : os;
}

/** device.sua (OpenRTB 3.2.29): client hints. */
function decodeSua(request: BidRequest, object: number): void {
  suaOs = suaBrowser = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.browsers:
        suaBrowser = preferredBrowser(request, at);
        break;
      case Key.platform: {
        const brand = brandOf(request, at);
        suaOs = brand === 0 ? Os.UNKNOWN : systemAt(request, brand);
        break;
      }
      default:
    }
  }
}

/** Browsers on Chromium name Chrome's engine beside themselves: the more special brand wins. */
function preferredBrowser(request: BidRequest, list: number): number {
  let preferred: number = Browser.UNKNOWN;
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    const brand = brandOf(request, at);
    if (brand === 0) continue;
    const browser = brands.find(request.bytes, startAt(brand), endAt(brand));
    if (browser === Browser.UNKNOWN) continue;
    if (preferred === Browser.UNKNOWN || preferred === Browser.CHROME) preferred = browser;
  }
  return preferred;
}

/** The token of the brand of a browser or platform object; 0 = none. */
function brandOf(request: BidRequest, object: number): number {
  let brand = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.brand) brand = readText(request, at) ? at : 0;
  }
  return brand;
}

function decodeDeviceExt(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.ifa_type:
        readSlice(request, at, request.ifaType);
        break;
      case Key.atts:
        request.consent.atts = readTracking(request, at, request.consent.atts);
        break;
      default:
    }
  }
}

/** Before a `user` object: a second one takes the place of the first. */
export function clearUserGeo(request: BidRequest): void {
  voidSpans(request, userPlace.spansFrom, userPlace.spansTo);
  userPlace.clear();
}

/** user.geo, read where device.geo names no country. */
export function decodeUserGeo(request: BidRequest, object: number): void {
  decodeGeo(request, object, userPlace);
}

/** A geo object (OpenRTB 3.2.19); a second one takes the place of the first. */
function decodeGeo(request: BidRequest, object: number, place: Place): void {
  voidSpans(request, place.spansFrom, place.spansTo);
  place.country = place.named = 0;
  place.spansFrom = request.spanCount;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.country:
        place.country = readText(request, at)
          ? countryFrom(request.bytes, startAt(at), endAt(at))
          : 0;
        place.named = isSaid(at) ? 1 : 0;
        break;
      case Key.region:
        readRegion(request, at);
        break;
      case Key.metro:
        readValue(request, at, KeyKind.METRO, REQUEST_LEVEL);
        break;
      case Key.city:
        readValue(request, at, KeyKind.CITY, REQUEST_LEVEL);
        break;
      case Key.zip:
        readValue(request, at, KeyKind.ZIP, REQUEST_LEVEL);
        break;
      default:
    }
  }
  place.spansTo = request.spanCount;
  for (let index = place.spansFrom; index < place.spansTo; index++) {
    if (request.spanKind[index] !== KeyKind.METRO) scopeSpan(request, index, place.country);
  }
}

/** ISO 3166-2 with or without its country: "US-CA" and "CA" are the region CA. */
function readRegion(request: BidRequest, at: number): void {
  if (!wants(request, KeyKind.REGION)) return;
  const end = readNameEnd(request, at);
  let start = startAt(at);
  for (let byte = start; byte < end; byte++) if (request.bytes[byte] === 45) start = byte + 1;
  if (start < end) pushValue(request, start, end, KeyKind.REGION, REQUEST_LEVEL);
}

/** A country that is in no market: for a place whose country nobody can read. */
const unreadableCountry = 1;

/**
 * After device and user: the one place that names a country counts, the device's first. Where both
 * do, the market of the other one may be stricter about the person.
 */
export function finishGeo(request: BidRequest): void {
  const fromDevice = devicePlace.country !== 0;
  const chosen = fromDevice ? devicePlace : userPlace;
  const other = fromDevice ? userPlace : devicePlace;
  request.country = chosen.country;
  const second = other.country === 0 && other.named === 1 ? unreadableCountry : other.country;
  request.consent.secondCountry = second === chosen.country ? 0 : second;
  // without any country the device's own words stay
  if (chosen.country === 0) voidSpans(request, userPlace.spansFrom, userPlace.spansTo);
  else voidSpans(request, other.spansFrom, other.spansTo);
}
