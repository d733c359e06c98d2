/** What the check needs of a loaded uWebSockets.js. */
export type LoadedPackage = { readonly SSLApp?: unknown; readonly App?: unknown };

const advice = "Start with `--edge node`, or install a build for this Node.js and C library.";

/** The package's own switch to its JavaScript server, which none of our figures hold for. */
export const fallbackSwitch = "UWS_USE_FALLBACK";

/** Why this environment would not get the native server, "" = nothing stands against it. */
export function refusalBeforeLoad(env: Readonly<Record<string, string | undefined>>): string {
  if (env[fallbackSwitch] === undefined) return "";
  return `${fallbackSwitch} is set: unset it, or start with \`--edge node\`.`;
}

/**
 * Why the loaded package is not the native server, "" = it is. Where the addon does not load, the
 * package gives a JavaScript server under the same names, and says so only in a warning.
 */
export function refusalAfterLoad(loaded: LoadedPackage): string {
  if (typeof loaded.SSLApp !== "function" || typeof loaded.App !== "function") {
    return `uWebSockets.js has no native addon for this machine. ${advice}`;
  }
  const source = Function.prototype.toString.call(loaded.App);
  if (!source.includes("[native code]")) return `uWebSockets.js is not native here. ${advice}`;
  return "";
}
