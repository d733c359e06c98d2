import type { NativeOffered } from "../bid/native-fit.js";
import type { Exchange } from "../campaign/exchange.js";
import type { CreativeModel } from "../campaign/model.js";
import type { Compiled } from "./macro-template.js";
import { bannerPieces } from "./macro-template.js";
import type { NativeAssets } from "./native-template.js";
import { nativeAssets, nativeParts } from "./native-template.js";
import { noticeUrlBytesMax } from "./notice.js";
import { NO_ENTRY, nativePartsMax, Slot } from "./template.js";
import { bidPieces } from "./template-bid.js";
import { TemplateBuilder } from "./template-builder.js";
import { foreignHosts } from "./template-hosts.js";
import { NoticeUrls } from "./template-notice.js";
import { httpsAddress, jsonString } from "./template-pieces.js";
import { vastInlinePieces, vastWrapperPieces } from "./vast-template.js";

/** What a creative's templates depend on beside the creative. */
export type CreativeSurroundings = {
  readonly exchanges: readonly Exchange[];
  /** By dialect number, an exchange that speaks it. */
  readonly dialects: readonly (Exchange | undefined)[];
  readonly publicUrl: string;
  readonly thirdPartyHosts?: readonly string[];
  /** False: no template can be made at all. */
  readonly ready: boolean;
};

export type TemplateProblem = {
  /** 0 = all of them. */
  readonly creative: number;
  readonly exchange: string;
  readonly what: string;
};

/** One creative's templates; entries are numbers in `builder`. */
export type CreativeTemplates = {
  readonly builder: TemplateBuilder;
  /** By dialect; NO_ENTRY = none. */
  readonly bidEntry: readonly number[];
  /** Bit e = exchange e approved it and has a template. */
  readonly usable: number;
  readonly native: null | {
    readonly offered: readonly NativeOffered[];
    readonly assetEntry: readonly number[];
    readonly assetBytesMax: number;
    /** By dialect and part. */
    readonly part: readonly number[];
  };
  readonly problems: readonly TemplateProblem[];
};

/** A larger bid would crowd others out of the answer. */
const bidLiteralBytesMax = 64 * 1024;
export const landingCharsMax = 2048;
/** Most creatives of three dialects fit. */
const builderBytes = 1 << 12;

export const dialectsOf = (exchanges: readonly Exchange[]): readonly (Exchange | undefined)[] => {
  const dialects: (Exchange | undefined)[] = [];
  for (const exchange of exchanges) dialects[exchange.dialect] ??= exchange;
  return Array.from(dialects);
};

/** Compiles one creative for every dialect that approved it. Pure. */
export function templatesOf(
  creative: CreativeModel,
  around: CreativeSurroundings,
): CreativeTemplates {
  return new CreativeCompilation(creative, around).run();
}

/**
 * Where else the thing may come from, in words: the allowed hosts of the creative's own domains.
 * The list is everybody's, and whose hosts are on it is no client's business.
 */
function hostsText({ domains }: CreativeModel, allowed: readonly string[]): string {
  const own = allowed.filter((name) =>
    domains.some((domain) => domain === name || domain.endsWith(`.${name}`)),
  );
  return own.length === 0 ? "" : `take it from ${own.join(", ")}, or `;
}

class CreativeCompilation {
  private readonly creative: CreativeModel;
  private readonly around: CreativeSurroundings;
  private readonly builder = new TemplateBuilder(builderBytes);
  private readonly problems: TemplateProblem[] = [];
  private readonly bidEntry: number[];
  private usable = 0;

  constructor(creative: CreativeModel, around: CreativeSurroundings) {
    this.creative = creative;
    this.around = around;
    this.bidEntry = around.dialects.map(() => NO_ENTRY);
  }

