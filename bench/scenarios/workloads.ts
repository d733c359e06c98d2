import { gzipSync } from "node:zlib";
import { type WorkloadKind, workload } from "../workload.js";
import { canonicalBodies } from "./canonical.js";

/** A request's body as it is sent. */
export type BenchRequest = { readonly body: Buffer; readonly gzip: boolean };

const plain = (body: Buffer): BenchRequest => ({ body, gzip: false });
const zipped = (body: Buffer): BenchRequest => ({ body: gzipSync(body), gzip: true });

type Make = (count: number, people: number, nowMs: number) => BenchRequest[];

const kind =
  (of: WorkloadKind, as: (body: Buffer) => BenchRequest): Make =>
  (count, people) =>
    workload(of, count, people).map(as);
/** One body in five is zipped, as some exchanges send all of theirs. */
const canonical =
  (bidShare: number): Make =>
  (count, people, nowMs) =>
    canonicalBodies({ bidShare, seed: 21 }, count, people, nowMs).map((body, n) =>
      n % 5 === 3 ? zipped(body) : plain(body),
    );

const workloads = {
  bid: kind("bid", plain),
  "no-bid": kind("no-bid", plain),
  "bid-gzip": kind("bid", zipped),
  "canonical-10": canonical(0.1),
  "canonical-90": canonical(0.9),
} as const satisfies Readonly<Record<string, Make>>;
export type WorkloadName = keyof typeof workloads;

const dayMs = 86_400_000;

/**
 * The requests of a workload, about people of a synthetic epoch. The same at each call, but for the
 * day that consent was given on.
 */
export function requestsOf(
  name: WorkloadName,
  count: number,
  people: number,
  nowMs: number,
): BenchRequest[] {
  return workloads[name](count, people, Math.floor(nowMs / dayMs - 30) * dayMs);
}
