import { type Hash64, textKeyOf } from "../base/hash.js";
import { KeyKind, Media } from "../base/lists.js";
import { Outcome } from "../base/outcome.js";
import { creativeOutcome } from "../bid/creative-fit.js";
import { type ImpRecord, SpanUse, type TimedMedia } from "../bid/request.js";
import { inRequestList } from "../bid/values.js";
import type { CreativeModel } from "../campaign/model.js";
import { dictionaryIdOf } from "../campaign/table.js";
import { categoryKey, domainAndParents, parentsOf } from "../campaign/text-key.js";
import { creativeOf, creativesOf, type ExplainCase } from "./explain-case.js";
import type { Refusal } from "./explain-result.js";
import { bitsOf, listed } from "./explain-words.js";
import { plainImp, textsOf, valueAt } from "./plain-request.js";

/** The names of the media bits. */
export const mediaNames = (mask: number): string[] =>
  Object.entries(Media)
    .filter(([, bit]) => (mask & bit) !== 0)
    .map(([name]) => name.toLowerCase());

/** The first of a line item's creatives that was refused so, with why. */
export function creativeRefusalInWords(
  at: ExplainCase,
  lineItem: number,
  outcome: Outcome,
): Refusal {
  const { decision } = at;
  for (const index of creativesOf(decision, lineItem)) {
    if (creativeOutcome(decision, index) !== outcome) continue;
    const creative = creativeOf(at, index);
    const { rule, seen, limit } = wordsFor(at, index, creative, outcome);
    return { rule: `creative ${creative.id}: ${rule}`, seen, limit };
  }
  const domains = creativesOf(decision, lineItem).flatMap((index) => creativeOf(at, index).domains);
  return {
    rule: "deal.wadomain",
    seen: "names other advertisers' domains",
    limit: `one of ${listed([...new Set(domains)], "no creative")}`,
  };
}

function wordsFor(
  at: ExplainCase,
  index: number,
  creative: CreativeModel,
  outcome: Outcome,
): Refusal {
  const { request, imp, exchange } = at.decision;
  switch (outcome) {
    case Outcome.CREATIVE_UNAPPROVED:
      return approval(creative, exchange.name);
    case Outcome.CREATIVE_MEDIA: {
      const own = mediaNames(at.decision.table.creativeMedia[index]!);
      return { rule: "media", seen: listed(mediaNames(imp.mediaMask)), limit: listed(own) };
    }
    case Outcome.CREATIVE_INSECURE:
      return { rule: "imp.secure", seen: "wants https only", limit: "markup with http addresses" };
    case Outcome.CREATIVE_CATEGORY:
      return category(at, creative);
    case Outcome.ADVERTISER_BLOCKED:
      return blockedDomain(at, creative);
    case Outcome.CREATIVE_APP_BLOCKED:
      return { rule: "bapp", seen: `blocks ${creative.bundle}`, limit: "its advertised app" };
    case Outcome.CREATIVE_LANGUAGE: {
      const seen = [...textsOf(valueAt(at.plain.root, "wlang"))];
      seen.push(...textsOf(valueAt(at.plain.root, "wlangb")));
      return { rule: "wlang", seen: `lets in ${listed(seen)}`, limit: creative.language };
    }
    case Outcome.DSA_MISSING:
      return dsa(creative, request.dsa.required, request.dsa.pubRender);
    case Outcome.CREATIVE_NATIVE:
      return nativeWords(imp);
    default:
      return mediaWords(at, index, creative, outcome);
  }
}

function approval({ approvedBy }: CreativeModel, exchange: string): Refusal {
  const approved = approvedBy === "all" || approvedBy.includes(exchange);
  return {
    rule: "approval",
    seen: exchange,
    limit: approved
      ? "approved there, but its markup cannot be used there (see crowdbid check)"
      : `approved by ${listed(approvedBy, "nobody")}`,
  };
}

/** Those of the texts whose keys stand in a block list of the request. */
function listedIn<T>(
  { decision: { table, scratch } }: ExplainCase,
  of: readonly T[],
  keyOf: (one: T) => Hash64,
  use: SpanUse,
): T[] {
  return of.filter((one) => {
    const { lo, hi } = keyOf(one);
    const value = dictionaryIdOf(table, lo, hi);
    return value !== 0 && inRequestList(scratch, value, use);
  });
}

function category(at: ExplainCase, { categories }: CreativeModel): Refusal {
  const text = ({ taxonomy, id }: { readonly taxonomy: number; readonly id: string }): string =>
    taxonomy === 1 ? id : `${taxonomy}/${id}`;
  const own = listed(categories.map(text), "no category");
  const family = categories.flatMap((one) => [one, ...parentsOf(one)]);
  const [blocked] = listedIn(at, family, categoryKey, SpanUse.BCAT);
  if (blocked !== undefined) return { rule: "bcat", seen: `blocks ${text(blocked)}`, limit: own };
  const allowed = listed(textsOf(valueAt(at.plain.root, "acat")));
  return { rule: "acat", seen: `lets in ${allowed}`, limit: own };
}

function blockedDomain(at: ExplainCase, { domains }: CreativeModel): Refusal {
  const family = domains.flatMap(domainAndParents);
  const keyOf = (domain: string): Hash64 => textKeyOf(domain, KeyKind.ADVERTISER_DOMAIN);
  const blocked = listedIn(at, family, keyOf, SpanUse.BADV);
  return { rule: "badv", seen: `blocks ${listed(blocked)}`, limit: listed(domains) };
}

