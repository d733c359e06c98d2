import { Browser, ChannelKind, KeyKind, Media, Os } from "../base/lists.js";
import { Dimension, StartDelay } from "./table.js";

/**
 * Targeting in the words of a media buyer. Inside one facet any value is enough; all facets must
 * hold. `exclude` refuses a request that shows any of its values. Keys are the names in the YAML
 * files.
 */
export type Targeting = { readonly include: Facets; readonly exclude: Facets };

export type TextFacet = keyof typeof textFacets;
export type NamedFacet = keyof typeof namedFacets;
export type FlagFacet = keyof typeof flagFacets;

export type Facets = {
  readonly [K in TextFacet | NamedFacet]?: readonly string[];
} & { readonly [K in FlagFacet]?: boolean } & {
  /** ISO 3166 alpha-3. */
  readonly countries?: readonly string[];
  /** Names of exchange instances. */
  readonly exchanges?: readonly string[];
  /** "300x250" */
  readonly sizes?: readonly string[];
  /** Each key must have one of its values. */
  readonly keyValues?: Readonly<Record<string, readonly string[]>>;
  /** "mon-fri 09:00-18:00" in the campaign's time zone; see daypart.ts. */
  readonly dayParts?: readonly string[];
};

/**
 * How a text value becomes a dictionary key: plain, scoped by "USA/", or by an optional "7/"
 * taxonomy.
 */
export type TextForm = "plain" | "host" | "language" | "byCountry" | "byTaxonomy";
type TextRule = { readonly dimension: number; readonly kind: KeyKind; readonly form: TextForm };
const text = (kind: KeyKind, form: TextForm = "plain", dimension: number = kind): TextRule => ({
  dimension,
  kind,
  form,
});

/** Facets whose values are text keys of the request. */
export const textFacets = {
  regions: text(KeyKind.REGION, "byCountry"),
  metros: text(KeyKind.METRO),
  cities: text(KeyKind.CITY, "byCountry"),
  zips: text(KeyKind.ZIP, "byCountry"),
  makes: text(KeyKind.MAKE),
  models: text(KeyKind.MODEL),
  carriers: text(KeyKind.CARRIER),
  languages: text(KeyKind.LANGUAGE, "language"),
  sites: text(KeyKind.DOMAIN, "host", Dimension.PROPERTY),
  apps: text(KeyKind.BUNDLE, "plain", Dimension.PROPERTY),
  publishers: text(KeyKind.PUBLISHER),
  siteIds: text(KeyKind.SITE_APP),
  placements: text(KeyKind.PLACEMENT),
  categories: text(KeyKind.CATEGORY, "byTaxonomy"),
  genres: text(KeyKind.GENRE),
  series: text(KeyKind.SERIES),
  contentChannels: text(KeyKind.CHANNEL),
  networks: text(KeyKind.NETWORK),
  contentRatings: text(KeyKind.CONTENT_RATING),
  contentLanguages: text(KeyKind.CONTENT_LANGUAGE, "language"),
  contentTitles: text(KeyKind.CONTENT_TITLE),
  keywords: text(KeyKind.KEYWORD),
  deals: text(KeyKind.DEAL),
} as const satisfies Record<string, TextRule>;

type NamedRule = { readonly dimension: number; readonly values: Readonly<Record<string, number>> };

/**
 * Facets whose values are names of numbers (AdCOM lists, our own words for systems and browsers).
 */
export const namedFacets = {
  deviceTypes: {
    dimension: Dimension.DEVICE_TYPE,
    values: {
      mobile: 1,
      pc: 2,
      tv: 3,
      phone: 4,
      tablet: 5,
      connectedDevice: 6,
      setTopBox: 7,
      outOfHome: 8,
    },
  },
  os: {
    dimension: Dimension.OS,
    values: {
      ios: Os.IOS,
      android: Os.ANDROID,
      windows: Os.WINDOWS,
      macos: Os.MACOS,
      linux: Os.LINUX,
      chromeos: Os.CHROMEOS,
      tvos: Os.TVOS,
      roku: Os.ROKU,
      tizen: Os.TIZEN,
      webos: Os.WEBOS,
      fireos: Os.FIREOS,
      harmony: Os.HARMONY,
      other: Os.OTHER,
    },
  },
  browsers: {
    dimension: Dimension.BROWSER,
    values: {
      chrome: Browser.CHROME,
      safari: Browser.SAFARI,
      firefox: Browser.FIREFOX,
      edge: Browser.EDGE,
      opera: Browser.OPERA,
      samsung: Browser.SAMSUNG,
      uc: Browser.UC,
      webview: Browser.WEBVIEW,
      wechat: Browser.WECHAT,
      other: Browser.OTHER,
    },
  },
  connections: {
    dimension: Dimension.CONNECTION_TYPE,
    values: { ethernet: 1, wifi: 2, cellular: 3, "2g": 4, "3g": 5, "4g": 6, "5g": 7 },
  },
  inventory: {
    dimension: Dimension.CHANNEL_KIND,
    values: { site: ChannelKind.SITE, app: ChannelKind.APP, dooh: ChannelKind.DOOH },
  },
  media: {
    dimension: Dimension.MEDIA,
    values: {
      banner: Media.BANNER,
      video: Media.VIDEO,
      audio: Media.AUDIO,
      native: Media.NATIVE,
    },
  },
  positions: {
    dimension: Dimension.POSITION,
    values: {
      aboveTheFold: 1,
      locked: 2,
      belowTheFold: 3,
      header: 4,
      footer: 5,
      sidebar: 6,
      fullScreen: 7,
    },
  },
  videoPlacements: {
    dimension: Dimension.PLCMT,
    values: {
      instream: 1,
      accompanying: 2,
      interstitial: 3,
      standalone: 4,
      pause: 5,
      screensaver: 6,
      overlay: 7,
      squeezeback: 8,
      inScene: 9,
    },
  },
  /** imp.video.placement, deprecated but still sent. */
  oldVideoPlacements: {
    dimension: Dimension.VIDEO_PLACEMENT,
    values: { instream: 1, inBanner: 2, inArticle: 3, inFeed: 4, interstitial: 5 },
  },
  startDelays: {
    dimension: Dimension.START_DELAY,
    values: { preRoll: StartDelay.PRE, midRoll: StartDelay.MID, postRoll: StartDelay.POST },
  },
  linearity: { dimension: Dimension.LINEARITY, values: { linear: 1, overlay: 2 } },
  playback: {
    dimension: Dimension.PLAYBACK,
    values: {
      pageLoadSoundOn: 1,
      pageLoadSoundOff: 2,
      click: 3,
      mouseOver: 4,
      viewportSoundOn: 5,
      viewportSoundOff: 6,
      continuous: 7,
    },
  },
} as const satisfies Record<string, NamedRule>;

/** Facets that are true or false. */
export const flagFacets = {
  livestream: Dimension.LIVESTREAM,
  interstitial: Dimension.INSTL,
  rewarded: Dimension.REWARDED,
  skippable: Dimension.SKIPPABLE,
  pod: Dimension.POD,
} as const;

export const isTextFacet = (name: string): name is TextFacet => Object.hasOwn(textFacets, name);
export const isNamedFacet = (name: string): name is NamedFacet => Object.hasOwn(namedFacets, name);
export const isFlagFacet = (name: string): name is FlagFacet => Object.hasOwn(flagFacets, name);
