import { Hash64, type SipKey } from "../base/hash.js";
import { identifierHashInto, Namespace } from "../base/identifier.js";
import { type ExchangeId, NOBODY, type Ordinal } from "../base/ids.js";
import { ChannelKind, Os } from "../base/lists.js";
import { Withheld } from "../base/unprintable.js";
import type { EidSources, Grant } from "./consent.js";
import type { BidRequest } from "./request.js";

/** The part of the segment index that is asked; suppressed people are nobody there. */
export type IdentifierIndex = {
  readonly ordinalOf: (hashLo: number, hashHi: number) => Ordinal;
};

/** Who the request is about, written by `identifyInto`. */
export class Identified extends Withheld {
  ordinal: Ordinal = NOBODY;
  /** 1 = another identifier of the request is somebody else's. */
  mixed = 0;
  /**
   * 1 = the request carries a usable identifier; `hash` is that of the first one in the exchange's
   * order, which caps count by where the person is unknown. It never leaves the process.
   */
  hashKnown = 0;
  readonly hash = new Hash64();

  clear(): void {
    this.ordinal = NOBODY;
    this.mixed = 0;
    this.hashKnown = this.hash.lo = this.hash.hi = 0;
  }
}

/** The exchange's identity settings (bid/exchange.ts satisfies it). */
export type IdentityOrder = {
  readonly id: ExchangeId;
  /** Namespaces, first to be asked first; an identifier of any other namespace is not used. */
  readonly identityOrder: readonly number[];
};

/** More identifiers of one request are not looked up. */
export const lookUpsMax = 8;
/** eids.mm (AdCOM): 5 = inferred, a guess about the person. */
const inferredMatch = 5;

const hash = new Hash64();
let lookUpCount = 0;

/**
 * Finds the request's person: hashes its identifiers in the exchange's order and looks all of them
 * up, the first hit wins, whoever the others are: an answer that depended on whether two of them
 * are one person would tell just that to who puts two together. The number of look-ups depends on
 * the request alone, never on who is known; a request without an identifier makes one too. Only a
 * grant lets a caller in.
 */
export function identifyInto(
  request: BidRequest,
  _grant: Grant,
  exchange: IdentityOrder,
  sources: EidSources,
  key: SipKey,
  index: IdentifierIndex,
  out: Identified,
): Ordinal {
  out.clear();
  lookUpCount = 0;
  // The ifa of a billboard is that of a screen: nobody's, whoever stands before it.
  if (request.channelKind !== ChannelKind.DOOH) {
    const ifaNamespace = ifaNamespaceOf(request);
    for (const namespace of exchange.identityOrder) {
      if (namespace === Namespace.EID) lookEidsUp(request, sources, key, index, out);
      else if (namespace === Namespace.BUYER_UID) {
        const { start, end } = request.buyerUid;
        lookUp(request, Namespace.BUYER_UID, exchange.id, start, end, key, index, out);
      } else if (ifaNamespace !== 0 && namespace === ifaNamespace) {
        lookUp(request, ifaNamespace, 0, request.ifa.start, request.ifa.end, key, index, out);
      }
    }
  }
  if (lookUpCount === 0) index.ordinalOf(request.seed.lo, request.seed.hi);
  return out.ordinal;
}

function lookUp(
  request: BidRequest,
  namespace: Namespace,
  scope: number,
  start: number,
  end: number,
  key: SipKey,
  index: IdentifierIndex,
  out: Identified,
): void {
  if (lookUpCount >= lookUpsMax) return;
  if (!identifierHashInto(namespace, scope, key, request.bytes, start, end, hash)) return;
  lookUpCount++;
  const ordinal = index.ordinalOf(hash.lo, hash.hi);
  // The first one who is somebody, and whether another is somebody else; no branch tells who is.
  const before = out.ordinal;
  const hasOne = -before >> 31;
  const differs = -(ordinal ^ before) | (ordinal ^ before);
  out.mixed |= hasOne & (-ordinal >> 31) & (differs >> 31) & 1;
  out.ordinal = (before | (ordinal & ~hasOne)) as Ordinal;
  if (out.hashKnown === 0) {
    out.hashKnown = 1;
    out.hash.lo = hash.lo;
    out.hash.hi = hash.hi;
  }
}

function lookEidsUp(
  request: BidRequest,
  sources: EidSources,
  key: SipKey,
  index: IdentifierIndex,
  out: Identified,
): void {
  for (let i = 0; i < request.eidCount; i++) {
    if (request.eidMm[i] === inferredMatch) continue;
    const number = sourceNumberOf(sources, request.eidSourceLo[i]!, request.eidSourceHi[i]!);
    if (number === 0) continue;
    const start = request.eidStart[i]!;
    lookUp(request, Namespace.EID, number, start, request.eidEnd[i]!, key, index, out);
  }
}

/** The bank knows a few sources; a scan of them is quicker than a map. 0 = not one of them. */
function sourceNumberOf(sources: EidSources, lo: number, hi: number): number {
  const { keyLo, keyHi } = sources;
  for (let i = 0; i < keyLo.length; i++) {
    if (keyLo[i] === lo && keyHi[i] === hi) return sources.number[i]!;
  }
  return 0;
}

const textOf = (name: string): Uint8Array => new TextEncoder().encode(name);
/**
 * device.ext.ifa_type (IAB Tech Lab, identifier for advertising guidelines). Types of publishers,
 * exchanges and sessions (ppid, sspid, sessionid) and unknown ones name no device: such an ifa is
 * not used.
 */
const ifaTypes: readonly { readonly name: Uint8Array; readonly namespace: Namespace }[] = [
  { name: textOf("idfa"), namespace: Namespace.IDFA },
  { name: textOf("aaid"), namespace: Namespace.AAID },
  { name: textOf("gaid"), namespace: Namespace.AAID },
  { name: textOf("oaid"), namespace: Namespace.OAID },
  ...["rida", "tifa", "lgudid", "afai", "vida", "vaid", "msai", "nfa"].map((name) => ({
    name: textOf(name),
    namespace: Namespace.TIFA,
  })),
];
/** The device's own identifier, of whatever platform it is. */
const ownType = textOf("dpid");

/** The namespace of device.ifa by its stated type, else by the operating system; 0 = not known. */
function ifaNamespaceOf(request: BidRequest): Namespace | 0 {
  const { bytes, ifaType } = request;
  if (ifaType.end === ifaType.start || isText(bytes, ifaType.start, ifaType.end, ownType)) {
    return namespaceByOs(request.os);
  }
  for (const { name, namespace } of ifaTypes) {
    if (isText(bytes, ifaType.start, ifaType.end, name)) return namespace;
  }
  return 0;
}

function namespaceByOs(os: number): Namespace | 0 {
  switch (os) {
    case Os.IOS:
      return Namespace.IDFA;
    case Os.ANDROID:
      return Namespace.AAID;
    case Os.HARMONY:
      return Namespace.OAID;
    case Os.TVOS:
    case Os.ROKU:
    case Os.TIZEN:
    case Os.WEBOS:
    case Os.FIREOS:
      return Namespace.TIFA;
    default:
      return 0;
  }
}

/** Equal but for the case of ASCII letters. */
function isText(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    if ((bytes[start + i]! | 32) !== name[i]) return false;
  }
  return true;
}
