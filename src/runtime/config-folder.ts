import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "../campaign/document.js";
import { isBidderFile } from "../campaign/load.js";

/** Files below these are ours, at any depth; beside them the YAML files of the folder itself. */
const subfolders = [
  ...(["campaigns", "deals", "exchanges"] as const),
  // The data bank's: a folder has all of its own, none is taken from elsewhere.
  ...(["markets", "touchpoints", "segments"] as const),
];
const profilesFolder = "exchanges/profiles";
const fileBytesMax = 128 * 1024 * 1024;
/** The config folder of the program itself: its exchange profiles serve every config folder. */
const packageConfig = fileURLToPath(new URL("../../config", import.meta.url));
const isYaml = (name: string): boolean => /\.ya?ml$/.test(name) && !name.startsWith(".");

/**
 * The YAML files of a config folder as texts, sorted by name; which file means what is
 * campaign/load's matter. Exchange profiles that the folder lacks are taken from its parent
 * (config/demo uses those of config/), else from the package's own. Files whose name is not
 * `wanted` are not opened. Throws where the folder or a file cannot be read, with the path and what
 * to do.
 */
export function readConfigFolder(
  folder: string,
  wanted: (name: string) => boolean = () => true,
): readonly SourceFile[] {
  if (!isFolder(folder)) {
    throw new Error(`there is no config folder ${folder}: name one with --config`);
  }
  const placed = placedFiles(folder).filter(({ name }) => wanted(name));
  const files = placed.map(({ path, name }) => readSource(path, name));
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The files that are there now and whose changes can change what a bidder does: those of
 * `readConfigFolder` but what only the data bank reads, and the JSON files beside them, one of
 * which may be the vendor list.
 */
export function watchedFiles(folder: string): readonly string[] {
  const beside = listed(folder, "").filter((name) => name.endsWith(".json"));
  const lists = beside.map((name) => join(folder, name));
  const files = placedFiles(folder).filter(({ name }) => isBidderFile(name));
  return [...files.map(({ path }) => path), ...lists];
}

type PlacedFile = Pick<SourceFile, "path" | "name">;

function placedFiles(folder: string): readonly PlacedFile[] {
  const names = listed(folder, "").filter(isYaml);
  for (const subfolder of subfolders) names.push(...yamlBelow(folder, subfolder));
  const files = names.map((name) => ({ path: join(folder, name), name }));
  for (const beside of [dirname(resolve(folder)), packageConfig]) {
    for (const name of yamlBelow(beside, profilesFolder)) {
      if (files.some((file) => file.name === name)) continue;
      files.push({ path: join(beside, name), name });
    }
  }
  return files;
}

function readSource(path: string, name: string): SourceFile {
  const { size } = statSync(path);
  if (size > fileBytesMax) {
    throw new Error(`${path} has ${size} bytes, at most ${fileBytesMax}: split it`);
  }
  return { path, name, text: readFileSync(path, "utf8") };
}

function yamlBelow(folder: string, below: string): string[] {
  return listed(folder, below).flatMap((name) => {
    const path = `${below}/${name}`;
    if (isFolder(join(folder, path))) return yamlBelow(folder, path);
    return isYaml(name) ? [path] : [];
  });
}

const listed = (folder: string, below: string): string[] =>
  isFolder(join(folder, below)) ? readdirSync(join(folder, below)).sort() : [];

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
