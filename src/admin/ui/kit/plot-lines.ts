import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Series } from "./series.js";

type Ask = {
  readonly atMs: readonly number[];
  readonly series: readonly Series[];
  readonly timeOf: (atMs: number) => string;
  /** Of the axis; absent = the browser's. */
  readonly zone?: string | undefined;
};

const height = 200;
const spanSecMin = 600;

/** What a token of the page's colours is just now: a canvas knows no light-dark(). */
function colourIn(box: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  box.append(probe);
  const colours = new Map<string, string>();
  for (const name of ["--ink-soft", "--line", "--plot-1", "--plot-2", "--plot-3", "--plot-4"]) {
    probe.style.color = `var(${name})`;
    colours.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => colours.get(name) ?? "";
}

/**
 * Draws into `box`, in the page's colours, as wide as it is; gives the way to take it away. Drawn
 * again where the reader's device turns dark or light.
 */
export function drawLines(box: HTMLElement, ask: Ask): () => void {
  let end = drawOnce(box, ask);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const again = (): void => {
    end();
    end = drawOnce(box, ask);
  };
  dark.addEventListener("change", again);
  return () => {
    dark.removeEventListener("change", again);
    end();
  };
}

function drawOnce(box: HTMLElement, { atMs, series, timeOf, zone }: Ask): () => void {
  const colour = colourIn(box);
  const ink = colour("--ink-soft");
  const grid = { stroke: colour("--line"), width: 1 };
  const plot = new UPlot(
    {
      width: Math.max(200, box.clientWidth),
      height,
      ...(zone === undefined ? {} : { tzDate: (sec) => UPlot.tzDate(new Date(sec * 1000), zone) }),
      cursor: { drag: { x: false, y: false } },
      series: [
        { label: "Time", value: (_, seconds) => (seconds === null ? "" : timeOf(seconds * 1000)) },
        ...series.map((one, i) => ({
          label: one.label,
          stroke: colour(`--plot-${(i % 4) + 1}`),
          width: 2,
          value: (_: UPlot, value: number | null) => one.text(value),
        })),
      ],
      axes: [
        { stroke: ink, grid, ticks: grid },
        { stroke: ink, grid, ticks: grid, size: 64 },
      ],
      scales: {
        // A single point has no span of its own: the axis would show years.
        x: {
          range: (_, low, high) =>
            high - low < spanSecMin ? [high - spanSecMin, high] : [low, high],
        },
        y: { range: (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.1] },
      },
    },
    [atMs.map((at) => at / 1000), ...series.map(({ values }) => [...values])],
    box,
  );
  const watch = new ResizeObserver(() => {
    plot.setSize({ width: Math.max(200, box.clientWidth), height });
  });
  watch.observe(box);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}
