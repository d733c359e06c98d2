import { Hash64, scopeKey, textKeyInto } from "../src/base/hash.js";
import { ChannelKind, KeyKind, Media, Os } from "../src/base/lists.js";
import { type BidRequest, REQUEST_LEVEL, Slice, SpanUse } from "../src/bid/request.js";
import { countryFrom, currencyFrom } from "../src/wire/decode-codes.js";
import { sellerKeyInto } from "../src/wire/decode-source.js";

/** What JSON.parse gives of the bench's banner requests; everything may be absent. */
export type JsonRequest = {
  readonly id: string;
  readonly at?: number;
  readonly tmax?: number;
  readonly cur?: readonly string[];
  readonly imp?: readonly JsonImp[];
  readonly site?: JsonSite;
  readonly device?: JsonDevice;
  readonly user?: { readonly buyeruid?: string; readonly eids?: readonly JsonEid[] };
  readonly bcat?: readonly string[];
  readonly badv?: readonly string[];
  readonly source?: { readonly schain?: JsonChain };
  readonly regs?: { readonly coppa?: number; readonly us_privacy?: string };
};
type JsonImp = {
  readonly id: string;
  readonly secure?: number;
  readonly tagid?: string;
  readonly bidfloor?: number;
  readonly bidfloorcur?: string;
  readonly exp?: number;
  readonly banner?: JsonBanner;
  readonly ext?: { readonly gpid?: string };
};
type JsonBanner = {
  readonly format?: readonly { readonly w: number; readonly h: number }[];
  readonly pos?: number;
  readonly battr?: readonly number[];
  readonly api?: readonly number[];
  readonly mimes?: readonly string[];
};
type JsonSite = {
  readonly id?: string;
  readonly domain?: string;
  readonly cat?: readonly string[];
  readonly publisher?: { readonly id?: string };
};
type JsonDevice = {
  readonly ua?: string;
  readonly devicetype?: number;
  readonly make?: string;
  readonly model?: string;
  readonly os?: string;
  readonly language?: string;
  readonly carrier?: string;
  readonly connectiontype?: number;
  readonly w?: number;
  readonly h?: number;
  readonly ifa?: string;
  readonly ext?: { readonly atts?: number };
  readonly geo?: { readonly country?: string; readonly region?: string; readonly city?: string };
};
type JsonEid = {
  readonly source: string;
  readonly uids: readonly { readonly id: string; readonly atype?: number }[];
};
type JsonChain = {
  readonly complete?: number;
  readonly nodes?: readonly { readonly asi: string; readonly sid: string }[];
};

const slice = new Slice();
const hash = new Hash64();
const other = new Hash64();
let buffer = Buffer.alloc(0);

/** The decision reads text as bytes of the request: what JSON.parse made strings of goes back. */
function write(request: BidRequest, text: string, out: Slice): void {
  out.start = request.textLength;
  out.end = out.start + buffer.write(text, out.start, "utf8");
  request.textLength = out.end;
}

function pushKey(request: BidRequest, text: string, kind: KeyKind, scope = 0): void {
  write(request, text, slice);
  textKeyInto(request.bytes, slice.start, slice.end, kind, hash);
  if (scope !== 0) scopeKey(hash, scope);
  request.keyLo[request.keyCount] = hash.lo;
  request.keyHi[request.keyCount++] = hash.hi;
}

function pushSpan(
  request: BidRequest,
  texts: readonly string[],
  use: SpanUse,
  kind: KeyKind,
  owner: number = REQUEST_LEVEL,
  scope = 0,
): void {
  const from = request.keyCount;
  for (const text of texts) pushKey(request, text, kind, scope);
  if (request.keyCount === from) return;
  const at = request.spanCount++;
  request.spanUse[at] = use;
  request.spanKind[at] = kind;
  request.spanOwner[at] = owner;
  request.spanStart[at] = from;
  request.spanLength[at] = request.keyCount - from;
}

/** A targeting value, where a rule of the World names one of its kind. */
function pushValue(
  request: BidRequest,
  text: string | undefined,
  kind: KeyKind,
  owner: number = REQUEST_LEVEL,
  scope = 0,
): void {
  if (text === undefined || ((request.kindsWanted >>> kind) & 1) === 0) return;
  pushSpan(request, [text], SpanUse.VALUE, kind, owner, scope);
}

const maskOf = (numbers: readonly number[] = []): number =>
  numbers.reduce((mask, number) => mask | (1 << number), 0);

function currencyOf(request: BidRequest, text: string) {
  write(request, text, slice);
  return currencyFrom(request.bytes, slice.start, slice.end);
}

/** Fills the record from parsed JSON, the text behind the `length` bytes of the body. */
export function fillFromJson(request: BidRequest, json: JsonRequest, length: number): void {
  if (buffer.buffer !== request.bytes.buffer) buffer = Buffer.from(request.bytes.buffer);
  request.reset();
  request.bodyLength = length;
  request.textLength = length + 1;
  write(request, json.id, request.id);
  textKeyInto(request.bytes, request.id.start, request.id.end, 0, request.seed);
  request.at = json.at ?? 0;
  request.tmaxMs = json.tmax ?? 0;
  for (const code of json.cur ?? []) request.cur[request.curCount++] = currencyOf(request, code);
  for (const imp of json.imp ?? []) fillImp(request, imp);
  if (json.site !== undefined) fillSite(request, json.site);
  if (json.device !== undefined) fillDevice(request, json.device);
  if (json.user?.buyeruid !== undefined) write(request, json.user.buyeruid, request.buyerUid);
  for (const eid of json.user?.eids ?? []) fillEid(request, eid);
  pushSpan(request, json.bcat ?? [], SpanUse.BCAT, KeyKind.CATEGORY, REQUEST_LEVEL, 1);
  pushSpan(request, json.badv ?? [], SpanUse.BADV, KeyKind.ADVERTISER_DOMAIN);
  if (json.source?.schain !== undefined) fillChain(request, json.source.schain);
  request.consent.coppa = json.regs?.coppa ?? 0;
  const signal = json.regs?.us_privacy;
  if (signal !== undefined) write(request, signal, request.usPrivacy);
}

