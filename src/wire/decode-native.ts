import { LRUCache } from "lru-cache";
import { nativeAssetsMax, nativeCacheBytesMax, nativeCacheEntriesMax } from "../base/limits.js";
import type { BidRequest, NativeAsset, NativeRequest } from "../bid/request.js";
import { Key } from "./json-keys.js";
import { isObject, isString, readFlag, readInteger, readText } from "./json-read.js";
import { JsonFailure, scanJson } from "./json-scan.js";
import { elementsOf, endAt, keyAt, membersOf, nextAt, startAt, tapeEnd } from "./json-tape.js";
import { unescapeInto } from "./json-text.js";

/**
 * imp.native.request is JSON inside a JSON string (OpenRTB Native 1.x). A publisher sends the same
 * few texts again and again, so the scan's result is kept by a hash of the raw text, whose bytes
 * are compared on a hit: the common case neither unescapes nor scans.
 */
type CachedNative = { readonly raw: Uint8Array; readonly native: NativeRequest | null };

/** What an entry holds beside its text, roughly. */
const entryBytes = 1024;

/** Room for the scan's closing zero and its look ahead. */
const scanRoom = 32;

const cache = new LRUCache<number, CachedNative>({
  max: nativeCacheEntriesMax,
  maxSize: nativeCacheBytesMax,
  sizeCalculation: (entry) => entry.raw.length + entryBytes,
});

/**
 * Reads the value as a native request: a string, or the object itself, which some senders put
 * there. Null when it cannot be used: not JSON, no assets, an asset without id or kind, an id that
 * repeats.
 */
export function nativeOf(request: BidRequest, at: number): NativeRequest | null {
  const text = isString(at);
  if (!text && !isObject(at)) return null;
  const bytes = request.bytes;
  const start = startAt(at);
  const end = endAt(at);
  const key = rawKey(bytes, start, end);
  const cached = cache.get(key);
  if (cached !== undefined && equalBytes(cached.raw, bytes, start, end)) return cached.native;
  const native = text ? scanText(request, start, end) : decodeNative(request, at);
  cache.set(key, { raw: bytes.slice(start, end), native });
  return native;
}

/** 53 bits of two lanes: what a number holds exactly, so that the cache needs no strings. */
function rawKey(bytes: Uint8Array, start: number, end: number): number {
  let a = 0x811c9dc5;
  let b = 0x2c1b3c6d;
  for (let at = start; at < end; at++) {
    a = Math.imul(a ^ bytes[at]!, 0x01000193);
    b = Math.imul(b ^ bytes[at]!, 0x5bd1e995) ^ (b >>> 15);
  }
  return (a >>> 0) + ((b ^ (b >>> 11)) & 0x1fffff) * 0x1_0000_0000;
}

function equalBytes(raw: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (raw.length !== end - start) return false;
  for (let i = 0; i < raw.length; i++) if (raw[i] !== bytes[start + i]) return false;
  return true;
}

/** Scans the string's text, unescaped behind the arena, where it is not kept. */
function scanText(request: BidRequest, start: number, end: number): NativeRequest | null {
  const bytes = request.bytes;
  const textStart = request.textLength;
  if (textStart + (end - start) + scanRoom > bytes.length) return null;
  const textEnd = unescapeInto(bytes, start, end, textStart);
  if (textEnd < 0) return null;
  bytes[textEnd] = 0;
  const tapeStart = tapeEnd();
  const failure = scanJson(bytes, textStart, textEnd, textEnd + 1, tapeStart);
  if (failure !== JsonFailure.NONE) return null;
  // texts inside are unescaped behind this one, and all is given back
  request.textLength = textEnd + 1;
  const native = decodeNative(request, tapeStart);
  request.textLength = textStart;
  return native;
}

class Draft {
  wrapped = false;
  unusable = false;
  privacy = false;
  assets: NativeAsset[] = [];
  eventTrackers: { readonly event: number; readonly methods: readonly number[] }[] = [];
}

/** Native 1.0 wraps the request in {"native":{}}, later versions do not. */
function decodeNative(request: BidRequest, object: number): NativeRequest | null {
  const draft = new Draft();
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.native && isObject(at)) {
      draft.wrapped = true;
      for (let inner = membersOf(at), last = nextAt(at); inner < last; inner = nextAt(inner)) {
        decodeField(request, inner, draft);
      }
    } else {
      decodeField(request, at, draft);
    }
  }
  if (draft.unusable || draft.assets.length === 0) return null;
  return {
    wrapped: draft.wrapped,
    assets: draft.assets,
    eventTrackers: draft.eventTrackers,
    privacy: draft.privacy,
  };
}

