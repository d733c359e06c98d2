/**
 * Completes package-lock.json with the optional packages of other platforms.
 *
 * npm leaves an optional package out of the lock when the registry that it asked does not serve it,
 * and `npm ci` against a registry that does serve it then refuses the lock. So each name in an
 * `optionalDependencies` gets an entry. What the registry knows (integrity, os, cpu, libc, engines)
 * is asked for through the npm client; where it does not serve the version, the entry carries the
 * version and the platform that the package's name states, and no integrity: npm skips such a
 * package on every other platform. No entry carries a download address.
 *
 * Run it after each `npm install` that changed the lock: `npm run lock:complete`.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { ownerOf, platformFromName } from "./lock-entries.mjs";

const run = promisify(execFile);
const lockPath = new URL("../../package-lock.json", import.meta.url);
const lookupsAtOnce = 4;

/** The order in which npm itself writes an entry's fields, so that `npm install` leaves them alone. */
const fieldOrder = [
  "version",
  "integrity",
  "cpu",
  "dev",
  "devOptional",
  "libc",
  "license",
  "optional",
  "os",
];

/** What the registry says of one exact version, or null where it does not serve it. */
async function manifestOf(name, version) {
  try {
    const { stdout } = await run("npm", ["view", `${name}@${version}`, "--json"], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const parsed = JSON.parse(stdout);
    return Array.isArray(parsed) ? parsed.at(-1) : parsed;
  } catch (error) {
    const text = `${error.stdout ?? ""}${error.stderr ?? ""}`;
    if (/E404|ETARGET|No match found/.test(text)) return null;
    throw new Error(`could not ask the registry for ${name}@${version}: ${text}`);
  }
}

function entryFrom(name, version, manifest, parent) {
  const platform = manifest ?? platformFromName(name);
  if (platform === null) {
    throw new Error(
      `${name}@${version} is not served and its name states no platform: teach lock-entries.mjs`,
    );
  }
  const wanted = {
    version,
    integrity: manifest?.dist?.integrity,
    cpu: platform.cpu,
    dev: parent.dev,
    devOptional: parent.devOptional,
    libc: platform.libc,
    license: manifest?.license ?? parent.license,
    optional: true,
    os: platform.os,
  };
  const entry = {};
  for (const field of fieldOrder) if (wanted[field] !== undefined) entry[field] = wanted[field];
  const engines = manifest?.engines ?? parent.engines;
  if (engines !== undefined) entry.engines = engines;
  return entry;
}

/** Every optional dependency without an entry: `{ name, version, parent }`, exact versions only. */
function missingFrom(packages) {
  const missing = [];
  for (const [path, parent] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (ownerOf(packages, path, name) !== null) continue;
      if (!/^\d+\.\d+\.\d+[-.\w]*$/.test(version)) {
        throw new Error(`${path} wants ${name}@${version}: a range; install it by hand first`);
      }
      missing.push({ name, version, parent });
    }
  }
  return missing;
}

async function complete() {
  const lock = JSON.parse(readFileSync(lockPath, "utf8"));
  const packages = lock.packages;
  const missing = missingFrom(packages);
  let withoutIntegrity = 0;
  for (let start = 0; start < missing.length; start += lookupsAtOnce) {
    const batch = missing.slice(start, start + lookupsAtOnce);
    const manifests = await Promise.all(batch.map((m) => manifestOf(m.name, m.version)));
    for (const [i, { name, version, parent }] of batch.entries()) {
      if (manifests[i]?.dependencies !== undefined || manifests[i]?.optionalDependencies) {
        throw new Error(`${name}@${version} has dependencies of its own: install it by hand first`);
      }
      if (manifests[i] === null) withoutIntegrity += 1;
      packages[`node_modules/${name}`] = entryFrom(name, version, manifests[i], parent);
    }
  }
  for (const entry of Object.values(packages)) delete entry.resolved;
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    `package-lock.json: ${missing.length} optional packages added, ` +
      `${withoutIntegrity} of them without integrity (not served by this registry).`,
  );
}

await complete();
