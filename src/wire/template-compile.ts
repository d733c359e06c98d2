import type { NativeOffered } from "../bid/native-fit.js";
import { nativeColumns } from "../bid/native-fit.js";
import { packColumns } from "../campaign/columns.js";
import type { Exchange } from "../campaign/exchange.js";
import type { Agency, CreativeModel } from "../campaign/model.js";
import type { Compiled } from "./macro-template.js";
import { bannerPieces } from "./macro-template.js";
import type { NativeAssets } from "./native-template.js";
import { nativeAssets, nativeParts } from "./native-template.js";
import { noticeUrlBytesMax } from "./notice.js";
import { NO_ENTRY, nativePartsMax, Slot, templateSpec } from "./template.js";
import { bidPieces } from "./template-bid.js";
import { TemplateBuilder } from "./template-builder.js";
import { foreignHosts } from "./template-hosts.js";
import { dialectKey, NoticeUrls, publicUrlProblem } from "./template-notice.js";
import { httpsAddress, jsonEscape, jsonString } from "./template-pieces.js";
import { vastInlinePieces, vastWrapperPieces } from "./vast-template.js";

export type TemplateInput = {
  /** In creative-index order. */
  readonly creatives: readonly CreativeModel[];
  /** In agency-index order. */
  readonly agencies: readonly Agency[];
  /** In exchange-index order. */
  readonly exchanges: readonly Exchange[];
  /** Base of every notice address, without a slash at the end. */
  readonly publicUrl: string;
  /**
   * Creatives that no longer bid but whose tokens still live: a click on them must lead somewhere.
   */
  readonly retired: readonly Pick<CreativeModel, "id" | "landingPage">[];
  /** Hosts that markup may name (privacy.yaml); absent = any, for tests of markup alone. */
  readonly thirdPartyHosts?: readonly string[];
};

export type TemplateProblem = {
  /** 0 = all of them. */
  readonly creative: number;
  readonly exchange: string;
  readonly what: string;
};

export type CompiledTemplates = {
  readonly buffer: SharedArrayBuffer;
  /**
   * By creative index: bit e = the creative is approved by exchange e and has a template there. A
   * creative with a problem has no bit. The campaign table's `creativeApproved` is cut down to this
   * before it is published.
   */
  readonly usable: Uint32Array;
  readonly problems: readonly TemplateProblem[];
};

/** A larger bid would crowd others out of the answer. */
const bidLiteralBytesMax = 64 * 1024;
const landingCharsMax = 2048;

/** Compiles every creative for every dialect that approved it. Off the hot path; pure. */
export function compileTemplates(input: TemplateInput): CompiledTemplates {
  const work = new Compilation(input);
  input.creatives.forEach((creative, index) => {
    work.creative(creative, index);
  });
  return { buffer: work.pack(), usable: work.usable, problems: work.problems };
}

class Compilation {
  readonly problems: TemplateProblem[] = [];
  readonly usable: Uint32Array;
  private readonly input: TemplateInput;
  private readonly builder = new TemplateBuilder();
  private readonly dialects: (Exchange | undefined)[] = [];
  private readonly bidEntry: number[];
  private readonly creativeNative: number[];
  private readonly natives: (readonly NativeOffered[])[] = [];
  private readonly nativePart: number[] = [];
  private readonly nativeAssetBytesMax: number[] = [];
  private readonly assetEntry: number[] = [];
  private readonly ready: boolean;

  constructor(input: TemplateInput) {
    this.input = input;
    this.usable = new Uint32Array(input.creatives.length);
    for (const exchange of input.exchanges) this.dialects[exchange.dialect] ??= exchange;
    this.bidEntry = new Array<number>(input.creatives.length * this.dialects.length).fill(NO_ENTRY);
    this.creativeNative = new Array<number>(input.creatives.length).fill(NO_ENTRY);
    this.ready = this.environment();
  }

  creative(creative: CreativeModel, index: number): void {
    const native = creative.markup.kind === "native" ? nativeAssets(creative.markup) : null;
    if (native !== null) this.native(native, index);
    const landing = httpsAddress(creative.landingPage);
    const { thirdPartyHosts } = this.input;
    const foreign = thirdPartyHosts === undefined ? [] : foreignHosts(creative, thirdPartyHosts);
    const faults = [
      ...(native?.problems ?? []),
      ...foreign.map(
        (host) =>
          `loads from ${host}, which would see who sees the ad: take it out, or have it added to ` +
          "thirdPartyHosts in privacy.yaml",
      ),
      ...(landing === "" || landing.length > landingCharsMax
        ? [`landing page "${creative.landingPage}" must be https, macro-free, at most 2,048 long`]
        : []),
    ];
    faults.forEach((what) => {
      this.report(creative, "", what);
    });
    if (!this.ready || faults.length > 0) return;
    this.dialects.forEach((exchange) => {
      if (exchange !== undefined) this.bid(creative, index, exchange);
    });
  }

