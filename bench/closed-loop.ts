import autocannon from "autocannon";

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
  readonly path: string;
  readonly connections: number;
  /** Requests in all. */
  readonly requests: number;
  readonly bodies: readonly Buffer[];
};

export const benchSecret = "the-secret-of-the-bench-exchange";

/**
 * A closed loop on loopback by autocannon: it drives load for the CPU figure. Its latency is not
 * read: it is in whole milliseconds, and a closed loop cannot see what a queue costs.
 */
export async function runClosedLoop(options: LoopOptions): Promise<LoopResult> {
  const { port, path, connections, requests, bodies } = options;
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    connections,
    amount: requests,
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-openrtb-version": "2.6",
      "x-crowdbid-secret": benchSecret,
    },
    requests: bodies.map((body) => ({ body })),
  });
  const stats = Object.entries(result.statusCodeStats ?? {});
  return {
    requests: stats.reduce((sum, [, { count }]) => sum + (count ?? 0), 0),
    statuses: Object.fromEntries(stats.map(([status, { count }]) => [status, count ?? 0])),
    errors: result.errors,
    elapsedSec: result.duration,
  };
}

/** Mean bytes of the answers 200 to a few of the bodies; 0 where none is answered so. */
export async function meanAnswerBytes(options: LoopOptions): Promise<number> {
  const { port, path, bodies } = options;
  let bytes = 0;
  let answered = 0;
  for (const body of bodies.slice(0, 200)) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-crowdbid-secret": benchSecret },
      body: new Uint8Array(body),
    });
    const { byteLength } = await answer.arrayBuffer();
    if (answer.status === 200) answered++;
    bytes += byteLength;
  }
  return answered === 0 ? 0 : bytes / answered;
}
