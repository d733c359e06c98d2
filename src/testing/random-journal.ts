import { NoticeKind } from "../base/lists.js";
import { SeededRandom } from "../base/random.js";
import { packAlpha3 } from "../base/units.js";
import type { Entry, NoticeEntry } from "../journal/entry.js";
import { NoticeEffect, RecordKind } from "../journal/record.js";

const lineItems = [101, 102, 103, 201] as const;
const campaignOf = (lineItem: number): number => Math.floor(lineItem / 100);
const currencies = ["EUR", "USD"].map(packAlpha3);
const effects = Object.values(NoticeEffect);

/**
 * A seeded journal of any records in any order that a bidder could write them in and in some that
 * it would not: bills without grants, cells that were lost, terms that come late or change,
 * restarts, clocks that jump.
 */
export function randomJournal(seed: number, length: number): Entry[] {
  const random = new SeededRandom(seed);
  const entries: Entry[] = [];
  let boot = 0;
  let timeMs = 1_800_000_000_000;
  const cellOf = (): number => random.below(6);
  for (let i = 0; i < length; i++) {
    timeMs += random.below(20) === 0 ? random.below(30 * 3_600_000) : random.below(400_000);
    if (random.below(200) === 0) timeMs -= random.below(26 * 3_600_000);
    const choice = random.below(100);
    if (boot === 0 || choice < 2) entries.push({ kind: RecordKind.BOOT, boot: ++boot, timeMs });
    else if (choice < 10) entries.push(cell(random, boot, 1 + random.below(5)));
    else if (choice < 14) entries.push(terms(random, boot, timeMs));
    else if (choice < 30) entries.push(allowance(random, boot, timeMs));
    else if (choice < 45) entries.push(count(random, boot, timeMs, cellOf()));
    else if (choice < 48) entries.push(lease(random, boot, timeMs));
    else entries.push(notice(random, 1 + random.below(boot), timeMs, cellOf()));
  }
  return entries;
}

const cell = (random: SeededRandom, boot: number, number: number): Entry => ({
  ...{ kind: RecordKind.CELL, boot, cell: number, exchange: 1 + random.below(2) },
  ...{ format: random.pick([0, 1, 2, 4, 8]), width: random.pick([0, 300]), height: 250 },
  ...{ country: packAlpha3(random.pick(["FRA", "IND"])), dealLo: random.pick([0, 7]), dealHi: 0 },
  property: random.pick(["news.example", "=game.example", 'a "b", c', ""]),
});

const terms = (random: SeededRandom, boot: number, timeMs: number): Entry => {
  const lineItem = random.pick(lineItems);
  const campaign = campaignOf(lineItem);
  return {
    ...{ kind: RecordKind.TERMS, boot, lineItem, campaign, advertiser: 10 * campaign },
    ...{ agency: 5, currency: currencies[campaign - 1]!, marginPpm: random.below(300_000) },
    ...{ technicalPpm: random.below(100_000), dataNanos: random.below(50), timeMs },
  };
};

const allowance = (random: SeededRandom, boot: number, timeMs: number): Entry => {
  const lineItem = random.pick(lineItems);
  const kind = random.below(4) === 0 ? RecordKind.RETURN : RecordKind.GRANT;
  return {
    kind,
    boot,
    campaign: campaignOf(lineItem),
    lineItem,
    nanos: random.below(5000),
    timeMs,
  };
};

const count = (random: SeededRandom, boot: number, timeMs: number, at: number): Entry => {
  const hour = Math.floor(timeMs / 3_600_000);
  const asked = random.below(1000);
  return random.below(2) === 0
    ? {
        ...{ kind: RecordKind.COUNT, boot, hour, cell: at, lineItem: 0 },
        ...{ requests: asked, bids: 0, noBids: random.below(asked + 1) },
      }
    : {
        ...{ kind: RecordKind.COUNT, boot, hour, cell: at, lineItem: random.pick(lineItems) },
        ...{ requests: 0, bids: asked, noBids: 0 },
      };
};

const lease = (random: SeededRandom, boot: number, timeMs: number): Entry => {
  const untilSec = Math.floor(timeMs / 1000) + random.below(30_000);
  return { kind: RecordKind.LEASE, boot, untilSec, timeMs };
};

function notice(random: SeededRandom, boot: number, timeMs: number, at: number): NoticeEntry {
  const effect = random.pick(effects);
  const bills =
    effect === NoticeEffect.BILLED ||
    effect === NoticeEffect.LATE ||
    effect === NoticeEffect.EARLIER_BOOT;
  const reservedMicros = 1 + random.below(3000);
  const priceMicros = 1 + random.below(3000);
  return {
    kind: RecordKind.NOTICE,
    noticeKind: bills ? NoticeKind.BILL : random.pick(Object.values(NoticeKind)),
    ...{ flags: effect === NoticeEffect.TEST ? 1 : 0, keyId: 1, worker: 0, boot, counter: 0 },
    ...{ exchange: 1 + random.below(2), lineItem: random.pick(lineItems) },
    ...{ creative: 1 + random.below(3), cell: at, priceMicros, reservedMicros },
    ...{ currency: random.pick(currencies), timeSec: 0, expirySec: 0, lossCode: 0xffff },
    ...{ clearingMicros: random.pick([-1, random.below(4000)]), minToWinMicros: -1 },
    ...{ receivedMs: timeMs, effect, chargedNanos: bills ? random.below(reservedMicros + 1) : 0 },
  };
}
