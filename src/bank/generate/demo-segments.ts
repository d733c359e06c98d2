/**
 * The segments, brands and areas of the demo population: names as config/demo uses them, shares of
 * all people.
 */
export type DemoSegment = {
  readonly name: string;
  readonly label: string;
  readonly source: string;
  readonly recencyDays: number;
  readonly method: "declared" | "observed" | "inferred";
  /** 0..1 of the people, on average over the leaning below. */
  readonly share: number;
  /**
   * Which of a person's four leanings (0..3) makes membership more likely; people of a kind go
   * together.
   */
  readonly leaning: number;
};

const segmentOf = (
  name: string,
  label: string,
  source: string,
  recencyDays: number,
  share: number,
  leaning: number,
): DemoSegment => ({
  ...{ name, label, source, recencyDays, share, leaning },
  method: source === "life" ? "inferred" : "observed",
});

const interest = (word: string, label: string, share: number, leaning: number): DemoSegment =>
  segmentOf(`interest.${word}`, label, "search", 30, share, leaning);
const life = (word: string, label: string, share: number, leaning: number): DemoSegment =>
  segmentOf(`life.${word}`, label, "life", 180, share, leaning);
const shop = (word: string, label: string, share: number, leaning: number): DemoSegment =>
  segmentOf(`shop.${word}`, label, "commerce", 90, share, leaning);
const media = (word: string, label: string, share: number, leaning: number): DemoSegment =>
  segmentOf(`media.${word}`, label, "video", 30, share, leaning);

/**
 * Memberships that one draw a person and segment decides. The last three are too small on purpose.
 */
export const demoSegments: readonly DemoSegment[] = [
  interest("beauty", "Follows beauty", 0.26, 0),
  interest("skincare", "Follows skin care", 0.18, 0),
  interest("sports", "Follows sports", 0.42, 1),
  interest("running", "Runs", 0.14, 1),
  interest("outdoor", "Spends time outdoors", 0.24, 1),
  interest("travel", "Plans travels", 0.35, 3),
  interest("food", "Cooks and eats out", 0.48, 2),
  interest("home", "Furnishes a home", 0.36, 2),
  interest("gaming", "Plays video games", 0.31, 1),
  interest("music", "Listens to music", 0.52, 0),
  interest("movies", "Watches films", 0.46, 0),
  interest("auto", "Is about to buy a car", 0.12, 3),
  interest("tech", "Follows technology", 0.33, 1),
  interest("fashion", "Follows fashion", 0.29, 0),
  interest("parenting", "Reads about parenting", 0.19, 2),
  interest("pets", "Lives with pets", 0.3, 2),
  interest("fitness", "Trains in a gym", 0.22, 1),
  interest("finance", "Compares financial products", 0.17, 3),
  interest("books", "Reads books", 0.21, 3),
  interest("gardening", "Gardens", 0.15, 2),
  life("new-parents", "New parents", 0.09, 2),
  life("students", "Students", 0.11, 1),
  life("homeowners", "Home owners", 0.38, 2),
  life("commuters", "Commuters", 0.41, 3),
  life("movers", "Moving house", 0.1, 3),
  life("newlyweds", "Newly married", 0.09, 2),
  shop("frequent-buyers", "Buys often", 0.28, 0),
  shop("bargain-hunters", "Looks for bargains", 0.34, 1),
  shop("gift-buyers", "Buys gifts", 0.2, 0),
  shop("premium-buyers", "Buys premium brands", 0.13, 3),
  shop("grocery-weekly", "Orders groceries weekly", 0.32, 2),
  media("video-heavy", "Watches much video", 0.4, 1),
  media("audio-heavy", "Listens to much audio", 0.27, 0),
  media("mobile-first", "Mostly on the phone", 0.6, 1),
  media("tv-connected", "Watches connected TV", 0.37, 2),
  segmentOf("premium.luxury-pavilion", "Luxury pavilion, by invitation", "commerce", 365, 0.085, 3),
  interest("falconry", "Flies falcons", 0.01, 3),
  interest("bell-ringing", "Rings church bells", 0.02, 2),
  life("lighthouse-dwellers", "Lives near a lighthouse", 0.03, 3),
];

export const stages = ["awareness", "interest", "purchase", "loyalty"] as const;

/** A brand's people by stage: a person has one stage a brand or none. */
export type DemoBrand = {
  readonly name: string;
  readonly label: string;
  /** Shares of awareness, interest, purchase, loyalty. */
  readonly shares: readonly [number, number, number, number];
};

export const demoBrands: readonly DemoBrand[] = [
  { name: "northwind", label: "Northwind", shares: [0.24, 0.2, 0.12, 0.09] },
  { name: "halden", label: "Halden", shares: [0.3, 0.15, 0.1, 0.08] },
  { name: "mirado", label: "Mirado", shares: [0.22, 0.18, 0.13, 0.09] },
];

/** AIPL lapses: awareness and interest after 15 days, purchase and loyalty after 365. */
export const stageRecencyDays = [15, 15, 365, 365] as const;

/** ISO 3166-2 names of home areas, each drawn equally often. */
export const demoAreas: readonly string[] = [
  ...["US-CA", "US-NY", "US-TX", "CN-SH", "CN-GD", "CN-BJ"],
  ...["IN-MH", "IN-KA", "DE-BY", "FR-IDF", "GB-ENG", "NL-NH"],
];
