import {
  all,
  byBrowsing,
  byPhone,
  byTv,
  either,
  has,
  hasNoneOf,
  not,
  oneOf,
  type Recipe,
  shared,
  sometimes,
  word,
} from "./row-words.js";

/**
 * Rows of interests and media: config/demo/segments/{interests,media}.yaml look for them. Windows
 * are a day shorter than the rules', so that tomorrow's build finds the same people.
 */
const month = [0, 29] as const;
/** Out of a rule's 30 days today and tomorrow. */
const earlier = [32, 62] as const;

/** Every search, social and video row says on what it was made: media.mobile-first reads it. */
const device = either(has("media.mobile-first"), word("app"), word("web"));
const onScreen = either(has("media.tv-connected"), word("tv"), device);
const seen = either(has("media.video-heavy"), word("finish"), word("watch"));

const searched = ["travel", "home", "tech", "books", "gardening", "parenting", "outdoor"];
const searchedOrTold = ["beauty", "sports", "food", "fashion", "pets", "fitness", "skincare"];
const twice = ["running", "finance", "auto"];
const rare = ["falconry", "bell-ringing"];
const watched = ["music", "gaming"];
const interests = [...searched, ...searchedOrTold, ...twice, ...rare, ...watched].map(
  (name) => `interest.${name}`,
);

type Search = Pick<Recipe, "when"> & Partial<Recipe>;
const search = (category: string, rest: Search): Recipe => ({
  touchpoint: "search",
  behaviour: word("categorySearch"),
  ...{ category: word(category), source: device, days: month, by: byBrowsing, ...rest },
});
const told = (category: string, when: string): Recipe => ({
  touchpoint: "social",
  behaviour: oneOf("follow", "like", "share", "comment"),
  ...{ category: word(category), source: device, days: month, by: byPhone, when },
});

export const interestRecipes: readonly Recipe[] = [
  ...[...searched, ...rare].map((name) => search(name, { when: has(`interest.${name}`) })),
  ...searchedOrTold.flatMap((name, i) => [
    search(name, { when: all(has(`interest.${name}`), shared(i, 0.5)) }),
    told(name, all(has(`interest.${name}`), not(shared(i, 0.5)))),
  ]),
  ...twice.flatMap((name) => [
    search(name, { when: has(`interest.${name}`) }),
    told(name, has(`interest.${name}`)),
    // Once is below what the rule asks for.
    search(name, { when: all(not(has(`interest.${name}`)), sometimes(0.02)) }),
  ]),
  ...watched.map(
    (name): Recipe => ({
      touchpoint: "video",
      behaviour: word("watch"),
      ...{ category: word(name), source: device, days: month, by: byPhone },
      when: has(`interest.${name}`),
    }),
  ),
  // Too long ago.
  ...["travel", "home", "beauty"].map((name) =>
    search(name, { days: earlier, when: all(not(has(`interest.${name}`)), sometimes(0.02)) }),
  ),
  // What no rule asks for.
  search("weather", { when: sometimes(0.03) }),
];

export const mediaRecipes: readonly Recipe[] = [
  {
    touchpoint: "video",
    behaviour: seen,
    ...{ category: word("movies"), source: onScreen, days: month },
    by: { ...byTv, ...onlyOnTv() },
    when: has("interest.movies"),
  },
  {
    touchpoint: "video",
    behaviour: word("watch"),
    ...{ category: word("news"), source: word("tv"), days: month, by: byTv },
    when: all(has("media.tv-connected"), not(has("interest.movies"))),
  },
  // Two films to the end make video-heavy; one of them may be of interest.movies.
  ...[has("media.video-heavy"), all(has("media.video-heavy"), not(has("interest.movies")))].map(
    (when): Recipe => ({
      touchpoint: "video",
      behaviour: word("finish"),
      ...{ category: word("series"), source: device, days: month, by: byPhone, when },
    }),
  ),
  {
    touchpoint: "video",
    behaviour: word("finish"),
    ...{ category: word("series"), source: device, days: month, by: byPhone },
    when: all(not(has("media.video-heavy")), sometimes(0.05)),
  },
  {
    touchpoint: "cookie",
    behaviour: word("visit"),
    category: oneOf("radio", "podcasts"),
    ...{ days: month, by: byBrowsing, when: has("media.audio-heavy") },
  },
  // Whoever is mobile-first and has no row above.
  search("weather", {
    source: word("app"),
    by: byPhone,
    when: all(has("media.mobile-first"), hasNoneOf(interests)),
  }),
  search("weather", {
    ...{ source: word("app"), by: byPhone, days: earlier },
    when: all(not(has("media.mobile-first")), sometimes(0.05)),
  }),
];

/** A film is seen on the television by those who have one connected, else on the phone. */
function onlyOnTv(): Pick<Recipe["by"], "account" | "ifa" | "ifaKind"> {
  const tv = has("media.tv-connected");
  return {
    account: either(tv, byTv.account ?? "NULL", "NULL"),
    ifa: either(tv, byTv.ifa ?? "NULL", byPhone.ifa ?? "NULL"),
    ifaKind: either(tv, byTv.ifaKind ?? "NULL", byPhone.ifaKind ?? "NULL"),
  };
}
