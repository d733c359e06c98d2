import type {
  CreativeModel,
  MediaFile,
  Timed,
  VastInline,
  VastWrapper,
} from "../campaign/model.js";
import type { Compiled } from "./macro-template.js";
import { OpaqueKind, opaqueIdOf } from "./opaque-id.js";
import { Slot } from "./template.js";
import type { NoticeUrls } from "./template-notice.js";
import type { Pieces } from "./template-pieces.js";
import { cdata, httpsAddress, xmlEscape, xmlForbiddenAt } from "./template-pieces.js";

/** Macros that the player itself fills in and that say nothing of a person (VAST 4.2 section 6). */
const playerMacros = new Set([
  "CACHEBUSTING",
  "TIMESTAMP",
  "ERRORCODE",
  "ADPLAYHEAD",
  "MEDIAPLAYHEAD",
]);

/** The VAST document of an inline creative: the player counts the impression at /impression. */
export function vastInlinePieces(
  creative: CreativeModel,
  markup: VastInline,
  urls: NoticeUrls,
): Compiled {
  const problems = [
    ...(markup.mediaFiles.length === 0 ? ["VAST needs at least one media file"] : []),
    ...textProblems("title", markup.title),
    ...markup.mediaFiles.flatMap((file) => mediaProblems(file, markup)),
  ];
  const four = markup.vast.startsWith("4");
  const title = `<AdTitle>${xmlEscape(markup.title)}</AdTitle>`;
  const impression: Pieces = ["<Impression>", ...cdata(urls.impression()), "</Impression>"];
  const head: Pieces = four
    ? [system, ...impression, ...servingId(markup), title]
    : [system, title, ...impression];
  const content =
    markup.linearity === 2 ? nonLinear(markup, urls, problems) : linear(markup, urls, four);
  const pieces: Pieces = [
    ...open(creative, markup),
    "<InLine>",
    ...head,
    "<Creatives>",
    `<Creative id="${opaqueIdOf(OpaqueKind.CREATIVE, creative.id)}">`,
    universalId(creative, markup),
    ...content,
    "</Creative></Creatives></InLine></Ad></VAST>",
  ];
  return { pieces, problems };
}

/** A wrapper round a third party's VAST: our impression and click are pinged beside theirs. */
export function vastWrapperPieces(
  creative: CreativeModel,
  markup: VastWrapper,
  urls: NoticeUrls,
): Compiled {
  const four = markup.vast.startsWith("4");
  const tag = httpsAddress(markup.url);
  const impression: Pieces = ["<Impression>", ...cdata(urls.impression()), "</Impression>"];
  const tagUri: Pieces = ["<VASTAdTagURI>", ...cdata([tag]), "</VASTAdTagURI>"];
  const [frame, click] =
    markup.linearity === 2
      ? (["NonLinearAds", "NonLinearClickTracking"] as const)
      : (["Linear", "ClickTracking"] as const);
  const tracking: Pieces = [`<${click}>`, ...cdata(urls.clickPlain()), `</${click}>`];
  const clicks: Pieces =
    frame === "Linear"
      ? ["<VideoClicks>", ...tracking, "</VideoClicks>"]
      : ["<NonLinear>", ...tracking, "</NonLinear>"];
  const pieces: Pieces = [
    ...open(creative, markup),
    "<Wrapper>",
    system,
    ...(four ? [...impression, ...tagUri] : [...tagUri, ...impression]),
    "<Creatives><Creative>",
    `<${frame}>`,
    ...clicks,
    `</${frame}>`,
    "</Creative></Creatives></Wrapper></Ad></VAST>",
  ];
  return {
    pieces,
    problems: tag === "" ? [addressProblem("wrapper", markup.url)] : playerProblems(tag),
  };
}

const system = "<AdSystem>crowdbid</AdSystem>";

