import { ChannelKind, KeyKind } from "../base/lists.js";
import { type BidRequest, REQUEST_LEVEL, Slice } from "../bid/request.js";
import { pushDomains } from "./decode-domain.js";
import { hostInto } from "./decode-host.js";
import { readKeyValues, readKeywords } from "./decode-key-values.js";
import {
  pushValue,
  readCategories,
  readLanguage,
  readValue,
  scopeCategories,
  voidSpans,
} from "./decode-spans.js";
import { Key } from "./json-keys.js";
import { isObject, readFlag, readInteger, readNameEnd, readText } from "./json-read.js";
import { endAt, keyAt, membersOf, nextAt, startAt } from "./json-tape.js";

/** What one of site, app and dooh said; which of them counts is known only at the end. */
class Channel {
  present = 0;
  spansFrom = 0;
  spansTo = 0;
  named = 0; // an app with a bundle or id
  livestream = -1;
  readonly property = new Slice();
  readonly domain = new Slice();

  clear(): void {
    this.present = this.spansFrom = this.spansTo = this.named = 0;
    this.livestream = -1;
    this.property.clear();
    this.domain.clear();
  }
}

const channels = [new Channel(), new Channel(), new Channel(), new Channel()] as const;
const site = channels[ChannelKind.SITE];
const app = channels[ChannelKind.APP];
const dooh = channels[ChannelKind.DOOH];

export function startInventory(): void {
  site.clear();
  app.clear();
  dooh.clear();
}

/** BidRequest.site, app or dooh (OpenRTB 3.2.13, 3.2.14, 3.2.31). */
export function decodeInventory(
  request: BidRequest,
  object: number,
  kind: typeof ChannelKind.SITE | typeof ChannelKind.APP | typeof ChannelKind.DOOH,
): void {
  const channel = channels[kind];
  if (channel.present === 1) voidSpans(request, channel.spansFrom, channel.spansTo);
  channel.clear();
  channel.present = isObject(object) ? 1 : 0;
  channel.spansFrom = request.spanCount;
  let cattax = 1;
  let page = 0;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.id:
        readChannelId(request, at, channel, kind);
        break;
      case Key.cattax:
        cattax = readInteger(request, at, 1);
        break;
      case Key.cat:
      case Key.sectioncat:
      case Key.pagecat:
        readCategories(request, at);
        break;
      case Key.domain:
        readHost(request, at, channel.domain);
        break;
      case Key.page:
        page = at;
        break;
      case Key.bundle:
        if (kind === ChannelKind.APP) readBundle(request, at, channel);
        break;
      case Key.publisher:
        decodePublisher(request, at);
        break;
      case Key.content:
        decodeContent(request, at, channel);
        break;
      case Key.keywords:
      case Key.kwarray:
        readKeywords(request, at);
        break;
      case Key.ext:
        decodeInventoryExt(request, at);
        break;
      default:
    }
  }
  if (kind === ChannelKind.SITE) finishSite(request, page);
  scopeCategories(request, channel.spansFrom, cattax);
  channel.spansTo = request.spanCount;
}

function readHost(request: BidRequest, at: number, out: Slice): void {
  out.clear();
  if (readText(request, at)) hostInto(request.bytes, startAt(at), endAt(at), out);
}

/** Where the domain is missing, the host of the page (its token; 0 = none) stands in for it. */
function finishSite(request: BidRequest, page: number): void {
  const host = site.domain;
  if (host.end === host.start && page !== 0) readHost(request, page, host);
  pushDomains(request, host);
  site.property.start = host.start;
  site.property.end = host.end;
}

function readChannelId(request: BidRequest, at: number, channel: Channel, kind: number): void {
  const end = readNameEnd(request, at);
  if (end === 0) return;
  channel.named = 1;
  pushValue(request, startAt(at), end, KeyKind.SITE_APP, REQUEST_LEVEL);
  if (kind !== ChannelKind.DOOH) return;
  channel.property.start = startAt(at);
  channel.property.end = end;
}

function readBundle(request: BidRequest, at: number, channel: Channel): void {
  channel.property.clear();
  const end = readNameEnd(request, at);
  if (end === 0) return;
  channel.named = 1;
  pushValue(request, startAt(at), end, KeyKind.BUNDLE, REQUEST_LEVEL);
  channel.property.start = startAt(at);
  channel.property.end = end;
}

function decodeInventoryExt(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.data) readKeyValues(request, at, REQUEST_LEVEL);
  }
}

function decodePublisher(request: BidRequest, object: number): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.id) readValue(request, at, KeyKind.PUBLISHER, REQUEST_LEVEL);
  }
}

/** content (OpenRTB 3.2.16). */
function decodeContent(request: BidRequest, object: number, channel: Channel): void {
  const spans = request.spanCount;
  let cattax = 1;
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    switch (keyAt(at)) {
      case Key.cattax:
        cattax = readInteger(request, at, 1);
        break;
      case Key.cat:
        readCategories(request, at);
        break;
      case Key.title:
        readValue(request, at, KeyKind.CONTENT_TITLE, REQUEST_LEVEL);
        break;
      case Key.series:
        readValue(request, at, KeyKind.SERIES, REQUEST_LEVEL);
        break;
      case Key.genre:
        readValue(request, at, KeyKind.GENRE, REQUEST_LEVEL);
        break;
      case Key.contentrating:
        readValue(request, at, KeyKind.CONTENT_RATING, REQUEST_LEVEL);
        break;
      case Key.language:
      case Key.langb:
        readLanguage(request, at, KeyKind.CONTENT_LANGUAGE);
        break;
      case Key.keywords:
      case Key.kwarray:
        readKeywords(request, at);
        break;
      case Key.livestream:
        channel.livestream = readFlag(request, at, -1);
        break;
      case Key.network:
        decodeOrigin(request, at, KeyKind.NETWORK);
        break;
      case Key.channel:
        decodeOrigin(request, at, KeyKind.CHANNEL);
        break;
      default:
    }
  }
  scopeCategories(request, spans, cattax);
}

/** content.network and content.channel: found by id, name or domain. */
function decodeOrigin(request: BidRequest, object: number, kind: KeyKind): void {
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    const key = keyAt(at);
    if (key === Key.id || key === Key.name || key === Key.domain) {
      readValue(request, at, kind, REQUEST_LEVEL);
    }
  }
}

/**
 * Chooses between site, app and dooh, which exclude each other and yet come together: an app that
 * has a bundle or an id, else the site, else the app, else the screen. The values of the others
 * go.
 */
export function finishInventory(request: BidRequest): void {
  const kind = chosenKind();
  request.channelKind = kind;
  for (let other = 1; other < channels.length; other++) {
    const channel = channels[other]!;
    if (other !== kind && channel.present === 1) {
      voidSpans(request, channel.spansFrom, channel.spansTo);
    }
  }
  if (kind === ChannelKind.NONE) return;
  const chosen = channels[kind];
  request.livestream = chosen.livestream;
  request.property.start = chosen.property.start;
  request.property.end = chosen.property.end;
}

function chosenKind(): 0 | 1 | 2 | 3 {
  if (app.present === 1 && app.named === 1) return ChannelKind.APP;
  if (site.present === 1) return ChannelKind.SITE;
  if (app.present === 1) return ChannelKind.APP;
  return dooh.present === 1 ? ChannelKind.DOOH : ChannelKind.NONE;
}
