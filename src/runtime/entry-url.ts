/**
 * The address of a compiled thread or process entry of this folder. Run from src/ (tests), it is
 * the one that the build has put in dist/, because threads run JavaScript.
 */
export function entryUrl(name: string): URL {
  const ours = new URL(`./${name}.js`, import.meta.url);
  if (!import.meta.url.endsWith(".ts")) return ours;
  return new URL(`../../dist/runtime/${name}.js`, import.meta.url);
}
