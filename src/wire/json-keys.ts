import { assert } from "../base/assert.js";

/**
 * The member names that the decoder reads, numbered; 0 is any other name (`__proto__` among them).
 * One list for all objects of OpenRTB 2.5 and 2.6 and for native requests: a name that means
 * nothing in an object falls through that object's switch and is skipped.
 */
export const Key = {
  // request
  id: 1,
  imp: 2,
  site: 3,
  app: 4,
  dooh: 5,
  device: 6,
  user: 7,
  test: 8,
  at: 9,
  tmax: 10,
  wseat: 11,
  bseat: 12,
  cur: 13,
  wlang: 14,
  wlangb: 15,
  acat: 16,
  bcat: 17,
  cattax: 18,
  badv: 19,
  bapp: 20,
  source: 21,
  regs: 22,
  ext: 23,
  // imp
  banner: 30,
  video: 31,
  audio: 32,
  native: 33,
  pmp: 34,
  instl: 35,
  tagid: 36,
  bidfloor: 37,
  bidfloorcur: 38,
  clickbrowser: 39,
  secure: 40,
  rwdd: 41,
  exp: 42,
  qty: 43,
  multiplier: 44,
  gpid: 45,
  data: 46,
  prebid: 47,
  is_rewarded_inventory: 48,
  // banner, video, audio
  format: 50,
  w: 51,
  h: 52,
  wratio: 53,
  hratio: 54,
  wmin: 55,
  btype: 56,
  battr: 57,
  pos: 58,
  mimes: 59,
  expdir: 60,
  api: 61,
  minduration: 62,
  maxduration: 63,
  rqddurs: 64,
  startdelay: 65,
  maxseq: 66,
  poddur: 67,
  protocols: 68,
  podid: 69,
  placement: 70,
  plcmt: 71,
  linearity: 72,
  skip: 73,
  slotinpod: 74,
  mincpmpersec: 75,
  minbitrate: 76,
  maxbitrate: 77,
  playbackmethod: 78,
  delivery: 79,
  durfloors: 80,
  mindur: 81,
  maxdur: 82,
  // native
  request: 83,
  request_native: 84,
  assets: 85,
  required: 86,
  title: 87,
  img: 88,
  len: 89,
  type: 90,
  hmin: 91,
  eventtrackers: 92,
  event: 93,
  methods: 94,
  privacy: 95,
  // pmp
  private_auction: 96,
  deals: 97,
  wadomain: 98,
  guar: 99,
  // site, app, dooh, content
  domain: 100,
  cat: 101,
  sectioncat: 102,
  pagecat: 103,
  page: 104,
  publisher: 105,
  content: 106,
  keywords: 107,
  kwarray: 108,
  bundle: 109,
  series: 110,
  genre: 111,
  contentrating: 112,
  livestream: 113,
  language: 114,
  langb: 115,
  network: 116,
  channel: 117,
  name: 118,
  // device, geo
  geo: 119,
  dnt: 120,
  lmt: 121,
  ua: 122,
  sua: 123,
  devicetype: 124,
  make: 125,
  model: 126,
  os: 127,
  carrier: 128,
  mccmnc: 129,
  connectiontype: 130,
  ifa: 131,
  ifa_type: 132,
  atts: 133,
  browsers: 134,
  brand: 135,
  platform: 136,
  country: 137,
  region: 138,
  metro: 139,
  city: 140,
  zip: 141,
  // user, source, regs
  buyeruid: 142,
  consent: 143,
  eids: 144,
  uids: 145,
  atype: 146,
  mm: 147,
  schain: 148,
  complete: 149,
  nodes: 150,
  asi: 151,
  sid: 152,
  coppa: 153,
  gdpr: 154,
  us_privacy: 155,
  gpp: 156,
  gpp_sid: 157,
  gpc: 158,
  dsa: 159,
  dsarequired: 160,
  pubrender: 161,
  datatopub: 162,
} as const;

/** The first eight letters of each name, its length and its number, at a hash of the three. */
export const keySlots = 1024;
const lows = new Int32Array(keySlots);
const highs = new Int32Array(keySlots);
const lengths = new Uint8Array(keySlots);
const numbers = new Uint8Array(keySlots);
/** The letters behind the first eight of the longer names, by number. */
const tails: Uint8Array[] = Array.from({ length: 256 }, () => new Uint8Array(0));
const exactLetters = 8;

/** How a slot is found. */
export const keyMixes = { high: 0x2c1b3c6d, all: 0x9e3779b1, shift: 22 } as const;

function slotOf(low: number, high: number, length: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, keyMixes.high) ^ length, keyMixes.all);
  return mixed >>> keyMixes.shift;
}

for (const [name, number] of Object.entries(Key)) {
  assert(number < 256);
  const letters = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  const low = lettersAt(letters, 0, letters.length);
  const high = lettersAt(letters, 4, letters.length);
  let slot = slotOf(low, high, name.length);
  while (numbers[slot] !== 0) slot = (slot + 1) % keySlots;
  lows[slot] = low;
  highs[slot] = high;
  lengths[slot] = name.length;
  numbers[slot] = number;
  tails[number] = letters.subarray(exactLetters);
}

/** Up to four letters from `start` on as one little-endian word, zeros behind `end`. */
export function lettersAt(bytes: Uint8Array, start: number, end: number): number {
  let word = 0;
  for (let at = Math.min(end, start + 4) - 1; at >= start; at--) word = (word << 8) | bytes[at]!;
  return word;
}

/**
 * The number of the name bytes[start, end), 0 = one that we do not read. `low` and `high` hold its
 * first eight letters (`lettersAt`), which the scan has at hand.
 */
export function keyNumber(
  low: number,
  high: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  let slot = slotOf(low, high, length);
  for (;;) {
    const number = numbers[slot]!;
    if (number === 0) return 0;
    if (lows[slot] === low && highs[slot] === high && lengths[slot] === length) {
      if (length <= exactLetters || hasTail(number, bytes, start)) return number;
    }
    slot = (slot + 1) & (keySlots - 1);
  }
}

function hasTail(number: number, bytes: Uint8Array, start: number): boolean {
  const tail = tails[number]!;
  const from = start + exactLetters;
  for (let i = 0; i < tail.length; i++) if (bytes[from + i] !== tail[i]) return false;
  return true;
}

/** A slot as the scan has it: the first sixteen letters, zeros behind; length; number; last 8. */
export const keySlotBytes = 32;
export const KeySlot = { length: 16, number: 20, tail: 24 } as const;
const wideLetters = 16;

/** The slots, for the scan. */
export function keySlotsInto(bytes: Uint8Array, start: number): void {
  const view = new DataView(bytes.buffer);
  const names = new Map<number, string>(Object.entries(Key).map(([name, key]) => [key, name]));
  for (const [slot, number] of numbers.entries()) {
    const name = names.get(number);
    if (name === undefined) continue;
    assert(name.length <= wideLetters + exactLetters);
    const at = start + slot * keySlotBytes;
    for (let i = 0; i < name.length; i++) {
      const fromEnd = name.length - i;
      if (i < wideLetters) bytes[at + i] = name.charCodeAt(i);
      if (fromEnd <= exactLetters) bytes[at + keySlotBytes - fromEnd] = name.charCodeAt(i);
    }
    view.setInt32(at + KeySlot.length, name.length, true);
    view.setInt32(at + KeySlot.number, number, true);
  }
}