  pack(): SharedArrayBuffer {
    const { builder, input } = this;
    const seats = input.exchanges.flatMap((exchange) =>
      input.agencies.map((agency) => builder.text(jsonEscape(seatOf(agency, exchange)))),
    );
    const landings = this.landings();
    return packColumns(templateSpec, {
      dimensions: [
        ...[input.creatives.length, this.dialects.length],
        ...[input.agencies.length, input.exchanges.length],
      ],
      bidEntry: this.bidEntry,
      entryStart: builder.entryStart,
      entryCount: builder.entryCount,
      entryLiteralBytes: builder.entryLiteralBytes,
      entrySlotCount: builder.entrySlotCount,
      opLiteralStart: builder.opLiteralStart,
      opLiteralLength: builder.opLiteralLength,
      opSlot: builder.opSlot,
      nativePart: this.nativePart,
      nativeAssetBytesMax: this.nativeAssetBytesMax,
      ...nativeColumns(this.natives),
      assetEntry: this.assetEntry,
      creativeNative: this.creativeNative,
      seatStart: seats.map((seat) => seat.start),
      seatLength: seats.map((seat) => seat.length),
      ...landings,
      bytes: builder.bytes(),
    });
  }

  private report(creative: CreativeModel | null, exchange: string, what: string): void {
    this.problems.push({ creative: creative?.id ?? 0, exchange, what });
  }

  /** What makes every template impossible: said once. */
  private environment(): boolean {
    const base = publicUrlProblem(this.input.publicUrl);
    if (base !== "") this.report(null, "", base);
    for (const exchange of this.input.exchanges) {
      const first = this.dialects[exchange.dialect];
      if (first === undefined || dialectKey(first) === dialectKey(exchange)) continue;
      const what = `dialect ${exchange.dialect} is not that of ${first.name}: number it apart`;
      this.report(null, exchange.name, what);
    }
    return this.problems.length === 0;
  }

  private bid(creative: CreativeModel, index: number, dialect: Exchange): void {
    const approving = this.input.exchanges.filter(
      (exchange) =>
        exchange.dialect === dialect.dialect &&
        (creative.approvedBy === "all" || creative.approvedBy.includes(exchange.name)),
    );
    if (approving.length === 0) return;
    const urls = new NoticeUrls(this.input.publicUrl, dialect);
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
    problems.forEach((what) => {
      this.report(creative, dialect.name, what);
    });
    if (problems.length > 0) return;
    this.bidEntry[index * this.dialects.length + dialect.dialect] = entry;
    for (const exchange of approving) this.usable[index]! |= 1 << exchange.index;
  }

  private native({ offered, members }: NativeAssets, index: number): void {
    const { builder, input } = this;
    const creative = input.creatives[index] as CreativeModel;
    this.creativeNative[index] = this.natives.length;
    this.natives.push(offered);
    const entries = members.map((member) => builder.entry(member));
    this.assetEntry.push(...entries);
    this.nativeAssetBytesMax.push(
      Math.max(0, ...entries.map((entry) => builder.entryLiteralBytes[entry] as number)),
    );
    for (let dialect = 0; dialect < this.dialects.length; dialect++) {
      const exchange = this.dialects[dialect];
      for (let part = 0; part < nativePartsMax; part++) this.nativePart.push(NO_ENTRY);
      if (exchange === undefined || creative.markup.kind !== "native") continue;
      const at = this.nativePart.length - nativePartsMax;
      const urls = new NoticeUrls(input.publicUrl, exchange);
      nativeParts(creative.markup, urls).forEach((pieces, part) => {
        if (pieces !== null) this.nativePart[at + part] = builder.entry(pieces);
      });
    }
  }

  private landings() {
    const { builder, input } = this;
    const pages = new Map(
      [...input.retired, ...input.creatives].map((creative) => [
        creative.id,
        httpsAddress(creative.landingPage),
      ]),
    );
    const sorted = [...pages].filter(([, page]) => page !== "" && page.length <= landingCharsMax);
    sorted.sort(([a], [b]) => a - b);
    const texts = sorted.map(([, page]) => builder.text(page));
    return {
      landingId: sorted.map(([id]) => id),
      landingStart: texts.map((text) => text.start),
      landingLength: texts.map((text) => text.length),
    };
  }
}

const seatOf = (agency: Agency, exchange: Exchange): string =>
  Object.hasOwn(agency.seats, exchange.name) ? (agency.seats[exchange.name] as string) : "";

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