  run(): CreativeTemplates {
    const { builder, bidEntry, problems } = this;
    const { markup } = this.creative;
    const assets = markup.kind === "native" ? nativeAssets(markup) : null;
    const native = assets === null ? null : this.native(assets);
    for (const what of this.faults(assets?.problems ?? [])) this.report("", what);
    if (this.around.ready && problems.length === 0) {
      for (const dialect of this.around.dialects) if (dialect !== undefined) this.bid(dialect);
    }
    return { builder, bidEntry, usable: this.usable >>> 0, native, problems };
  }

  private faults(native: readonly string[]): readonly string[] {
    const { creative } = this;
    const { thirdPartyHosts } = this.around;
    const landing = httpsAddress(creative.landingPage);
    const foreign = thirdPartyHosts === undefined ? [] : foreignHosts(creative, thirdPartyHosts);
    return [
      ...native,
      ...foreign.map(
        (host) =>
          `loads from ${host}, which would see who sees the ad: ` +
          `${hostsText(creative, thirdPartyHosts ?? [])}have it added to thirdPartyHosts in ` +
          "privacy.yaml",
      ),
      ...(landing === "" || landing.length > landingCharsMax
        ? [`landing page "${creative.landingPage}" must be https, macro-free, at most 2,048 long`]
        : []),
    ];
  }

  private report(exchange: string, what: string): void {
    this.problems.push({ creative: this.creative.id, exchange, what });
  }

  private bid(dialect: Exchange): void {
    const { creative, around } = this;
    const approving = around.exchanges.filter(
      (exchange) =>
        exchange.dialect === dialect.dialect &&
        (creative.approvedBy === "all" || creative.approvedBy.includes(exchange.name)),
    );
    if (approving.length === 0) return;
    const urls = new NoticeUrls(around.publicUrl, dialect);
    const adm = markupPieces(creative, urls);
    const problems = [...adm.problems];
    if (urls.bytesMax() >= noticeUrlBytesMax) {
      problems.push(`notice addresses reach ${noticeUrlBytesMax} bytes: shorten the public URL`);
    }
    const pieces = bidPieces(creative, dialect, urls, jsonString(adm.pieces));
    const entry = this.builder.entry(pieces);
    const bytes = this.builder.entryLiteralBytes[entry] as number;
    if (bytes > bidLiteralBytesMax) {
      problems.push(
        `the bid has ${bytes} bytes, at most ${bidLiteralBytesMax}: shorten the markup`,
      );
    }
    for (const what of problems) this.report(dialect.name, what);
    if (problems.length > 0) return;
    this.bidEntry[dialect.dialect] = entry;
    for (const exchange of approving) this.usable |= 1 << exchange.index;
  }

  private native({ offered, members }: NativeAssets): CreativeTemplates["native"] {
    const { builder, around, creative } = this;
    const { markup } = creative;
    const assetEntry = members.map((member) => builder.entry(member));
    const bytes = assetEntry.map((entry) => builder.entryLiteralBytes[entry] as number);
    const part = around.dialects.flatMap((exchange) => {
      const entries = new Array<number>(nativePartsMax).fill(NO_ENTRY);
      if (exchange === undefined || markup.kind !== "native") return entries;
      const urls = new NoticeUrls(around.publicUrl, exchange);
      nativeParts(markup, urls).forEach((pieces, at) => {
        if (pieces !== null) entries[at] = builder.entry(pieces);
      });
      return entries;
    });
    return { offered, assetEntry, assetBytesMax: Math.max(0, ...bytes), part };
  }
}

/** The adm of a creative, before it is put into a JSON string. */
export function markupPieces(creative: CreativeModel, urls: NoticeUrls): Compiled {
  const { markup } = creative;
  switch (markup.kind) {
    case "html":
      return bannerPieces(markup.html, urls);
    case "thirdPartyTag":
      return bannerPieces(markup.tag, urls);
    case "vastInline":
      return vastInlinePieces(creative, markup, urls);
    case "vastWrapper":
      return vastWrapperPieces(creative, markup, urls);
    case "native":
      return { pieces: [Slot.NATIVE], problems: [] };
  }
}
