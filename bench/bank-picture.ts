import type { BankMeasured } from "./bank-measure.js";

const width = 640;
const height = 300;
const left = 60;
const bottom = 250;
const colours = ["#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb"];

/** Seconds by stage, a bar a size, with the resident peak beside each. */
export function bankPicture(measured: readonly BankMeasured[], title: string): string {
  const most = Math.max(...measured.map(({ sec }) => sec), 1);
  const scale = (bottom - 40) / most;
  const names = measured[0]?.stages.map(({ stage }) => stage) ?? [];
  const step = (width - left - 120) / Math.max(1, measured.length);
  const bars = measured.map((m, i) => barOf(m, left + step * (i + 0.25), step / 2, scale));
  const legend = names.map((name, i) => {
    const y = 50 + 18 * i;
    const colour = colours[i % colours.length];
    return (
      `<rect x="${width - 110}" y="${y - 10}" width="12" height="12" fill="${colour}"/>` +
      `<text x="${width - 92}" y="${y}">${name}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    'font-family="sans-serif" font-size="12">' +
    `<title>Seconds of each stage of the bank (${title})</title>` +
    `<rect width="${width}" height="${height}" fill="white"/>` +
    `<text x="${left}" y="20">Seconds of each stage of the bank (${title})</text>` +
    `<line x1="${left}" y1="${bottom}" x2="${width - 120}" y2="${bottom}" stroke="black"/>` +
    `${bars.join("")}${legend.join("")}</svg>\n`
  );
}

function barOf(m: BankMeasured, x: number, barWidth: number, scale: number): string {
  let y = bottom;
  const parts = m.stages.map(({ sec }, i) => {
    y -= sec * scale;
    const fill = colours[i % colours.length];
    const size = `width="${barWidth.toFixed(1)}" height="${(sec * scale).toFixed(1)}"`;
    return `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${size} fill="${fill}"/>`;
  });
  const at = (x + barWidth / 2).toFixed(1);
  const peak = (m.residentPeakBytes / 1e9).toFixed(1);
  return (
    `${parts.join("")}<text x="${at}" y="${(y - 6).toFixed(1)}" text-anchor="middle">` +
    `${m.sec.toFixed(0)} s</text><text x="${at}" y="${bottom + 16}" text-anchor="middle">` +
    `${m.people / 1e6} M people</text><text x="${at}" y="${bottom + 32}" text-anchor="middle">` +
    `${peak} GB resident</text>`
  );
}