function fillImp(request: BidRequest, json: JsonImp): void {
  const owner = request.impCount++;
  const imp = request.imps[owner]!;
  imp.clear();
  write(request, json.id, imp.id);
  imp.secure = json.secure ?? 0;
  imp.expSec = json.exp ?? 0;
  imp.bidFloorMicros = Math.round((json.bidfloor ?? 0) * 1e6);
  if (json.bidfloorcur !== undefined) imp.bidFloorCurrency = currencyOf(request, json.bidfloorcur);
  pushValue(request, json.tagid, KeyKind.PLACEMENT, owner);
  pushValue(request, json.ext?.gpid, KeyKind.PLACEMENT, owner);
  const { banner } = json;
  if (banner === undefined) return;
  imp.mediaMask |= Media.BANNER;
  imp.formatStart = request.formatCount;
  for (const { w, h } of banner.format ?? []) {
    request.formatWidth[request.formatCount] = w;
    request.formatHeight[request.formatCount++] = h;
    imp.formatCount++;
  }
  imp.bannerPos = banner.pos ?? 0;
  imp.bannerBattrMask = maskOf(banner.battr);
  imp.bannerApiMask = maskOf(banner.api);
  pushSpan(request, banner.mimes ?? [], SpanUse.BANNER_MIMES, KeyKind.MIME, owner);
}

function fillSite(request: BidRequest, site: JsonSite): void {
  request.channelKind = ChannelKind.SITE;
  pushValue(request, site.id, KeyKind.SITE_APP);
  pushValue(request, site.publisher?.id, KeyKind.PUBLISHER);
  const wanted = (kind: KeyKind): boolean => ((request.kindsWanted >>> kind) & 1) === 1;
  if (wanted(KeyKind.CATEGORY)) {
    pushSpan(request, site.cat ?? [], SpanUse.VALUE, KeyKind.CATEGORY, REQUEST_LEVEL, 1);
  }
  if (site.domain === undefined) return;
  if (wanted(KeyKind.DOMAIN)) {
    const parts = site.domain.split(".");
    const parents = parts.slice(1, -1).map((_, i) => parts.slice(i + 1).join("."));
    pushSpan(request, [site.domain, ...parents], SpanUse.VALUE, KeyKind.DOMAIN);
  }
  write(request, site.domain, request.property);
}

const systems: Readonly<Record<string, number>> = {
  ...{ ios: Os.IOS, android: Os.ANDROID, windows: Os.WINDOWS, tizen: Os.TIZEN },
};

function fillDevice(request: BidRequest, device: JsonDevice): void {
  const { geo, ext } = device;
  request.deviceType = device.devicetype ?? 0;
  request.connectionType = device.connectiontype ?? 0;
  request.deviceWidth = device.w ?? 0;
  request.deviceHeight = device.h ?? 0;
  request.os = systems[(device.os ?? "").toLowerCase()] ?? Os.OTHER;
  if (device.ua !== undefined) write(request, device.ua, request.userAgent);
  if (device.ifa !== undefined) write(request, device.ifa, request.ifa);
  pushValue(request, device.make, KeyKind.MAKE);
  pushValue(request, device.model, KeyKind.MODEL);
  pushValue(request, device.language?.split("-")[0], KeyKind.LANGUAGE);
  pushValue(request, device.carrier, KeyKind.CARRIER);
  request.consent.atts = ext?.atts ?? -1;
  if (geo?.country === undefined) return;
  write(request, geo.country, slice);
  request.country = countryFrom(request.bytes, slice.start, slice.end);
  pushValue(request, geo.region, KeyKind.REGION, REQUEST_LEVEL, request.country);
  pushValue(request, geo.city, KeyKind.CITY, REQUEST_LEVEL, request.country);
}

function fillEid(request: BidRequest, { source, uids }: JsonEid): void {
  write(request, source, slice);
  textKeyInto(request.bytes, slice.start, slice.end, KeyKind.EID_SOURCE, hash);
  for (const { id, atype } of uids) {
    const at = request.eidCount++;
    write(request, id, slice);
    request.eidSourceLo[at] = hash.lo;
    request.eidSourceHi[at] = hash.hi;
    request.eidStart[at] = slice.start;
    request.eidEnd[at] = slice.end;
    request.eidAtype[at] = atype ?? 0;
  }
}

function fillChain(request: BidRequest, { complete, nodes }: JsonChain): void {
  request.schainPresent = 1;
  request.schainComplete = complete ?? 0;
  for (const { asi, sid } of nodes ?? []) {
    write(request, asi, slice);
    textKeyInto(request.bytes, slice.start, slice.end, KeyKind.SCHAIN_SELLER, hash);
    write(request, sid, slice);
    textKeyInto(request.bytes, slice.start, slice.end, KeyKind.SCHAIN_SELLER, other);
    const at = request.schainNodeCount++;
    sellerKeyInto(hash, other, hash);
    request.schainLo[at] = hash.lo;
    request.schainHi[at] = hash.hi;
  }
}
