import type { WindowFigures } from "./open-loop.js";

/** One rate against one server. */
export type SweepPoint = WindowFigures & {
  readonly server: string;
  readonly share: number;
  readonly rate: number;
};

const [width, height] = [720, 380];
const [left, right, top, bottom] = [70, 590, 50, 320];
/** Of both schemes: read on white and on black. */
const style = `
text { font: 12px sans-serif; fill: #222 } .axis, .grid { stroke: #222; fill: none }
.grid { stroke-opacity: 0.15 } .line { fill: none; stroke-width: 2 } .back { fill: #fff }
.ours { stroke: #0b6bcb; color: #0b6bcb } .echo { stroke: #b45309; color: #b45309 }
.wide { stroke-dasharray: 5 4 } .dot { fill: currentColor }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .axis, .grid { stroke: #ddd } .back { fill: #14171a }
  .ours { stroke: #6cb6ff; color: #6cb6ff } .echo { stroke: #f0a04b; color: #f0a04b }
}`;

const quantiles = [
  { key: "p99Us", label: "p99", more: "" },
  { key: "p999Us", label: "p99.9", more: " wide" },
] as const;

/** Rate against the latency since due, logarithmic, of each server: p99 whole, p99.9 dashed. */
export function sweepPicture(points: readonly SweepPoint[], title: string): string {
  const all = points.flatMap(({ sinceDue }) => [sinceDue.p99Us, sinceDue.p999Us]);
  const lowest = 10 ** Math.floor(Math.log10(Math.max(1, Math.min(...all))));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(10 * lowest, ...all)));
  const rateMax = Math.max(1, ...points.map(({ rate }) => rate));
  const x = (rate: number): number => left + ((right - left) * rate) / rateMax;
  const decades = Math.log10(highest / lowest);
  const y = (us: number): number =>
    bottom - ((bottom - top) * Math.log10(Math.max(us, lowest) / lowest)) / decades;
  const parts: string[] = [];
  for (let us = lowest; us <= highest * 1.01; us *= 10) parts.push(levelOf(us, y(us)));
  for (let tick = 0; tick <= 4; tick++) {
    const rate = (rateMax * tick) / 4;
    parts.push(textOf(x(rate), bottom + 18, `${(rate / 1000).toFixed(1)} k`, "middle"));
  }
  for (const [s, server] of ["ours", "echo"].entries()) {
    const own = points.filter((point) => point.server === server);
    for (const [q, { key, label, more }] of quantiles.entries()) {
      const places = own.map(({ rate, sinceDue }) => [x(rate), y(sinceDue[key])] as const);
      parts.push(lineOf(places, `${server}${more}`));
      const at = top + 20 * (2 * s + q);
      parts.push(
        lineOf([[right + 15, at] as const, [right + 45, at] as const], `${server}${more}`),
      );
      parts.push(textOf(right + 52, at + 4, `${server} ${label}`, "start"));
    }
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}"><title>Latency by rate (${title})</title>` +
    `<style>${style}</style>` +
    `<rect class="back" width="${width}" height="${height}"/>` +
    textOf(left, 24, `Latency since each request was due, by rate (${title})`, "start") +
    `<path class="axis" d="M${left} ${top}V${bottom}H${right}"/>${parts.join("")}` +
    `${textOf((left + right) / 2, height - 18, "requests a second", "middle")}</svg>\n`
  );
}

const textOf = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${text}</text>`;

const levelOf = (us: number, at: number): string =>
  `<path class="grid" d="M${left} ${at.toFixed(1)}H${right}"/>` +
  textOf(left - 6, at + 4, us < 1000 ? `${us} us` : `${us / 1000} ms`, "end");

function lineOf(places: readonly (readonly [x: number, y: number])[], names: string): string {
  const steps = places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  const dots = places.map(
    ([x, y]) => `<circle class="dot" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.5"/>`,
  );
  return `<g class="${names}"><path class="line" d="M${steps.join("L")}"/>${dots.join("")}</g>`;
}