const dsa = (creative: CreativeModel, required: number, pubRender: number): Refusal => ({
  rule: "regs.ext.dsa",
  seen: `dsarequired ${required}, pubrender ${pubRender < 0 ? "not stated" : pubRender}`,
  limit:
    creative.dsa === null
      ? "no DSA fields"
      : `DSA fields, adrender ${creative.dsa.adRender ? 1 : 0}`,
});

function nativeWords(imp: ImpRecord): Refusal {
  const required = imp.native?.assets.filter((asset) => asset.required) ?? [];
  const wanted = required.map(({ kind, type, lengthMax }) => {
    const detail = kind === "title" ? ` of at most ${lengthMax}` : type > 0 ? ` ${type}` : "";
    return `${kind}${detail}`;
  });
  return {
    rule: "native assets",
    seen: `requires ${listed(wanted, "nothing, and asks for nothing that it has")}`,
    limit: "its title, images and data",
  };
}

/** What is compared against the banner, video, audio or native object. */
function mediaWords(
  at: ExplainCase,
  index: number,
  creative: CreativeModel,
  outcome: Outcome,
): Refusal {
  const { table, imp } = at.decision;
  const media = table.creativeMedia[index]!;
  const timed = media === Media.AUDIO ? imp.audio : imp.video;
  const isTimed = media === Media.VIDEO || media === Media.AUDIO;
  const name = mediaNames(media)[0] ?? "";
  switch (outcome) {
    case Outcome.CREATIVE_SIZE: {
      const sizes = creative.sizes.map(({ width, height }) => `${width}x${height}`);
      return { rule: "size", seen: listed(formatsOf(at)), limit: listed(sizes, "no size") };
    }
    case Outcome.CREATIVE_ATTRIBUTE:
      return attribute(creative, battrOf(imp, media), isTimed && timed.skip === 0);
    case Outcome.CREATIVE_API: {
      const offered = isTimed
        ? timed.apiMask
        : media === Media.NATIVE
          ? imp.nativeApiMask
          : imp.bannerApiMask;
      const needs = creative.apis.map(String);
      return {
        rule: `${name}.api`,
        seen: listed(bitsOf(offered)),
        limit: `needs ${listed(needs)}`,
      };
    }
    case Outcome.CREATIVE_MIME: {
      const seen = textsOf(valueAt(plainImp(at.plain, imp), name, "mimes"));
      return { rule: `${name}.mimes`, seen: listed(seen), limit: listed(creative.mimes) };
    }
    case Outcome.CREATIVE_PROTOCOL: {
      const limit = String(table.creativeProtocol[index]!);
      return { rule: `${name}.protocols`, seen: listed(bitsOf(timed.protocolMask)), limit };
    }
    case Outcome.CREATIVE_DURATION:
      return duration(at, timed, table.creativeDurationSec[index]!);
    default:
      return isTimed
        ? timedType(at, timed, index)
        : {
            rule: "banner.btype",
            seen: `blocks ${listed(bitsOf(imp.btypeMask))}`,
            limit: `banner type ${creative.bannerType}`,
          };
  }
}

/** The banner formats of the current imp. */
export function formatsOf({ decision: { request, imp } }: Pick<ExplainCase, "decision">): string[] {
  return Array.from({ length: imp.formatCount }, (_, i) => {
    const at = imp.formatStart + i;
    return `${request.formatWidth[at]!}x${request.formatHeight[at]!}`;
  });
}

function battrOf(imp: ImpRecord, media: number): number {
  if (media === Media.BANNER) return imp.bannerBattrMask;
  if (media === Media.NATIVE) return imp.nativeBattrMask;
  return media === Media.AUDIO ? imp.audio.battrMask : imp.video.battrMask;
}

function attribute({ attributes }: CreativeModel, battr: number, noSkip: boolean): Refusal {
  const blocked = attributes.filter((one) => ((battr >>> one) & 1) === 1).map(String);
  if (blocked.length === 0 && noSkip) {
    return { rule: "skip", seen: "0: allows no skippable ad", limit: "skippable" };
  }
  return {
    rule: "battr",
    seen: `blocks ${listed(blocked)}`,
    limit: `attributes ${listed(attributes.map(String), "none")}`,
  };
}

function duration({ decision }: ExplainCase, timed: TimedMedia, durationSec: number): Refusal {
  const limit = `${durationSec} s`;
  if (timed.rqdDurCount > 0) {
    const end = timed.rqdDurStart + timed.rqdDurCount;
    const exact = [...decision.request.durationSec.subarray(timed.rqdDurStart, end)];
    return { rule: "rqddurs", seen: `exactly ${listed(exact.map(String))} s`, limit };
  }
  const max = timed.maxDurationSec === 0 ? "any" : String(timed.maxDurationSec);
  const pod = timed.podDurSec === 0 ? "" : `, a pod of ${timed.podDurSec} s`;
  return { rule: "duration", seen: `${timed.minDurationSec} to ${max} s${pod}`, limit };
}

function timedType({ decision }: ExplainCase, timed: TimedMedia, index: number): Refusal {
  const { table } = decision;
  const linearity = table.creativeLinearity[index]!;
  if (timed.linearity !== 0 && linearity !== 0 && timed.linearity !== linearity) {
    return { rule: "linearity", seen: String(timed.linearity), limit: String(linearity) };
  }
  const max = timed.maxBitrateKbps === 0 ? "any" : String(timed.maxBitrateKbps);
  return {
    rule: "bitrate",
    seen: `${timed.minBitrateKbps} to ${max} kbit/s`,
    limit: `${table.creativeBitrateKbps[index]!} kbit/s`,
  };
}