function open(creative: CreativeModel, markup: Timed): Pieces {
  const id = opaqueIdOf(OpaqueKind.CREATIVE, creative.id);
  const adType = since41(markup) ? ` adType="${markup.medium}"` : "";
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<VAST version="${markup.vast}"><Ad id="${id}"${adType}>`,
  ];
}

const since41 = (markup: Timed): boolean => markup.vast >= "4.1";

/** VAST 4.1 section 3.4.2: required there. */
const servingId = (markup: Timed): Pieces =>
  since41(markup) ? ["<AdServingId>", Slot.BID_ID, "</AdServingId>"] : [];

/** VAST 4: required; 4.0 repeats the value in an attribute (section 3.7.1). */
function universalId(creative: CreativeModel, markup: Timed): string {
  if (!markup.vast.startsWith("4")) return "";
  const id = opaqueIdOf(OpaqueKind.CREATIVE, creative.id);
  const value = markup.vast === "4.0" ? ` idValue="${id}"` : "";
  return `<UniversalAdId idRegistry="crowdbid"${value}>${id}</UniversalAdId>`;
}

function linear(markup: VastInline, urls: NoticeUrls, four: boolean): Pieces {
  const skippable = markup.skipAfterSec >= 0 && markup.vast !== "2.0";
  const skip = skippable ? ` skipoffset="${clockText(markup.skipAfterSec)}"` : "";
  const through: Pieces = ["<ClickThrough>", ...cdata(urls.clickPlain()), "</ClickThrough>"];
  const clicks: Pieces = ["<VideoClicks>", ...through, "</VideoClicks>"];
  const media: Pieces = ["<MediaFiles>", ...markup.mediaFiles.flatMap(mediaFile), "</MediaFiles>"];
  return [
    `<Linear${skip}><Duration>${clockText(markup.durationSec)}</Duration>`,
    ...(four ? [...media, ...clicks] : [...clicks, ...media]),
    "</Linear>",
  ];
}

function mediaFile(file: MediaFile): Pieces {
  const bitrate = file.bitrateKbps > 0 ? ` bitrate="${file.bitrateKbps}"` : "";
  const size = ` width="${file.width}" height="${file.height}"`;
  return [
    `<MediaFile delivery="progressive" type="${xmlEscape(file.mime)}"${bitrate}${size}>`,
    ...cdata([httpsAddress(file.url)]),
    "</MediaFile>",
  ];
}

/** An overlay: an image over running content. */
function nonLinear(markup: VastInline, urls: NoticeUrls, problems: string[]): Pieces {
  const pieces = markup.mediaFiles.flatMap((file): Pieces => {
    if (!file.mime.startsWith("image/")) {
      problems.push(`an overlay (linearity 2) shows an image, not ${file.mime}`);
    }
    return [
      `<NonLinear width="${file.width}" height="${file.height}">`,
      `<StaticResource creativeType="${xmlEscape(file.mime)}">`,
      ...cdata([httpsAddress(file.url)]),
      "</StaticResource><NonLinearClickThrough>",
      ...cdata(urls.clickPlain()),
      "</NonLinearClickThrough></NonLinear>",
    ];
  });
  return ["<NonLinearAds>", ...pieces, "</NonLinearAds>"];
}

/** HH:MM:SS */
function clockText(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function mediaProblems(file: MediaFile, markup: Timed): string[] {
  const address = httpsAddress(file.url);
  const problems =
    address === "" ? [addressProblem("media file", file.url)] : playerProblems(address);
  if (!/^[a-z]+\/[a-z0-9.+-]+$/i.test(file.mime))
    problems.push(`media type "${file.mime}" is none`);
  if (markup.medium === "video" && (file.width <= 0 || file.height <= 0)) {
    problems.push("a video's media file needs a width and a height");
  }
  return problems;
}

const addressProblem = (what: string, address: string): string =>
  `${what} address "${address}" must be https, without a user name or a foreign macro`;

/** [NAME] is replaced by players: only harmless names may stand in an address. */
function playerProblems(address: string): string[] {
  const found = address.matchAll(/(?:\[|%5B)([A-Z][A-Z0-9_]+)(?:\]|%5D)/g);
  return [...found]
    .filter((match) => !playerMacros.has(match[1] as string))
    .map(
      (match) => `player macro [${match[1]}] is not allowed; use ${[...playerMacros].join(", ")}`,
    );
}

function textProblems(what: string, text: string): string[] {
  const at = xmlForbiddenAt(text);
  return at < 0 ? [] : [`${what}: character ${at} cannot stand in XML; remove it`];
}
