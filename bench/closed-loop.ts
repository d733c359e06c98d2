import autocannon from "autocannon";
import { benchSecret } from "./bench-secret.js";
import type { BenchRequest } from "./scenarios/workloads.js";

/** What one run of the client saw. */
export type LoopResult = {
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly elapsedSec: number;
};

export type LoopOptions = {
  readonly port: number;
  readonly connections: number;
  /** Requests in all. */
  readonly amount: number;
  readonly requests: readonly BenchRequest[];
};

export const bidPath = "/bid/openrtb26";

export const headersOf = ({ gzip }: BenchRequest): Record<string, string> => ({
  "content-type": "application/json",
  "x-openrtb-version": "2.6",
  "x-crowdbid-secret": benchSecret,
  ...(gzip ? { "content-encoding": "gzip" } : {}),
});

/**
 * A closed loop on loopback by autocannon: it drives load for the CPU figure. Its latency is not
 * read: it is in whole milliseconds, and a closed loop cannot see what a queue costs. Each
 * connection has bodies of its own: all would send the same one after the other, which flatters
 * every cache.
 */
export async function runClosedLoop(options: LoopOptions): Promise<LoopResult> {
  const { port, connections, amount, requests } = options;
  const built = builtFor(port, requests);
  const each = Math.max(1, Math.floor(built.length / connections));
  let opened = 0;
  const startedMs = performance.now();
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${bidPath}`,
    connections,
    amount,
    // It ends at such a sample: the usual second would be mostly waiting.
    sampleInt: 20,
    setupClient: (client) => {
      const from = (each * opened++) % built.length;
      giveTo(client as unknown as Client, built.slice(from, from + each));
    },
  });
  const stats = Object.entries(result.statusCodeStats ?? {});
  return {
    requests: stats.reduce((sum, [, { count }]) => sum + (count ?? 0), 0),
    statuses: Object.fromEntries(stats.map(([status, { count }]) => [status, count ?? 0])),
    errors: result.errors,
    elapsedSec: (performance.now() - startedMs) / 1000,
  };
}

type Built = autocannon.Request & { readonly requestBuffer?: Buffer };
type Client = Pick<autocannon.Client, "setRequests"> & {
  readonly requestIterator?: { requests: Built[]; currentRequest?: Built | undefined };
};

const builtByPort = new WeakMap<readonly BenchRequest[], Map<number, readonly Built[]>>();

/** The same objects for the same requests: autocannon keeps in each the bytes that it sends. */
function builtFor(port: number, requests: readonly BenchRequest[]): readonly Built[] {
  const byPort = builtByPort.get(requests) ?? new Map<number, readonly Built[]>();
  builtByPort.set(requests, byPort);
  const known = byPort.get(port);
  if (known !== undefined) return known;
  const built = requests.map((request) => ({
    ...{ method: "POST" as const, path: bidPath },
    ...{ headers: headersOf(request), body: request.body },
  }));
  byPort.set(port, built);
  return built;
}

/**
 * As `setRequests` does, which puts the bytes of each together every time: of a round of 2,000
 * requests that was 0.1 of 0.22 s, while the server had nothing to do.
 */
function giveTo(client: Client, requests: Built[]): void {
  const { requestIterator } = client;
  const areBuilt = requests.every(({ requestBuffer }) => requestBuffer !== undefined);
  if (requestIterator === undefined || !areBuilt) {
    client.setRequests(requests);
    return;
  }
  requestIterator.requests = requests;
  requestIterator.currentRequest = requests[0];
}

/** What is answered to a few of the requests: the share of 200, and the mean bytes of those. */
export type AnswerSizes = {
  readonly share200: number;
  readonly bytes: number;
  /** The text of one of them, "" where there is none. */
  readonly sample: string;
};

export async function answerSizes(
  port: number,
  requests: readonly BenchRequest[],
  count = 100,
): Promise<AnswerSizes> {
  const few = requests.slice(0, count);
  let [bytes, answered, sample] = [0, 0, ""];
  for (const request of few) {
    const answer = await fetch(`http://127.0.0.1:${port}${bidPath}`, {
      ...{ method: "POST", headers: headersOf(request), body: new Uint8Array(request.body) },
    });
    const text = await answer.text();
    if (answer.status !== 200) continue;
    answered++;
    bytes += Buffer.byteLength(text);
    // The one that is nearest to the mean so far stands for all.
    if (Math.abs(text.length - bytes / answered) <= Math.abs(sample.length - bytes / answered)) {
      sample = text;
    }
  }
  const mean = answered === 0 ? 0 : bytes / answered;
  return { share200: answered / few.length, bytes: mean, sample };
}
