import type {
  Facets,
  FlagFacet,
  NamedFacet,
  namedFacets,
  TextFacet,
} from "../../campaign/targeting.js";

/**
 * The facets of targeting as the page shows them. The types are those of campaign/targeting, so
 * that neither a facet nor one of its names can be missing here.
 */
type NameOf<F extends NamedFacet> = keyof (typeof namedFacets)[F]["values"] & string;
type Named = {
  readonly [F in NamedFacet]: Facet & { readonly names: Readonly<Record<NameOf<F>, string>> };
};

export type Facet = {
  readonly label: string;
  readonly group:
    | "Where"
    | "Who sees it"
    | "What it stands in"
    | "The placement"
    | "When"
    | "Trade";
  readonly example?: string;
  readonly hint?: string;
  /** A closed list: what is written, and what people read. */
  readonly names?: Readonly<Record<string, string>>;
};

const named: Named = {
  deviceTypes: {
    ...{ label: "Device types", group: "Who sees it" },
    names: {
      ...{ mobile: "Phone or tablet", phone: "Phone", tablet: "Tablet", pc: "Computer" },
      ...{ tv: "Connected TV", connectedDevice: "Connected device", setTopBox: "Set-top box" },
      outOfHome: "Out of home",
    },
  },
  os: {
    ...{ label: "Systems", group: "Who sees it" },
    names: {
      ...{ ios: "iOS", android: "Android", windows: "Windows", macos: "macOS", linux: "Linux" },
      ...{ chromeos: "ChromeOS", tvos: "tvOS", roku: "Roku", tizen: "Tizen", webos: "webOS" },
      ...{ fireos: "Fire OS", harmony: "HarmonyOS", other: "Other" },
    },
  },
  browsers: {
    ...{ label: "Browsers", group: "Who sees it" },
    names: {
      ...{ chrome: "Chrome", safari: "Safari", firefox: "Firefox", edge: "Edge", opera: "Opera" },
      ...{ samsung: "Samsung Internet", uc: "UC Browser", webview: "Inside an app" },
      ...{ wechat: "WeChat", other: "Other" },
    },
  },
  connections: {
    ...{ label: "Connections", group: "Who sees it" },
    names: {
      ...{ ethernet: "Ethernet", wifi: "Wi-Fi", cellular: "Mobile, of unknown kind" },
      ...{ "2g": "2G", "3g": "3G", "4g": "4G", "5g": "5G" },
    },
  },
  inventory: {
    ...{ label: "Inventory", group: "What it stands in" },
    names: { site: "Sites", app: "Apps", dooh: "Digital out of home" },
  },
  media: {
    ...{ label: "Media", group: "The placement" },
    names: { banner: "Banner", video: "Video", audio: "Audio", native: "Native" },
  },
  positions: {
    ...{ label: "Positions", group: "The placement" },
    names: {
      ...{ aboveTheFold: "Above the fold", belowTheFold: "Below the fold", header: "Header" },
      ...{ footer: "Footer", sidebar: "Sidebar", fullScreen: "Full screen", locked: "Locked" },
    },
  },
  videoPlacements: {
    ...{ label: "Video placements", group: "The placement" },
    names: {
      ...{ instream: "In-stream", accompanying: "Accompanying content", overlay: "Overlay" },
      ...{ interstitial: "Interstitial", standalone: "Standalone", pause: "Pause screen" },
      ...{ screensaver: "Screensaver", squeezeback: "Squeezeback", inScene: "In the scene" },
    },
  },
  oldVideoPlacements: {
    ...{ label: "Video placements (old field)", group: "The placement" },
    names: {
      ...{ instream: "In-stream", inBanner: "In banner", inArticle: "In article" },
      ...{ inFeed: "In feed", interstitial: "Interstitial" },
    },
  },
  startDelays: {
    ...{ label: "Start", group: "The placement" },
    names: { preRoll: "Pre-roll", midRoll: "Mid-roll", postRoll: "Post-roll" },
  },
  linearity: {
    ...{ label: "Linearity", group: "The placement" },
    names: { linear: "Linear", overlay: "Overlay" },
  },
  playback: {
    ...{ label: "Playback", group: "The placement" },
    names: {
      ...{ pageLoadSoundOn: "At load, with sound", pageLoadSoundOff: "At load, silent" },
      ...{ click: "At a click", mouseOver: "At mouse over", continuous: "Continuous" },
      ...{ viewportSoundOn: "In sight, with sound", viewportSoundOff: "In sight, silent" },
    },
  },
};