function decodeField(request: BidRequest, value: number, draft: Draft): void {
  switch (keyAt(value)) {
    case Key.assets:
      draft.assets = [];
      draft.unusable = false;
      for (let at = elementsOf(value), end = nextAt(value); at < end; at = nextAt(at)) {
        decodeAsset(request, at, draft);
      }
      break;
    case Key.eventtrackers:
      draft.eventTrackers = [];
      for (let at = elementsOf(value), end = nextAt(value); at < end; at = nextAt(at)) {
        decodeTracker(request, at, draft);
      }
      break;
    case Key.privacy:
      draft.privacy = readFlag(request, value, 0) === 1;
      break;
    default:
  }
}

function decodeTracker(request: BidRequest, object: number, draft: Draft): void {
  let event = 0;
  let methods: number[] = [];
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    if (keyAt(at) === Key.event) event = readInteger(request, at, 0);
    else if (keyAt(at) === Key.methods) methods = readMethods(request, at);
  }
  if (event > 0 && draft.eventTrackers.length < nativeAssetsMax) {
    draft.eventTrackers.push({ event, methods });
  }
}

function readMethods(request: BidRequest, list: number): number[] {
  const methods: number[] = [];
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    const method = readInteger(request, at, 0);
    if (method > 0 && methods.length < nativeAssetsMax) methods.push(method);
  }
  return methods;
}

/** The parts of an asset that its kind fills. */
class AssetPart {
  lengthMax = 0;
  type = 0;
  width = 0;
  height = 0;
  widthMin = 0;
  heightMin = 0;
  mimes: string[] = [];
}

function decodeAsset(request: BidRequest, object: number, draft: Draft): void {
  let id = -1;
  let required = false;
  let kinds = 0;
  let kind: NativeAsset["kind"] = "title";
  let part = new AssetPart();
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    const next = assetKind(keyAt(at));
    if (keyAt(at) === Key.id) id = readInteger(request, at, -1);
    else if (keyAt(at) === Key.required) required = readFlag(request, at, 0) === 1;
    else if (next !== null && isObject(at)) {
      kinds++;
      kind = next;
      part = decodePart(request, at);
    }
  }
  const repeated = draft.assets.some((asset) => asset.id === id);
  if (id < 0 || repeated || kinds > 1 || (kinds === 0 && required)) draft.unusable = true;
  else if (draft.assets.length === nativeAssetsMax) draft.unusable = true;
  // an optional asset of a kind we do not know is one that we need not fill
  else if (kinds === 1) draft.assets.push({ id, required, kind, ...part });
}

function assetKind(key: number): NativeAsset["kind"] | null {
  switch (key) {
    case Key.title:
      return "title";
    case Key.img:
      return "image";
    case Key.video:
      return "video";
    case Key.data:
      return "data";
    default:
      return null;
  }
}

function decodePart(request: BidRequest, object: number): AssetPart {
  const part = new AssetPart();
  for (let at = membersOf(object), end = nextAt(object); at < end; at = nextAt(at)) {
    const value = Math.max(0, readInteger(request, at, 0));
    switch (keyAt(at)) {
      case Key.len:
        part.lengthMax = value;
        break;
      case Key.type:
        part.type = value;
        break;
      case Key.w:
        part.width = value;
        break;
      case Key.h:
        part.height = value;
        break;
      case Key.wmin:
        part.widthMin = value;
        break;
      case Key.hmin:
        part.heightMin = value;
        break;
      case Key.mimes:
        part.mimes = readMimes(request, at);
        break;
      default:
    }
  }
  return part;
}

const decoder = new TextDecoder();

function readMimes(request: BidRequest, list: number): string[] {
  const mimes: string[] = [];
  for (let at = elementsOf(list), end = nextAt(list); at < end; at = nextAt(at)) {
    if (readText(request, at) && mimes.length < nativeAssetsMax) {
      mimes.push(decoder.decode(request.bytes.subarray(startAt(at), endAt(at))));
    }
  }
  return mimes;
}
