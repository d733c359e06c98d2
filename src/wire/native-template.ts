import type { NativeOffered } from "../bid/native-fit.js";
import { NativeKind } from "../bid/native-fit.js";
import type { Native, NativeImage } from "../campaign/model.js";
import { NativePart } from "./template.js";
import type { NoticeUrls } from "./template-notice.js";
import type { Pieces } from "./template-pieces.js";
import { escaped, httpsAddress, jsonEscape, jsonString } from "./template-pieces.js";

/** A native creative: for each asset what it offers and its JSON member, in the same order. */
export type NativeAssets = {
  readonly offered: readonly NativeOffered[];
  /** `"title":{"text":"..."}`, escaped for standing in adm, a JSON string. */
  readonly members: readonly Pieces[];
  readonly problems: readonly string[];
};

export function nativeAssets(markup: Native): NativeAssets {
  const offered: NativeOffered[] = [];
  const members: Pieces[] = [];
  const problems: string[] = [];
  const add = (asset: NativeOffered, member: string): void => {
    offered.push(asset);
    members.push([jsonEscape(member)]);
  };
  if (markup.title !== "") {
    add(textOf(NativeKind.TITLE, 0, markup.title), `"title":${object({ text: markup.title })}`);
  }
  const images: readonly (readonly [number, NativeImage | null])[] = [
    [1, markup.icon],
    [3, markup.main],
  ];
  for (const [type, image] of images) {
    if (image === null) continue;
    const url = httpsAddress(image.url);
    if (url === "") problems.push(`image address "${image.url}" must be https without macros`);
    const { width, height } = image;
    add(
      { kind: NativeKind.IMAGE, type, width, height, length: 0, mime: mimeOf(url) },
      `"img":${object({ url, w: width, h: height })}`,
    );
  }
  for (const [type, value] of Object.entries(markup.data)) {
    add(textOf(NativeKind.DATA, Number(type), value), `"data":${object({ value })}`);
  }
  if (offered.length === 0)
    problems.push("a native creative needs a title, an image or a data text");
  if (markup.privacy !== "" && httpsAddress(markup.privacy) === "") {
    problems.push(`privacy address "${markup.privacy}" must be https without macros`);
  }
  return { offered, members, problems };
}

/** The other members of a native answer by NativePart, escaped for adm; null = not there. */
export function nativeParts(markup: Native, urls: NoticeUrls): readonly (Pieces | null)[] {
  const parts: (Pieces | null)[] = [null, null, null, null];
  const quoted = (pieces: Pieces): Pieces => escaped(jsonString(pieces), jsonEscape);
  const text = (json: string): string => jsonEscape(json);
  parts[NativePart.LINK] = [text('"link":{"url":'), ...quoted(urls.clickPlain()), "}"];
  parts[NativePart.EVENT_TRACKER] = [
    text(',"eventtrackers":[{"event":1,"method":1,"url":'),
    ...quoted(urls.impression()),
    "}]",
  ];
  parts[NativePart.IMP_TRACKER] = [text(',"imptrackers":['), ...quoted(urls.impression()), "]"];
  if (markup.privacy !== "") {
    parts[NativePart.PRIVACY] = [text(',"privacy":'), ...quoted([httpsAddress(markup.privacy)])];
  }
  return parts;
}

const object = (members: Readonly<Record<string, string | number>>): string =>
  JSON.stringify(members);

const textOf = (kind: NativeKind, type: number, text: string): NativeOffered => ({
  kind,
  type,
  width: 0,
  height: 0,
  length: [...text].length,
  mime: "",
});

const mimeByEnding: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
  svg: "image/svg+xml",
};

/** By the ending of the address; "" fits only requests that name no media types. */
function mimeOf(url: string): string {
  const ending = /\.([a-z]{3,4})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(mimeByEnding, ending) ? (mimeByEnding[ending] as string) : "";
}
