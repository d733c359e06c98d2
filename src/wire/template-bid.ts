import { Media, NoticeKind } from "../base/lists.js";
import type { Category, CreativeModel, Dsa } from "../campaign/model.js";
import { OpaqueKind, opaqueIdOf } from "./opaque-id.js";
import { Slot } from "./template.js";
import type { Dialect, NoticeUrls } from "./template-notice.js";
import type { Pieces } from "./template-pieces.js";
import { jsonString } from "./template-pieces.js";

/** The medium that a creative is for, one bit of `Media`. */
export function mediaOf({ markup }: CreativeModel): Media {
  if (markup.kind === "native") return Media.NATIVE;
  if (markup.kind === "html" || markup.kind === "thirdPartyTag") return Media.BANNER;
  return markup.medium === "audio" ? Media.AUDIO : Media.VIDEO;
}

/** OpenRTB 2.6 mtype. */
const mtype: Readonly<Record<Media, number>> = {
  [Media.BANNER]: 1,
  [Media.VIDEO]: 2,
  [Media.AUDIO]: 3,
  [Media.NATIVE]: 4,
};

/**
 * One bid object. `adm` is the JSON string with its quotes. A 2.5 exchange gets the 2.5 fields
 * alone and `mtype`: its schema lets it stand, and the largest client of that version tells the
 * media type by it.
 */
export function bidPieces(
  creative: CreativeModel,
  dialect: Dialect,
  urls: NoticeUrls,
  adm: Pieces,
): Pieces {
  const two6 = dialect.version === "2.6";
  return [
    '{"id":"',
    Slot.BID_ID,
    '","impid":"',
    Slot.IMP_ID,
    '","price":',
    Slot.PRICE,
    Slot.DEAL,
    `,"crid":"${opaqueIdOf(OpaqueKind.CREATIVE, creative.id)}","cid":"`,
    Slot.CAMPAIGN,
    `","adomain":${JSON.stringify(creative.domains)}`,
    categories(creative.categories, two6),
    `,"attr":${JSON.stringify(creative.attributes)}`,
    apis(creative.apis, two6),
    creative.language === "" ? "" : `,"language":${JSON.stringify(creative.language)}`,
    creative.bundle === "" ? "" : `,"bundle":${JSON.stringify(creative.bundle)}`,
    `,"mtype":${mtype[mediaOf(creative)]}`,
    ...shape(creative, two6),
    ',"exp":',
    Slot.EXP,
    ...notices(creative, urls),
    dsa(creative.dsa),
    ',"adm":',
    ...adm,
    "}",
  ];
}

/**
 * A bid has one taxonomy: 1 where the creative has it (the default of requests), else its first.
 */
function categories(all: readonly Category[], two6: boolean): string {
  const taxonomy = all.some((category) => category.taxonomy === 1) ? 1 : (all[0]?.taxonomy ?? 1);
  if (!two6 && taxonomy !== 1) return "";
  const ids = all.filter((category) => category.taxonomy === taxonomy).map(({ id }) => id);
  if (ids.length === 0) return "";
  return `,"cat":${JSON.stringify(ids)}${two6 ? `,"cattax":${taxonomy}` : ""}`;
}

/** 2.5 has one `api`: several cannot be said there. */
function apis(all: readonly number[], two6: boolean): string {
  if (all.length === 0) return "";
  if (two6) return `,"apis":${JSON.stringify(all)}`;
  return all.length === 1 ? `,"api":${all[0]}` : "";
}

function shape({ markup }: CreativeModel, two6: boolean): Pieces {
  if (markup.kind === "native") return [];
  if (markup.kind === "html" || markup.kind === "thirdPartyTag") return [Slot.SIZE];
  const protocol = markup.protocol > 0 ? `,"protocol":${markup.protocol}` : "";
  return [Slot.SIZE, protocol, ...(two6 ? [',"dur":', Slot.DURATION] : [])];
}

/** No win notice beside VAST: clients take a video's nurl for the address of the VAST itself. */
function notices(creative: CreativeModel, urls: NoticeUrls): Pieces {
  const timed = (mediaOf(creative) & (Media.VIDEO | Media.AUDIO)) !== 0;
  const win = urls.wants(NoticeKind.WIN) && !timed;
  return [
    ...(win ? [',"nurl":', ...jsonString(urls.win())] : []),
    ...(urls.wants(NoticeKind.BILL) ? [',"burl":', ...jsonString(urls.bill())] : []),
    ...(urls.wants(NoticeKind.LOSS) ? [',"lurl":', ...jsonString(urls.loss())] : []),
  ];
}

/** The IAB Tech Lab's DSA extension of the bid. */
const dsa = (given: Dsa | null): string =>
  given === null
    ? ""
    : `,"ext":${JSON.stringify({
        dsa: {
          behalf: given.behalf,
          paid: given.paid,
          transparency: given.transparency.map(({ domain, params }) => ({
            domain,
            dsaparams: params,
          })),
          adrender: given.adRender ? 1 : 0,
        },
      })}`;
