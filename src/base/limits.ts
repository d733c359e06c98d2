import { assert } from "./assert.js";

/**
 * Every bound of the hot path in one page, asserted against each other. Bytes unless the name says
 * more.
 */
export const bodyBytesMax = 128 * 1024;
export const gunzipBytesMax = 256 * 1024;
export const jsonDepthMax = 32;
export const responseBytesMax = 512 * 1024;

/** Per request. An excess of imps, deals or formats is ignored; an excess of keys means no bid. */
export const impsMax = 64;
export const dealsMax = 1024;
export const formatsMax = 512;
export const durationsMax = 256;
export const keysMax = 32_768;
export const spansMax = 2048;
export const eidsMax = 64;
export const schainNodesMax = 32;
/** A native request with more assets is not answered. */
export const nativeAssetsMax = 64;
/** Scanned native requests that a worker keeps. */
export const nativeCacheEntriesMax = 2048;
export const nativeCacheBytesMax = 8 * 1024 * 1024;
/**
 * Line items that one request looks at, over all its imps, the best first; the others wait for
 * requests in which fewer fit. Where none of those can bid the request counts as `matching_limit`.
 */
export const candidatesMax = 4096;
/** Bids in one answer. */
export const offersMax = 128;

/** Per World. */
export const lineItemsMax = 131_072;
export const creativesMax = 262_144;
export const exchangesMax = 32;
export const currenciesMax = 64;
export const zonesMax = 64;
export const audienceTermsMax = 64;
export const segmentsResidentMax = 512;
export const planesResidentMax = segmentsResidentMax / 32;
export const segmentsInSnapshotMax = 4096;
/** Agencies that may share one private segment: a manifest of such ones stays below 8 MiB. */
export const segmentAgenciesMax = 256;
/**
 * Every plane is resident where the rows of all take no more than this; above it, or above 512
 * segments, only those in use.
 */
export const wholeRowsBytesMax = 2 ** 31;

/** Shared state. */
export const workersMax = 64;
export const reservationSlotsMax = 2 ** 22;
/** Caps that one bid counts towards; rules of caps that one process may ever see. */
export const capsPerBidMax = 8;
export const capRulesMax = 2 ** 18;
export const ringRecordBytes = 128;
export const ringRecordsMax = 8192;
export const contextCellsMax = 65_536;
/** A token lives this long; retired creatives and landing pages stay resolvable as long. */
export const tokenLifeSec = 72 * 3600;

/** People: a promise, not a setting (DESIGN section 5). */
export const crowdMinimumPeople = 100_000;
/** Certified audiences of one agency that answer for one person on one UTC day, by yes or by no. */
export const askedAudiencesMax = 5;
/** Answers by a person's groups to one exchange on a UTC day; past it the groups are not asked. */
export const personAnswersMax = 200;
/**
 * Requests about one person by one exchange on one UTC day at which the alarm on probing counts the
 * person, once: as asked past the day's answers, and as asked again and again.
 */
export const cappedAsksAt = 500;
export const repeatedAsksAt = 2000;
/** Of 1,000 people of an audience, those that a campaign never bids for: its control group. */
export const holdOutPermille = 20;
/** Who counts towards it: seen by the bank itself in the last days, and known for some before. */
export const countedActiveDaysMax = 30;
export const countedKnownDaysMin = 7;
/** More accounts than these on one device are no household. */
export const householdAccountsMax = 10;

assert(bodyBytesMax <= gunzipBytesMax);
assert(offersMax >= impsMax);
assert(planesResidentMax * 32 === segmentsResidentMax);
assert(segmentsResidentMax <= segmentsInSnapshotMax);
assert((ringRecordsMax & (ringRecordsMax - 1)) === 0);
assert(ringRecordBytes % 64 === 0);
assert(countedKnownDaysMin < countedActiveDaysMax, "who is new must be able to count in time");
assert(exchangesMax <= 32, "a creative's approvals are one u32 mask");
