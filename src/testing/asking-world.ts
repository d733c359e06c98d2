import type { AgencyId } from "../base/ids.js";
import { microsFromCurrency } from "../base/units.js";
import { audiencesNeeded } from "../campaign/compile.js";
import type { CampaignBook, LineItem } from "../campaign/model.js";
import { type Roster, rosterOf, withCertified } from "../campaign/roster.js";
import { syntheticModel } from "./campaigns.js";
import { type InProcess, startInProcess, testAskingKey } from "./in-process.js";

/**
 * One agency with an audience a site: whoever asks with a person's identifier on site i reads off
 * whether the person is in segment i, where nothing stands between. A contextual line item beside
 * them buys `siteOfAll` from everybody.
 */
export type AskingWorld = InProcess & {
  /** True: an answer with a bid of audience i's line item on the person of that number. */
  readonly isIn: (person: number, audience: number, exchange?: string) => boolean;
  readonly askAbout: (person: number, site: string, said?: Said) => string;
};

/** What else a request says, and how. */
export type Said = {
  readonly id?: string;
  readonly test?: number;
  readonly userId?: string;
  /** Absent: openrtb26. */
  readonly exchange?: string;
};

export type AskingOptions = {
  readonly audiences: number;
  /** By person: the segments that it is in. */
  readonly people: readonly (readonly number[])[];
  readonly nowMs: number;
  /** The day of the roster; absent = everybody is asked all. */
  readonly day?: number;
};

const advertiser = 1;
export const segmentName = (i: number): string => `asked.${i}`;
export const siteOf = (i: number): string => `site-${i}.example`;
export const siteOfAll = "all.example";
export const idfaOf = (person: number): string =>
  `00000000-0000-4000-8000-${(person + 1).toString(16).padStart(12, "0")}`;

export function bookOf(audiences: number): CampaignBook {
  const whole = syntheticModel(1, 5 * (audiences + 1), { cappedShare: 0, modifierShare: 0 });
  const [template] = whole.lineItems;
  const [creative, other] = whole.creatives;
  if (template === undefined || creative === undefined || other === undefined)
    throw new Error("a book has some of each");
  const lineItem = (id: number, site: string, audience: string | null): LineItem => ({
    ...template,
    ...{ id: id as LineItem["id"], campaign: id as LineItem["campaign"], audience },
    creatives: [creative, other].map(({ id }) => ({ id, weight: 1 })),
    targeting: { include: { sites: [site] }, exclude: {} },
    price: {
      ...template.price,
      cpmMicros: microsFromCurrency(audience === null ? 1 : 2),
      // Above the price, or every difference between two people would be cut off.
      maxMicros: microsFromCurrency(4),
    },
  });
  const own = Array.from({ length: audiences }, (_, i) =>
    lineItem(i + 1, siteOf(i), segmentName(i)),
  );
  return {
    ...whole,
    advertisers: whole.advertisers.map((one) => ({ ...one, agency: 1 as AgencyId })),
    campaigns: whole.campaigns.map((one) => ({
      ...{ ...one, advertiser: advertiser as typeof one.advertiser },
    })),
    lineItems: [
      ...own,
      lineItem(audiences + 1, siteOfAll, null),
      lineItem(audiences + 2, siteOfAll, segmentName(0)),
    ],
    creatives: [creative, other].map((one) => ({
      ...{ ...one, sizes: [{ width: 300, height: 250 }] },
    })),
  };
}

export const rosterOn = (book: CampaignBook, day: number): Roster =>
  rosterOf(withCertified(null, audiencesNeeded(book), day), testAskingKey);

export async function askingWorld(options: AskingOptions): Promise<AskingWorld> {
  const book = bookOf(options.audiences);
  const world = await startInProcess({
    ...{ configFolder: "fixtures/worlds/rules", now: options.nowMs, seed: 1 },
    snapshot: {
      people: options.people.map((segments, i) => ({
        ...{ idfa: idfaOf(i), segments: segments.map(segmentName) },
      })),
    },
    ...(options.day === undefined ? {} : { roster: rosterOn(book, options.day) }),
    reading: ({ config, ...rest }) => ({ ...rest, config: config && { ...config, book } }),
  });
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const askAbout = (person: number, site: string, said: Said = {}): string => {
    const { id = "request", test = 0, userId = "", exchange = "openrtb26" } = said;
    const body = encoder.encode(
      JSON.stringify({
        ...{ id, at: 1, cur: ["USD"], test, user: { id: userId } },
        device: { os: "iOS", ifa: idfaOf(person), geo: { country: "USA" } },
        imp: [{ id: "1", secure: 1, banner: { w: 300, h: 250 } }],
        site: { domain: site },
      }),
    );
    return decoder.decode(world.ask(exchange, body).body);
  };
  return {
    ...world,
    askAbout,
    isIn: (person, audience, exchange = "openrtb26") =>
      askAbout(person, siteOf(audience), { exchange }) !== "",
  };
}