const texts: Readonly<Record<TextFacet, Facet>> = {
  regions: { label: "Regions", group: "Where", example: "USA/CA", hint: "Country, slash, region." },
  metros: { label: "Metros", group: "Where", example: "501" },
  cities: { label: "Cities", group: "Where", example: "FRA/Lyon", hint: "Country, slash, city." },
  zips: { label: "Postal codes", group: "Where", example: "DEU/10115" },
  makes: { label: "Device makes", group: "Who sees it", example: "Samsung" },
  models: { label: "Device models", group: "Who sees it", example: "SM-G991B" },
  carriers: { label: "Carriers", group: "Who sees it", example: "Orange" },
  languages: { label: "Languages", group: "Who sees it", example: "fr" },
  sites: { label: "Sites", group: "What it stands in", example: "news.example" },
  apps: { label: "Apps", group: "What it stands in", example: "com.news.app" },
  publishers: { label: "Publishers", group: "What it stands in", example: "pub-123" },
  siteIds: { label: "Site or app ids", group: "What it stands in", example: "s-99" },
  placements: { label: "Placement ids", group: "The placement", example: "top-1" },
  categories: {
    ...{ label: "Categories", group: "What it stands in", example: "IAB20" },
    hint: 'IAB 1.0, or taxonomy, slash and id such as "7/653".',
  },
  genres: { label: "Genres", group: "What it stands in", example: "drama" },
  series: { label: "Series", group: "What it stands in", example: "The Show" },
  contentChannels: { label: "Channels", group: "What it stands in", example: "Channel 4" },
  networks: { label: "Networks", group: "What it stands in", example: "ABC" },
  contentRatings: { label: "Content ratings", group: "What it stands in", example: "TV-PG" },
  contentLanguages: { label: "Content languages", group: "What it stands in", example: "en" },
  contentTitles: { label: "Content titles", group: "What it stands in", example: "Episode 1" },
  keywords: { label: "Keywords", group: "What it stands in", example: "football" },
  deals: { label: "Deals", group: "Trade", example: "EX-2026-0001" },
};

const flags: Readonly<Record<FlagFacet, Facet>> = {
  livestream: { label: "Live stream", group: "The placement" },
  interstitial: { label: "Interstitial", group: "The placement" },
  rewarded: { label: "Rewarded", group: "The placement" },
  skippable: { label: "Skippable", group: "The placement" },
  pod: { label: "In an ad pod", group: "The placement" },
};

type OtherFacet = Exclude<keyof Facets, TextFacet | NamedFacet | FlagFacet>;
const others: Readonly<Record<OtherFacet, Facet>> = {
  countries: {
    label: "Countries",
    group: "Where",
    example: "FRA",
    hint: "ISO 3166, three letters.",
  },
  exchanges: { label: "Exchanges", group: "Trade", example: "openrtb26" },
  sizes: { label: "Sizes", group: "The placement", example: "300x250" },
  keyValues: { label: "Keys with values", group: "What it stands in", example: "section=news" },
  dayParts: {
    ...{ label: "Hours", group: "When", example: "mon-fri 09:00-18:00" },
    hint: "Whole hours in the campaign's time zone; 22:00-06:00 goes over midnight.",
  },
};

export type FacetName = keyof Facets & string;
export const facets: Readonly<Record<FacetName, Facet>> = {
  ...{ ...others, ...named },
  ...{ ...texts, ...flags },
};
export const isFlag = (name: string): boolean => Object.hasOwn(flags, name);
export const facetNames = Object.keys(facets) as FacetName[];
