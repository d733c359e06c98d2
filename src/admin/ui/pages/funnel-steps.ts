import type { FunnelBar } from "../../desk/desk.js";

/** A bar of the funnel as it is drawn. */
export type FunnelStep = FunnelBar & {
  /** Of the requests, 0 to 100: the bar's length. */
  readonly ofAll: number;
  /** Of the step before it, in words; "" for the first. */
  readonly ofBefore: string;
};

const order = ["requests", "eligible", "bid", "won"] as const;

/** The four steps in their order, and what was left out, the most first. */
export function funnelSteps(bars: readonly FunnelBar[]): {
  readonly steps: readonly FunnelStep[];
  readonly leftOut: readonly FunnelStep[];
} {
  const all = bars.find(({ step }) => step === "requests")?.count ?? 0;
  const percent = (count: number, of: number) => (of > 0 ? Math.min(100, (100 * count) / of) : 0);
  let before: FunnelBar | undefined;
  const steps = order.flatMap((step): FunnelStep[] => {
    const bar = bars.find((one) => one.step === step);
    if (bar === undefined) return [];
    const ofBefore =
      before === undefined
        ? ""
        : `${percentText(percent(bar.count, before.count))} of ${before.step}`;
    before = bar;
    return [{ ...bar, ofAll: percent(bar.count, all), ofBefore }];
  });
  const leftOut = bars
    .filter(({ step }) => step === "left out")
    .sort((a, b) => b.count - a.count)
    .map((bar) => ({
      ...bar,
      ofAll: percent(bar.count, all),
      ofBefore: `${percentText(percent(bar.count, all))} of requests`,
    }));
  return { steps, leftOut };
}

/** Two digits, and never a share of 0 that is one. */
export function percentText(percent: number): string {
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.01) return "< 0.01 %";
  return `${Number(percent.toPrecision(percent >= 10 ? 3 : 2))} %`;
}
