import type { Rates } from "../../bid/rates.js";
import type { Exchange } from "../../campaign/exchange.js";
import { acceptanceProblems } from "../../wire/accept.js";
import type { DeskFacts, ExchangeFact } from "./desk.js";
import { sampleRequests } from "./sample-requests.js";

export type ErrorCount = ExchangeFact["errors"][number];
type Fact = ReturnType<DeskFacts["checkAnswer"]>[number];

/** What is counted of one exchange, by the runtime. */
export type ExchangeCounts = Pick<ExchangeFact, "requests" | "bids" | "wins" | "errors"> & {
  readonly queriesPerSecond: number;
};

/** Late answers in percent of requests: Google throttles who answers less than 85 % in time. */
export const lateTolerancePercent = 15;

/** How an exchange asks, for its engineers. */
export function exchangeFactOf(
  exchange: Exchange,
  place: { readonly baseUrl: string; readonly stopped: boolean },
  counts: ExchangeCounts,
): ExchangeFact {
  const { id, name, version, queriesPerSecMax } = exchange;
  return {
    ...{ id, name, profile: `OpenRTB ${version}`, stopped: place.stopped },
    endpoint: `${place.baseUrl}/bid/${name}`,
    ...counts,
    queriesPerSecondMax: queriesPerSecMax === 0 ? null : queriesPerSecMax,
    headers: headersOf(exchange),
    samples: sampleRequests(exchange),
  };
}

function headersOf(exchange: Exchange): ExchangeFact["headers"] {
  const { version, secretSha256, addresses, gzipRequests, pipelining } = exchange;
  const header = (name: string, value: string, why: string) => ({ name, value, why });
  return [
    header("content-type", "application/json", "other types are answered 415"),
    header("x-openrtb-version", version, "optional: what is read does not depend on it"),
    ...(gzipRequests
      ? [header("content-encoding", "gzip", "optional: bodies up to 128 KiB, 256 KiB unpacked")]
      : []),
    ...(pipelining === true
      ? []
      : [header("connection", "keep-alive", "optional; the next request follows the answer")]),
    ...(secretSha256 === ""
      ? []
      : [header("x-crowdbid-secret", "(the shared secret)", "without it the answer is 401")]),
    ...(addresses.length === 0
      ? []
      : [header("(address)", addresses.join(", "), "from elsewhere the answer is 401")]),
  ];
}

const loopbackUrl = /http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])/g;

/** Findings about an answer, whoever wrote it; texts beyond this are not looked at. */
export const checkedBytesMax = 256 * 1024;

export function checkAnswer(
  exchange: Exchange | undefined,
  request: string,
  answer: string,
  rates: Rates | null,
): readonly Fact[] {
  if (exchange === undefined) return [{ field: "exchange", message: "there is no such exchange" }];
  const asked = parsed(request, "request");
  // Loopback addresses are as good as https: browsers take them for trustworthy.
  const answered = parsed(answer.replaceAll(loopbackUrl, "https://$1"), "answer");
  const broken = [asked, answered].flatMap((one) => (one.ok ? [] : [one.fact]));
  if (!asked.ok || !answered.ok) return broken;
  const context = { parseJson: JSON.parse, exchange, ...(rates === null ? {} : { rates }) };
  return acceptanceProblems(asked.value, answered.value, context).map(factOfWords);
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fact: Fact };

/** Never the parser's words: they quote the text. */
function parsed(text: string, field: string): Parsed {
  if (text.length > checkedBytesMax) {
    return { ok: false, fact: { field, message: "is longer than 256 KiB" } };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, fact: { field, message: "is not JSON" } };
  }
}

/** The acceptance rules' sentences begin with the field, most of them with a colon behind it. */
function factOfWords(words: string): Fact {
  const match = /^((?:seatbid|bid|id|bidid|cur|ext|nbr)[^\s:]*):? (.*)$/s.exec(words);
  return match === null
    ? { field: "answer", message: words }
    : { field: match[1] ?? "", message: match[2] ?? "" };
}
