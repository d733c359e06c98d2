/** Closed lists that more than one layer speaks: numbers, cheap to store and compare. */

/**
 * What a text key is about. The kind is mixed into the key, so that equal texts of two kinds never
 * meet. `KeyKind`s are also the targeting dimensions of text values (campaign/table.ts).
 */
export const KeyKind = {
  REGION: 1, // scoped by country, see scopeKey
  METRO: 2,
  CITY: 3, // scoped by country
  ZIP: 4, // scoped by country
  MAKE: 5,
  MODEL: 6,
  CARRIER: 7, // carrier name and mccmnc
  LANGUAGE: 8, // primary subtag, "zh-CN" -> "zh"
  DOMAIN: 9, // site.domain (or the host of site.page) and each of its parent domains
  BUNDLE: 10, // app.bundle; bapp entries
  PUBLISHER: 11,
  SITE_APP: 12, // site.id, app.id, dooh.id
  PLACEMENT: 13, // imp.tagid, imp.ext.gpid
  CATEGORY: 14, // scoped by taxonomy number (cattax)
  GENRE: 15,
  SERIES: 16,
  CHANNEL: 17, // content.channel id, name and domain
  NETWORK: 18, // content.network id, name and domain
  CONTENT_RATING: 19,
  CONTENT_LANGUAGE: 20,
  KEYWORD: 21,
  KEY_VALUE: 22, // "key=value" of imp.ext.data, site.ext.data, app.ext.data
  DEAL: 23,
  ADVERTISER_DOMAIN: 24, // badv, deal.wadomain
  MIME: 25,
  SEAT: 26, // wseat, bseat, deal.wseat
  EID_SOURCE: 27,
  SCHAIN_SELLER: 28, // asi, scoped by the key of sid: see decode-source
  CONTENT_TITLE: 29,
  NATIVE: 30,
} as const;
export type KeyKind = (typeof KeyKind)[keyof typeof KeyKind];

export const Media = { BANNER: 1, VIDEO: 2, AUDIO: 4, NATIVE: 8 } as const; // bits of mediaMask
export type Media = (typeof Media)[keyof typeof Media];

export const ChannelKind = { NONE: 0, SITE: 1, APP: 2, DOOH: 3 } as const;

/** Operating systems and browsers, from sua, device.os or the user agent text. */
export const Os = {
  UNKNOWN: 0,
  IOS: 1,
  ANDROID: 2,
  WINDOWS: 3,
  MACOS: 4,
  LINUX: 5,
  CHROMEOS: 6,
  TVOS: 7,
  ROKU: 8,
  TIZEN: 9,
  WEBOS: 10,
  FIREOS: 11,
  HARMONY: 12,
  OTHER: 13,
} as const;
export const Browser = {
  UNKNOWN: 0,
  CHROME: 1,
  SAFARI: 2,
  FIREFOX: 3,
  EDGE: 4,
  OPERA: 5,
  SAMSUNG: 6,
  UC: 7,
  WEBVIEW: 8,
  WECHAT: 9,
  OTHER: 10,
} as const;

/**
 * Notices that an exchange can be asked to send. Numbers are stored in the journal: never change
 * them.
 */
export const NoticeKind = { WIN: 1, BILL: 2, LOSS: 3, IMPRESSION: 4, CLICK: 5 } as const;
export type NoticeKind = (typeof NoticeKind)[keyof typeof NoticeKind];
