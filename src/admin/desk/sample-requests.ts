import { unpackAlpha3 } from "../../base/units.js";
import type { Exchange } from "../../campaign/exchange.js";

/** Requests that integration engineers paste: broad ones, about nobody. */
export type SampleRequest = { readonly name: string; readonly body: string };

const device = { geo: { country: "USA" }, ua: "Mozilla/5.0", ip: "203.0.113.7" };
const site = { domain: "news.example", page: "https://news.example/today" };

const nativeMarkup = {
  ver: "1.2",
  assets: [
    { id: 1, required: 1, title: { len: 90 } },
    { id: 2, required: 0, img: { type: 3, wmin: 300, hmin: 157 } },
    { id: 3, required: 0, data: { type: 2, len: 140 } },
  ],
};

type Version = Exchange["version"];

/** Fields that the two versions have in other places. */
const video = (version: Version) => ({
  mimes: ["video/mp4"],
  ...{ minduration: 5, maxduration: 60, w: 1280, h: 720, linearity: 1, startdelay: 0 },
  protocols: [2, 3, 5, 6, 7, 8, 11, 12, 13, 14],
  ...(version === "2.6" ? { plcmt: 1 } : { placement: 1 }),
});

const imps: readonly (readonly [string, (version: Version) => object])[] = [
  ["banner", () => ({ banner: { w: 300, h: 250, format: [{ w: 300, h: 250 }] } })],
  ["video", (version) => ({ video: video(version) })],
  ["native", () => ({ native: { request: JSON.stringify({ native: nativeMarkup }), ver: "1.2" } })],
];

export function sampleRequests(exchange: Pick<Exchange, "version" | "currency">): SampleRequest[] {
  const currency = unpackAlpha3(exchange.currency);
  return imps.map(([name, impOf]) => ({
    name,
    body: JSON.stringify(
      {
        id: `sample-${name}`,
        at: 1,
        tmax: 200,
        cur: [currency],
        imp: [{ id: "1", secure: 1, bidfloor: 0.1, ...impOf(exchange.version) }],
        ...{ site, device },
      },
      null,
      2,
    ),
  }));
}
