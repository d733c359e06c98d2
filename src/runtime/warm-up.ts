import type { Bidder } from "./bidder.js";

const rounds = 300;

const canned = [
  {
    id: "warm-up",
    test: 1,
    imp: [{ id: "1", banner: { w: 300, h: 250 }, bidfloor: 0.1, secure: 1 }],
    site: { domain: "warm-up.example", cat: ["IAB1"], publisher: { id: "1" } },
    device: { ua: "Mozilla/5.0", geo: { country: "USA", region: "CA" }, devicetype: 2 },
    user: { buyeruid: "warm-up" },
    bcat: ["IAB25"],
    badv: ["nobody.example"],
    cur: ["USD"],
  },
  {
    id: "warm-up",
    test: 1,
    imp: [{ id: "1", video: { mimes: ["video/mp4"], protocols: [2, 3, 6], maxduration: 60 } }],
    app: { bundle: "example.warm.up", cat: ["IAB1"] },
    device: { os: "Android", geo: { country: "IND" }, ifa: "2c4d8a6e-0000-4000-8000-000000000001" },
  },
];

/**
 * Some hundred requests before the port opens, so that the first real ones meet compiled code (m:
 * the first 15 bids of a cold worker took 1 to 16 ms each). The bidder given must count and hold
 * nothing.
 */
export function warmUp(bidder: Bidder, nowNs: () => number): void {
  const bodies = canned.map((request) => new TextEncoder().encode(JSON.stringify(request)));
  for (const exchange of bidder.world.world.exchanges) {
    for (let round = 0; round < rounds; round++) {
      for (const body of bodies) {
        bidder.bodyBuffer.set(body);
        bidder.bid(exchange, body.length, nowNs());
      }
    }
  }
}
