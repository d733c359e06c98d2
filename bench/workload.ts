import type { BidRequest } from "iab-openrtb/v26";
import { SeededRandom } from "../src/base/random.js";
import { syntheticIdentifier, syntheticSeed } from "../src/testing/synthetic-index.js";

/**
 * The bench's requests: about 1.8 kB each, with the fields that exchanges send (device, geo, two
 * eids, supply chain, content, block lists), every one different, so that no cache is flattered.
 * Known people are drawn by Zipf.
 */
export type WorkloadKind = "bid" | "no-bid";

const bidSizes = [
  { w: 300, h: 250 },
  { w: 336, h: 280 },
];
/**
 * A size that no line item of the bench world has: the commonest reason not to bid, nothing fits
 * the slot.
 */
const oddSizes = [{ w: 123, h: 45 }];
const domains = ["news", "sport", "weather", "cooking", "travel", "cars", "music", "games"];
const cities = ["Chicago", "Austin", "Boston", "Denver", "Seattle", "Portland", "Phoenix"];
const webKit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const userAgents = [
  `Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) ${webKit} Version/18.1 Mobile/15E148`,
  `Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) ${webKit} Version/17.6 Mobile/15E148`,
];

export function workload(kind: WorkloadKind, count: number, people: number): Buffer[] {
  const random = new SeededRandom(kind === "bid" ? 11 : 12);
  return Array.from({ length: count }, (_, n) =>
    Buffer.from(JSON.stringify(request(kind, n, random, people))),
  );
}

const hex = (random: SeededRandom, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join("");

function request(kind: WorkloadKind, n: number, random: SeededRandom, people: number): BidRequest {
  const section = random.pick(domains);
  const domain = `${section}${random.below(500)}.example`;
  return {
    id: `${hex(random, 8)}-${hex(random, 4)}-${n}`,
    at: 1,
    tmax: 250,
    cur: ["USD"],
    imp: [
      {
        id: "1",
        secure: 1,
        tagid: `/1234/${section}/${random.below(50)}`,
        bidfloor: 0.05 + random.below(20) / 100,
        bidfloorcur: "USD",
        exp: 300,
        banner: {
          format: kind === "bid" ? bidSizes : oddSizes,
          pos: 1,
          battr: [1, 2, 3, 8, 9],
          api: [3, 5, 6, 7],
          mimes: ["text/html", "image/jpeg", "image/png", "application/javascript"],
          topframe: 1,
        },
        ext: { gpid: `/1234/${section}#slot-${random.below(9)}` },
      },
    ],
    site: siteOf(section, domain, n, random),
    device: deviceOf(random, people),
    ...rest(random),
  };
}

const siteOf = (section: string, domain: string, n: number, random: SeededRandom) => ({
  id: `s${random.below(3000)}`,
  domain,
  page: `https://www.${domain}/${section}/story-${random.below(100_000)}.html?ref=home`,
  cat: ["IAB12", "IAB12-3"],
  mobile: 1 as const,
  keywords: `${section},daily,free`,
  publisher: { id: `p${random.below(900)}`, name: "Example Media", domain: "media.example" },
  content: { language: "en", livestream: 0 as const, genre: section, title: `Story ${n}` },
});

const deviceOf = (random: SeededRandom, people: number) => ({
  ua: random.pick(userAgents),
  ip: `203.0.113.${random.below(250)}`,
  devicetype: 4 as const,
  make: "Apple",
  model: "iPhone",
  os: "iOS",
  osv: "18.1",
  language: "en",
  carrier: "Example Mobile",
  connectiontype: 6 as const,
  js: 1 as const,
  w: 390,
  h: 844,
  ifa: identifierOf(random, people),
  ext: { atts: 3 },
  geo: { country: "USA", region: "IL", city: random.pick(cities), zip: "60601", type: 2 as const },
});

/** Whom it is about, what is blocked, who sold it. */
const rest = (random: SeededRandom) => ({
  user: {
    id: hex(random, 24),
    buyeruid: hex(random, 32),
    eids: [
      { source: "id.example", uids: [{ id: hex(random, 40), atype: 1 as const }] },
      { source: "uid.example", uids: [{ id: hex(random, 44), atype: 3 as const }] },
    ],
  },
  bcat: ["IAB25", "IAB26", "IAB24", "IAB7-39", "IAB8-5"],
  badv: ["blocked-brand.example", "rival-one.example", "rival-two.example"],
  source: {
    tid: hex(random, 32),
    schain: {
      complete: 1 as const,
      ver: "1.0",
      nodes: [
        { asi: "exchange.example", sid: `p${random.below(900)}`, hp: 1 as const },
        { asi: "reseller.example", sid: `${random.below(9000)}`, hp: 1 as const },
      ],
    },
  },
  regs: { coppa: 0 as const, us_privacy: "1YNN" },
});

/** Seven of ten are known, few of them often: rank r of the people has weight 1/r. */
function identifierOf(random: SeededRandom, people: number): string {
  if (random.below(10) >= 7) {
    const groups = [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `a${hex(random, 3)}`];
    return [...groups, hex(random, 12)].join("-");
  }
  for (;;) {
    const person = Math.max(1, Math.floor(people ** random.fraction()));
    const identifier = syntheticIdentifier(syntheticSeed, person);
    if (identifier !== undefined) return identifier.value;
  }
}
