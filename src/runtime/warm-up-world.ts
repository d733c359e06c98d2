import { randomBytes } from "node:crypto";
import { type SipKey, sipKeyFrom } from "../base/hash.js";
import { identifierHashOf, Namespace } from "../base/identifier.js";
import type { Epoch, LineItemId, Ordinal } from "../base/ids.js";
import { microsMax } from "../base/money.js";
import { SeededRandom } from "../base/random.js";
import type { CountryCode, CurrencyCode, Micros, UnixMs } from "../base/units.js";
import { packAlpha3 } from "../base/units.js";
import { type Market, type PrivacySettings, Regime, WithoutSignal } from "../bid/consent.js";
import { audiencesNeeded } from "../campaign/compile.js";
import type { Exchange } from "../campaign/exchange.js";
import type { LoadedConfig } from "../campaign/load.js";
import { Places } from "../campaign/places.js";
import { fullParts, segmentsPerPlane } from "../index/format.js";
import { IndexBuilder } from "../index/index-builder.js";
import { partsOfImage } from "../index/index-parts.js";
import { placesIn } from "../index/projection.js";
import { AllowancePlaces } from "../ledger/budget-plan.js";
import type { TokenSecret } from "../wire/token-key.js";
import type { Log } from "./log.js";
import { warmUpBook, warmUpCountry, warmUpHost, warmUpSegments } from "./warm-up-book.js";
import {
  type WarmUpRequest,
  warmUpIdfa,
  warmUpPeople,
  warmUpRequests,
} from "./warm-up-requests.js";
import { reasonOf } from "./worker-messages.js";
import { buildWorld, type People } from "./world-build.js";
import type { WorldParts } from "./world-parts.js";

/** Places of allowances that the made-up World uses. */
export const warmUpPlaces = 1024;

/**
 * What a worker is warmed up with: a World of its own, with people who do not exist and line items
 * of nobody, and the requests of exchanges like those of the real one. Its keys are drawn here and
 * known to nothing else: an identifier of a real person finds nobody, and a token is forged to
 * every server.
 */
export type WarmUpOrder = {
  readonly parts: WorldParts;
  readonly identifierKey: SipKey;
  readonly tokenSecret: TokenSecret;
  readonly requests: readonly WarmUpRequest[];
};

export type WarmUp = { readonly order: WarmUpOrder; readonly msMax: number };

/** null: no warm-up. A bidder that starts cold is better than one that does not start. */
export function warmUpOf(
  real: WorldParts,
  msMax: number,
  nowMs: UnixMs,
  log: Pick<Log, "error">,
): WarmUp | null {
  if (msMax === 0) return null;
  try {
    const order = warmUpOrder(real, nowMs);
    return order === null ? null : { order, msMax };
  } catch (error) {
    log.error({ reason: reasonOf(error) }, "nothing to warm up with: workers start cold");
    return null;
  }
}

/**
 * By main, whose compilers are warm by then; `real` is the World that is served first. null: no
 * exchange can ask.
 */
export function warmUpOrder(
  real: Pick<WorldParts, "exchanges" | "privacy">,
  nowMs: UnixMs,
): WarmUpOrder | null {
  if (real.exchanges.length === 0) return null;
  const exchanges = real.exchanges.map(willing);
  const identifierKey = sipKeyFrom(new Uint8Array(randomBytes(16)));
  const config = configOf(exchanges, nowMs);
  const places = new AllowancePlaces(warmUpPlaces);
  const { parts } = buildWorld({
    ...{ generation: 1 as WorldParts["generation"], config, privacy: privacyOf(real.privacy) },
    people: peopleOf(identifierKey),
    // What is certified here holds of nobody, and no certificate of a real epoch is looked at.
    certificates: new Set(audiencesNeeded(config.book).map(({ digest }) => digest)),
    ...{ roster: null, retired: [], publicUrl: `https://${warmUpHost}` },
    placeOf: (lineItem: LineItemId, unit) => places.placeOf(lineItem, unit),
  });
  const tokenSecret = { keyId: 0, secret: new Uint8Array(randomBytes(32)) };
  return { parts, identifierKey, tokenSecret, requests: warmUpRequests(exchanges) };
}

/** The exchange, but that it takes what the made-up requests say. */
const willing = (exchange: Exchange): Exchange => ({
  ...exchange,
  ...{ schainRequired: false, sellersBlocked: [], sellersAllowed: [], networkMarginMs: 0 },
});

function configOf(exchanges: readonly Exchange[], nowMs: UnixMs): LoadedConfig {
  const codes = ["USD", "EUR"].map((code) => packAlpha3(code) as CurrencyCode);
  const ceiling = {
    ...{ cpmMicros: microsMax as Micros, lineItemDailyNanos: 0n, campaignDailyNanos: 0n },
    ...{ advertiserDailyNanos: 0n, allDailyNanos: 0n },
  };
  return {
    book: warmUpBook(exchanges),
    exchanges,
    rates: { codes, numerator: [1, 9], denominator: [1, 10], asOfMs: nowMs, fixed: true },
    fees: { technicalPpm: 0, margins: [], dataCurrency: codes[0]!, dataFees: [] },
    ceilings: { of: () => ceiling, named: [] },
    places: new Places(),
  };
}

/** The real rules, but that the country of most requests lets people be known. */
function privacyOf(real: PrivacySettings): PrivacySettings {
  const market: Market = {
    ...{ name: "warm-up", regime: Regime.LOCAL, gdprWhenUnstated: false, gdprWhenDenied: false },
    withoutSignal: WithoutSignal.GRANTED,
  };
  const markets = new Map(real.marketByCountry);
  markets.set(packAlpha3(warmUpCountry) as CountryCode, market);
  return { ...real, marketByCountry: markets, thirdPartyHosts: [warmUpHost] };
}

function peopleOf(identifierKey: SipKey): People {
  const planes = [...Array(Math.ceil(warmUpSegments.length / segmentsPerPlane)).keys()];
  const dictionary = warmUpSegments.map((name) => ({ name, agencies: [] }));
  const { places, absent } = placesIn(dictionary, planes);
  const builder = new IndexBuilder({
    ...{ epoch: 1 as Epoch, identifierCountMax: 2 * warmUpPeople, ordinalMax: warmUpPeople },
    ...{ planeCount: planes.length, shifts: fullParts },
  });
  const random = new SeededRandom(2);
  for (let person = 0; person < warmUpPeople; person++) {
    const hash = identifierHashOf(Namespace.IDFA, warmUpIdfa(person), 0, identifierKey);
    if (hash === null) continue;
    const ordinal = (person + 1) as Ordinal;
    builder.add(hash.lo, hash.hi, ordinal);
    builder.setRow(ordinal, new Uint32Array(planes.map(() => random.nextU32())));
  }
  const dates = { createdMs: 0 as UnixMs, notAfterMs: 0 as UnixMs, dictionaryKey: 0 };
  const parts = partsOfImage(builder.finish(), planes, dates);
  return { parts, places, absent, manifestDigest: "" };
}
